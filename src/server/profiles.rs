//! Reading histories: kept, read, and turned into feeds.

use axum::Json as Answered;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::body::JsonBody;
use super::path::PathParam;
use super::problem::Problem;
use super::query::QueryFields;
use crate::engine::{FeedMode, FeedOptions};
use crate::library::Profile;
use crate::recommend::{Answer, Request};

/// Longest name of a profile, in bytes.
const LONGEST_NAME: usize = 200;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, put, remove)).routes(routes!(feed))
}

/// The name of a path.
pub(super) fn profile_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    match name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        true => Err(Problem::bad_request("the profile's name: give one of at most 200 bytes")),
        false => Ok(name.to_owned()),
    }
}

/// Names of profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProfileNames {
    /// Sorted.
    profiles: Vec<String>,
}

/// All profiles
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles",
    responses((status = 200, body = ProfileNames)))]
async fn list(State(app): State<AppState>) -> Result<Answered<ProfileNames>, Problem> {
    let profiles = app.ask(|engine| engine.library().profile_names()).await?;
    Ok(Answered(ProfileNames { profiles }))
}

/// A profile with its history
#[utoipa::path(get, path = "/v1/profiles/{id}", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = Profile)))]
async fn get(State(app): State<AppState>, PathParam(name): PathParam<String>) -> Result<Answered<Profile>, Problem> {
    let name = profile_name(&name)?;
    app.ask(move |engine| engine.library().profile(&name)).await.map(Answered)
}

/// What a profile is made with.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ProfileUpdate {
    /// Authors whose papers gain in the feed: these, and no others.
    authors: Option<Vec<String>>,
}

/// Make a profile, or change the authors that it follows
#[utoipa::path(put, path = "/v1/profiles/{id}", tag = "profiles", request_body = ProfileUpdate,
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = Profile)))]
async fn put(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    JsonBody(ProfileUpdate { authors }): JsonBody<ProfileUpdate>,
) -> Result<Answered<Profile>, Problem> {
    let name = profile_name(&name)?;
    let authors: Option<Vec<String>> =
        authors.map(|authors| authors.iter().map(|author| author.trim().to_owned()).collect());
    if authors.iter().flatten().any(String::is_empty) {
        return Err(Problem::bad_request("`authors`: a name is empty"));
    }
    app.ask(move |engine| match authors {
        Some(authors) => engine.set_followed(&name, &authors),
        None => engine.create_profile(&name),
    })
    .await
    .map(Answered)
}

/// Remove a profile with all that is known of it
#[utoipa::path(delete, path = "/v1/profiles/{id}", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 204)))]
async fn remove(State(app): State<AppState>, PathParam(name): PathParam<String>) -> Result<StatusCode, Problem> {
    let name = profile_name(&name)?;
    app.ask(move |engine| engine.delete_profile(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a feed is wanted: its own fields, and those of a request.
#[derive(Debug)]
struct FeedQuery(FeedOptions);

impl<'de> Deserialize<'de> for FeedQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<FeedQuery, D::Error> {
        use serde::de::Error;

        #[derive(Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Own {
            again: bool,
            seen_days: Option<u16>,
            since: Option<Date>,
        }
        let mut fields = Map::deserialize(deserializer)?;
        let own: Map<String, Value> =
            ["again", "seen_days", "since"].iter().filter_map(|name| fields.remove_entry(*name)).collect();
        let Own { again, seen_days, since } = Own::deserialize(Value::Object(own)).map_err(D::Error::custom)?;
        let request = Request::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        let look = if again { FeedMode::Last } else { FeedMode::New };
        Ok(FeedQuery(FeedOptions { mode: look, seen_days, since, request }))
    }
}

/// What is new for a profile since its last look; what is given counts as shown
#[utoipa::path(get, path = "/v1/profiles/{id}/feed", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name"),
           ("limit" = Option<usize>, Query, description = "How many papers; any other field of a request is read too"),
           ("again" = Option<bool>, Query, description = "The last feed once more"),
           ("seen_days" = Option<u16>, Query, description = "Days after which what was shown may come again"),
           ("since" = Option<String>, Query, description = "Papers of this day or later that were not shown yet")),
    responses((status = 200, body = Answer)))]
async fn feed(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    QueryFields(FeedQuery(options)): QueryFields<FeedQuery>,
) -> Result<Answered<Answer>, Problem> {
    let name = profile_name(&name)?;
    options.request.check()?;
    let most = app.settings().results;
    if options.request.result_count() > most {
        return Err(Problem::bad_request(format!("`limit`: give a number from 1 to {most}")));
    }
    let embedded = app.embedded(&options.request).await?;
    app.ask(move |engine| engine.feed_with(&name, &options, &embedded)).await.map(Answered)
}
