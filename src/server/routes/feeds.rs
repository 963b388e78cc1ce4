//! Feeds for feed readers, which cannot send a token in a header: it is in the URL.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::formats::{FeedDocument, FeedFormat};
use crate::recommend::Request;
use crate::server::access::RouteAccess;
use crate::server::extract::ConditionalRequest;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::{AppState, CachedContent};

/// Maximum number of papers in a feed.
const FEED_PAPERS: usize = 50;

pub(super) fn routes() -> GuardedRouter {
    // The handler checks the token of the URL.
    GuardedRouter::new().get("/feeds/{file}", RouteAccess::Open, feed_file)
}

/// File name extensions.
const EXTENSIONS: [(&str, FeedFormat); 3] =
    [("atom", FeedFormat::Atom), ("rss", FeedFormat::Rss), ("json", FeedFormat::JsonFeed)];

/// Returns the path and query of a profile's feed, or of the feed of one of its interests.
pub(in crate::server) fn feed_path(profile: &str, format: FeedFormat, token: &str, interest: Option<&str>) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let name = encoded(profile);
    let interest = interest.map(|interest| format!("&interest={}", encoded(interest))).unwrap_or_default();
    let extension = EXTENSIONS.iter().find(|(_, known)| *known == format).map_or("", |(extension, _)| extension);
    format!("/feeds/{name}.{extension}?token={token}{interest}")
}

#[derive(Deserialize)]
struct FeedUrlQuery {
    #[serde(default)]
    token: String,
    /// The interest that it is the feed of.
    interest: Option<String>,
}

/// Returns a feed. Reading it records nothing: its papers stay new.
async fn feed_file(
    State(app): State<AppState>,
    Path(file): Path<String>,
    Query(FeedUrlQuery { token, interest }): Query<FeedUrlQuery>,
    headers: HeaderMap,
    conditional: ConditionalRequest,
) -> Result<Response, Problem> {
    let (name, format) = parse_file_name(&file).ok_or_else(not_found)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    // Behind a proxy, the header has the scheme of the client.
    let scheme = headers.get("x-forwarded-proto").filter(|scheme| *scheme == "https").map_or("http", |_| "https");
    let site = format!("{scheme}://{host}");
    let content = app.run(move |engine: &mut Engine| {
        if !has_feed_token(engine, &name, &token)? {
            return Err(not_found());
        }
        if let Some(interest) = &interest {
            check_interest(engine, &name, interest)?;
        }
        let request = Request { limit: Some(FEED_PAPERS), interest: interest.clone(), ..Request::default() };
        // Papers that were seen on the page stay: the feed reader may not have fetched them yet.
        let options = FeedOptions { mode: FeedMode::Last, request, ..FeedOptions::default() };
        let results = engine.feed(&name, &options)?.into_all_results();
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let (of_interest, page) = match &interest {
            Some(interest) => (format!(": {interest}"), format!("&interest={}", encoded(interest))),
            None => Default::default(),
        };
        let document = FeedDocument {
            title: format!("Papers for {name}{of_interest}"),
            address: Some(format!("{site}{}", feed_path(&name, format, &token, interest.as_deref()))),
            page: Some(format!("{site}/?profile={}{page}", encoded(&name))),
            day: engine.today(),
            results: &results,
        };
        Ok(CachedContent::text(format.media_type(), format.write(&document)))
    });
    conditional.answer_with(&content.await?)
}

/// Splits a file name into a profile and a format.
fn parse_file_name(file: &str) -> Option<(String, FeedFormat)> {
    let (name, extension) = file.rsplit_once('.')?;
    let (_, format) = EXTENSIONS.iter().find(|(known, _)| *known == extension)?;
    Some((name.to_owned(), *format))
}

/// Whether this is the token of the profile's feed. An unknown profile and a wrong token are told apart by nobody.
fn has_feed_token(engine: &Engine, name: &str, token: &str) -> crate::Result<bool> {
    let known = engine.known_feed_token(name)?;
    Ok(known.is_some_and(|known| known.as_bytes().ct_eq(token.as_bytes()).into()))
}

/// Refuses an interest that the profile does not have: a feed reader must not be given another feed in its place.
fn check_interest(engine: &mut Engine, profile: &str, interest: &str) -> Result<(), Problem> {
    let is_named = engine.profile(profile)?.history.iter().any(|entry| entry.interest.as_deref() == Some(interest));
    if is_named || engine.interests(profile)?.iter().any(|share| share.label == interest) {
        return Ok(());
    }
    let detail = format!("`{profile}` has no interest `{interest}`: the page `/profiles` has the current feeds");
    Err(Problem::new(ProblemCode::NotFound, detail))
}

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound, "unknown feed URL: the page `/profiles` has the current ones")
}
