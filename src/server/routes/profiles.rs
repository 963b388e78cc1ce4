//! Profiles: reading histories and followed authors.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use crate::engine::check_profile_name;
use crate::library::Profile;
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonBody, PathParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Private(Scope::Read), routes!(list_profiles))
        .operation(RouteAccess::Private(Scope::Read), routes!(get_profile))
        .operation(RouteAccess::Private(Scope::Write), routes!(put_profile))
        .operation(RouteAccess::Private(Scope::Admin), routes!(delete_profile))
}

/// The names of all profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProfileNames {
    /// The names, sorted.
    profiles: Vec<String>,
}

/// List all profiles
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles",
    responses((status = 200, body = ProfileNames)))]
async fn list_profiles(State(app): State<AppState>) -> Result<Json<ProfileNames>, Problem> {
    let profiles = app.run(|engine| engine.profile_names()).await?;
    Ok(Json(ProfileNames { profiles }))
}

/// Get a profile with its reading history
#[utoipa::path(get, path = "/v1/profiles/{id}", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = Profile)))]
async fn get_profile(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
) -> Result<Json<Profile>, Problem> {
    let name = check_profile_name(&name)?.to_owned();
    app.run(move |engine| engine.profile(&name)).await.map(Json)
}

/// The settings of a profile.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ProfileUpdate {
    /// Replaces the followed authors, whose papers are boosted in the feed.
    authors: Option<Vec<String>>,
}

/// Create a profile, or replace the authors it follows
#[utoipa::path(put, path = "/v1/profiles/{id}", tag = "profiles", request_body = ProfileUpdate,
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = Profile)))]
async fn put_profile(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    JsonBody(ProfileUpdate { authors }): JsonBody<ProfileUpdate>,
) -> Result<Json<Profile>, Problem> {
    let name = check_profile_name(&name)?.to_owned();
    app.run(move |engine| match authors {
        Some(authors) => engine.set_followed(&name, &authors),
        None => engine.create_profile(&name),
    })
    .await
    .map(Json)
}

/// Delete a profile, its history and its impressions
#[utoipa::path(delete, path = "/v1/profiles/{id}", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 204, description = "The profile was deleted")))]
async fn delete_profile(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
) -> Result<StatusCode, Problem> {
    let name = check_profile_name(&name)?.to_owned();
    app.run(move |engine| engine.delete_profile(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
