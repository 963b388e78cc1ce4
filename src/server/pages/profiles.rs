//! Who reads, and in which light.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::frame::{PageFrame, PageProblem, PageReader, back_to, choose_profile, choose_theme, show};
use crate::error::Error;
use crate::server::profiles::profile_name;
use crate::server::{AppState, feeds};
use crate::syndication::FeedFormat;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/profiles", get(profiles))
        .route("/profiles/choose", post(choose))
        .route("/profiles/remove", post(remove))
        .route("/profiles/follow", post(follow))
        .route("/profiles/unfollow", post(unfollow))
        .route("/profiles/renew", post(renew))
        .route("/theme", post(theme))
}

#[derive(Template)]
#[template(path = "profiles.html", config = "src/server/pages/askama.toml")]
struct ProfilesPage {
    frame: PageFrame,
    /// Names, and how many papers their histories have.
    profiles: Vec<(String, u64)>,
    /// Authors whom the reader follows.
    authors: Vec<String>,
    /// Addresses of the reader's feed for feed readers.
    feeds: Vec<(&'static str, String)>,
}

async fn profiles(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let page = app.ask(move |engine| {
        let profile = reader.profile(engine)?;
        let token = profile.as_ref().map(|profile| engine.feed_token(&profile.name)).transpose()?;
        let formats = [("Atom", FeedFormat::Atom), ("RSS", FeedFormat::Rss), ("JSON Feed", FeedFormat::JsonFeed)];
        let feed = |token: &String| {
            let name = profile.as_ref().map_or("", |profile| &profile.name);
            formats.map(|(title, format)| (title, feeds::path(name, format, token)))
        };
        Ok::<_, Error>(ProfilesPage {
            frame: reader.frame(engine, "profiles")?,
            profiles: engine.library().summary()?.profiles,
            feeds: token.iter().flat_map(feed).collect(),
            authors: profile.map(|profile| profile.authors).unwrap_or_default(),
        })
    });
    show(&page.await?)
}

#[derive(Deserialize)]
struct ProfileForm {
    name: String,
}

/// Makes the profile if it is new.
async fn choose(
    State(app): State<AppState>,
    Form(ProfileForm { name }): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    let name = profile_name(&name)?;
    let chosen = name.clone();
    app.ask(move |engine| engine.create_profile(&name)).await?;
    Ok((CookieJar::new().add(choose_profile(chosen)), back_to("/")).into_response())
}

async fn remove(
    State(app): State<AppState>,
    Form(ProfileForm { name }): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    let name = profile_name(&name)?;
    app.ask(move |engine| engine.delete_profile(&name)).await?;
    Ok(back_to("/profiles"))
}

async fn follow(
    State(app): State<AppState>,
    reader: PageReader,
    Form(author): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    let author = author.name.trim().to_owned();
    if author.is_empty() {
        return Err(Error::BadRequest { field: "author", reason: "give a name".to_owned() }.into());
    }
    app.ask(move |engine| {
        let name = reader.name(engine)?;
        engine.follow(&name, &[author])
    })
    .await?;
    Ok(back_to("/profiles"))
}

async fn unfollow(
    State(app): State<AppState>,
    reader: PageReader,
    Form(author): Form<ProfileForm>,
) -> Result<Response, PageProblem> {
    app.ask(move |engine| match reader.profile(engine)? {
        Some(profile) => engine.unfollow(&profile.name, &[author.name]).map(drop),
        None => Ok(()),
    })
    .await?;
    Ok(back_to("/profiles"))
}

/// Other addresses for the feed: those of before lead nowhere.
async fn renew(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    app.ask(move |engine| match reader.profile(engine)? {
        Some(profile) => engine.renew_feed_token(&profile.name).map(drop),
        None => Ok(()),
    })
    .await?;
    Ok(back_to("/profiles"))
}

#[derive(Deserialize)]
struct ThemeForm {
    theme: String,
    #[serde(default)]
    back: String,
}

async fn theme(Form(ThemeForm { theme, back }): Form<ThemeForm>) -> Response {
    (CookieJar::new().add(choose_theme(&theme)), back_to(&back)).into_response()
}
