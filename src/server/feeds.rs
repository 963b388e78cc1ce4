//! Feeds for feed readers, which cannot send a token in a header: it is in the address.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::AppState;
use super::problem::{Problem, ProblemCode};
use super::stable::{CachedContent, ConditionalRequest};
use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::recommend::Request;
use crate::syndication::{FeedDocument, FeedFormat};

/// Papers of a feed.
const PAPERS: usize = 50;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/feeds/{file}", get(feed))
}

/// Endings of the files.
const ENDINGS: [(&str, FeedFormat); 3] =
    [("atom", FeedFormat::Atom), ("rss", FeedFormat::Rss), ("json", FeedFormat::JsonFeed)];

/// The path of a profile's feed.
pub(super) fn path(profile: &str, format: FeedFormat, token: &str) -> String {
    let name = utf8_percent_encode(profile, NON_ALPHANUMERIC);
    let ending = ENDINGS.iter().find(|(_, known)| *known == format).map_or("", |(ending, _)| ending);
    format!("/feeds/{name}.{ending}?token={token}")
}

#[derive(Deserialize)]
struct FeedUrlQuery {
    #[serde(default)]
    token: String,
}

/// Reading it is no look: what it has stays new.
async fn feed(
    State(app): State<AppState>,
    Path(file): Path<String>,
    Query(FeedUrlQuery { token }): Query<FeedUrlQuery>,
    headers: HeaderMap,
    stable: ConditionalRequest,
) -> Result<Response, Problem> {
    let (name, format) = named(&file).ok_or_else(nowhere)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    // A proxy in front says how it was asked.
    let scheme = headers.get("x-forwarded-proto").filter(|scheme| *scheme == "https").map_or("http", |_| "https");
    let site = format!("{scheme}://{host}");
    let today = app.today();
    let content = app.ask(move |engine: &mut Engine| {
        if !is_token(engine, &name, &token)? {
            return Err(nowhere());
        }
        let request = Request { limit: Some(PAPERS), ..Request::default() };
        // What was shown last stays for those who have not read it yet.
        let options = FeedOptions { mode: FeedMode::Last, request, ..FeedOptions::default() };
        let answer = engine.feed(&name, &options)?;
        let channel = FeedDocument {
            title: format!("Papers for {name}"),
            address: Some(format!("{site}{}", path(&name, format, &token))),
            page: Some(format!("{site}/")),
            day: today,
            results: &answer.results,
        };
        Ok(CachedContent::text(format.media_type(), format.write(&channel)))
    });
    stable.answer_with(&content.await?)
}

/// A profile and a format from a file's name.
fn named(file: &str) -> Option<(String, FeedFormat)> {
    let (name, ending) = file.rsplit_once('.')?;
    let (_, format) = ENDINGS.iter().find(|(known, _)| *known == ending)?;
    Some((name.to_owned(), *format))
}

/// Whether a profile's feed may be read with this token. Which profiles there are is nobody's business.
fn is_token(engine: &Engine, name: &str, token: &str) -> crate::Result<bool> {
    let known = engine.library().known_feed_token(name)?;
    Ok(known.is_some_and(|known| known.as_bytes().ct_eq(token.as_bytes()).into()))
}

fn nowhere() -> Problem {
    Problem::new(ProblemCode::NotFound, "no feed is here: its address is on the page of profiles")
}
