//! Profiles: the current one, its followed authors and its feed URLs; and how pages look.

use std::collections::BTreeSet;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, redirect_to, render_page};
use super::page_reader::{PageReader, density_cookie, theme_cookie};
use super::paper_card::AuthorLink;
use crate::engine::check_profile_name;
use crate::error::Error;
use crate::formats::FeedFormat;
use crate::library::Profile;
use crate::server::access::{AccessGrant, RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::routes::feed_path;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    let write = RouteAccess::Profile(Scope::Write);
    GuardedRouter::new()
        .get("/profiles", RouteAccess::Profile(Scope::Read), show_profiles)
        .post("/profiles/choose", write, choose)
        .post("/profiles/remove", RouteAccess::Private(Scope::Admin), remove)
        .post("/profiles/follow", write, follow)
        .post("/profiles/unfollow", write, unfollow)
        .post("/profiles/renew", write, renew_feed_token)
        .post("/theme", write, switch_theme)
        .post("/density", write, switch_density)
}

#[derive(Template)]
#[template(path = "profiles.html", config = "src/server/web/askama.toml")]
struct ProfilesPage {
    frame: PageFrame,
    /// Why the reader must choose a profile.
    problem: Option<String>,
    /// Names, and the numbers of papers in their histories.
    profiles: Vec<(String, u64)>,
    /// The authors that the reader follows.
    authors: Vec<String>,
    /// Format names and URLs of the reader's feeds, if there are some, for those who may change them: of all papers, and of
    /// each named interest.
    feeds: Vec<(String, Vec<(&'static str, String)>)>,
    /// Whether the reader may make URLs.
    may_renew: bool,
}

impl ProfilesPage {
    /// The address of a search for an author's papers.
    fn search(&self, author: &str) -> String {
        AuthorLink::new(author).search
    }
}

async fn show_profiles(
    State(app): State<AppState>,
    reader: PageReader,
    grant: AccessGrant,
) -> Result<Response, PageProblem> {
    let page = app.run(move |engine| {
        // Here a reader who must choose a profile can do so.
        let (frame, profile, problem) = match PageFrame::new(&reader, engine, "profiles") {
            Ok(frame) => (frame, reader.profile(engine)?, None),
            Err(problem) if problem.code() == ProblemCode::ProfileRequired => {
                (PageFrame::without_profile(&reader, "profiles"), None, Some(problem))
            }
            Err(problem) => return Err(problem),
        };
        let may_renew = profile.is_some() && grant.permits(Scope::Write);
        let feeds = profile.as_ref().map(|profile| feeds_of(&reader, profile)).unwrap_or_default();
        let profiles = engine.library().profile_sizes()?.into_iter().map(|size| (size.name, size.papers));
        Ok::<_, Problem>(ProfilesPage {
            frame,
            problem: problem.map(|problem| problem.detail().to_owned()),
            profiles: profiles.filter(|(name, _)| grant.permits_profile(name)).collect(),
            may_renew,
            feeds,
            authors: profile.map(|profile| profile.authors).unwrap_or_default(),
        })
    });
    render_page(&page.await?)
}

/// The feeds of a reader: of all papers, and of each named interest. None without URLs.
fn feeds_of(reader: &PageReader, profile: &Profile) -> Vec<(String, Vec<(&'static str, String)>)> {
    let names: BTreeSet<&str> = profile.history.iter().filter_map(|entry| entry.interest.as_deref()).collect();
    let feeds = [None].into_iter().chain(names.into_iter().map(Some));
    let feeds = feeds.map(|name| (name.unwrap_or("All papers").to_owned(), feed_links(reader, profile, name)));
    feeds.filter(|(_, links)| !links.is_empty()).collect()
}

/// Format names and URLs of a feed, for those who may change the profile: whoever has a URL can read the feed for good, also
/// when the token is gone.
pub(super) fn feed_links(
    reader: &PageReader,
    profile: &Profile,
    interest: Option<&str>,
) -> Vec<(&'static str, String)> {
    let Some(token) = profile.feed_token.as_ref().filter(|_| reader.may_write()) else { return Vec::new() };
    let formats = [("Atom", FeedFormat::Atom), ("RSS", FeedFormat::Rss), ("JSON Feed", FeedFormat::JsonFeed)];
    formats.map(|(title, format)| (title, feed_path(&profile.name, format, token, interest))).into()
}

#[derive(Deserialize)]
struct ProfileForm {
    name: String,
}

/// Creates a profile, unless it exists, and goes to an address that chooses it: to its feed, or without a history to where one
/// begins.
async fn choose(
    State(app): State<AppState>,
    grant: AccessGrant,
    Form(ProfileForm { name }): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    let name = check_profile_name(&name)?.to_owned();
    grant.check_profile(&name)?;
    let chosen = format!("?profile={}", utf8_percent_encode(&name, NON_ALPHANUMERIC));
    let profile = app.run(move |engine| engine.create_profile(&name)).await?;
    let path = if profile.history.is_empty() { "/start" } else { "/" };
    Ok(redirect_to(&format!("{path}{chosen}")))
}

async fn remove(
    State(app): State<AppState>,
    Form(ProfileForm { name }): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    let name = check_profile_name(&name)?.to_owned();
    app.run(move |engine| engine.delete_profile(&name)).await?;
    Ok(redirect_to("/profiles"))
}

/// An author to follow.
#[derive(Deserialize)]
struct AuthorForm {
    name: String,
    /// The profile of the page that the form is on.
    profile: Option<String>,
}

async fn follow(
    State(app): State<AppState>,
    reader: PageReader,
    Form(AuthorForm { name: author, profile }): Form<AuthorForm>,
) -> Result<Response, PageProblem> {
    let author = author.trim().to_owned();
    if author.is_empty() {
        return Err(Error::BadRequest { field: "author", reason: "must not be empty".to_owned() }.into());
    }
    app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, profile.as_deref())?;
        Ok::<_, Problem>(engine.follow(&name, &[author])?)
    })
    .await?;
    Ok(redirect_to("/profiles"))
}

async fn unfollow(
    State(app): State<AppState>,
    reader: PageReader,
    Form(AuthorForm { name: author, profile }): Form<AuthorForm>,
) -> Result<Response, PageProblem> {
    app.run(move |engine| {
        reader.profile_name_of_form(engine, profile.as_deref())?;
        match reader.profile(engine)? {
            Some(profile) => Ok(engine.unfollow(&profile.name, &[author]).map(drop)?),
            None => Ok::<_, Problem>(()),
        }
    })
    .await?;
    Ok(redirect_to("/profiles"))
}

#[derive(Deserialize)]
struct RenewForm {
    /// The profile of the page that the form is on.
    profile: Option<String>,
}

/// Makes new feed URLs: the previous ones become invalid.
async fn renew_feed_token(
    State(app): State<AppState>,
    reader: PageReader,
    Form(RenewForm { profile }): Form<RenewForm>,
) -> Result<Response, PageProblem> {
    app.run(move |engine| {
        reader.profile_name_of_form(engine, profile.as_deref())?;
        match reader.profile(engine)? {
            Some(profile) => Ok(engine.renew_feed_token(&profile.name).map(drop)?),
            None => Ok::<_, Problem>(()),
        }
    })
    .await?;
    Ok(redirect_to("/profiles"))
}

#[derive(Deserialize)]
struct ThemeForm {
    theme: String,
    #[serde(default)]
    back: String,
}

async fn switch_theme(Form(ThemeForm { theme, back }): Form<ThemeForm>) -> Response {
    (CookieJar::new().add(theme_cookie(&theme)), redirect_to(&back)).into_response()
}

#[derive(Deserialize)]
struct DensityForm {
    density: String,
    #[serde(default)]
    back: String,
}

async fn switch_density(Form(DensityForm { density, back }): Form<DensityForm>) -> Response {
    (CookieJar::new().add(density_cookie(&density)), redirect_to(&back)).into_response()
}
