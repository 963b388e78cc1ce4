//! Profiles: reading histories and followed authors.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::request_schemas::ProfileName;
use crate::library::Profile;
use crate::server::access::{AccessGrant, RouteAccess, Scope};
use crate::server::extract::{JsonBody, ProfileParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Profile(Scope::Read), routes!(list_profiles))
        .operation(RouteAccess::Profile(Scope::Read), routes!(get_profile))
        .operation(RouteAccess::Profile(Scope::Write), routes!(put_profile))
        .operation(RouteAccess::Profile(Scope::Admin), routes!(delete_profile))
}

/// The names of all profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProfileNames {
    /// The names, sorted.
    profiles: Vec<String>,
}

/// List the profiles
///
/// Returns the names of all profiles that the token is for, sorted.
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles", operation_id = "list_profiles",
    responses((status = 200, description = "The names", body = ProfileNames, example = json!({ "profiles": ["me"] }))))]
async fn list_profiles(State(app): State<AppState>, grant: AccessGrant) -> Result<Json<ProfileNames>, Problem> {
    let mut profiles = app.run(|engine| engine.profile_names()).await?;
    profiles.retain(|name| grant.permits_profile(name));
    Ok(Json(ProfileNames { profiles }))
}

/// Get a profile
///
/// Returns the reading history, the authors that are followed, and when the feed was last seen.
#[utoipa::path(get, path = "/v1/profiles/{id}", tag = "profiles", operation_id = "get_profile",
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "The profile", body = Profile)))]
async fn get_profile(State(app): State<AppState>, ProfileParam(name): ProfileParam) -> Result<Json<Profile>, Problem> {
    app.run(move |engine| engine.profile(&name)).await.map(Json)
}

/// The name of an author: as any stored text, with a character that is shown.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(
    pattern = r"[^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]",
    max_length = 1_000,
    example = "Ada Example"
)]
struct AuthorName(String);

/// The settings of a profile.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ProfileUpdate {
    /// Replaces the followed authors, whose papers are boosted in the feed.
    #[schema(max_items = 1_000)]
    authors: Option<Vec<AuthorName>>,
}

/// Create or change a profile
///
/// Creates the profile if it does not exist, and replaces the authors that it follows if `authors` is given.
#[utoipa::path(put, path = "/v1/profiles/{id}", tag = "profiles", operation_id = "update_profile",
    request_body(content = ProfileUpdate, description = "The settings", example = json!({ "authors": ["Ada Example"] })),
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "The profile as it is now", body = Profile)))]
async fn put_profile(
    State(app): State<AppState>,
    ProfileParam(name): ProfileParam,
    JsonBody(ProfileUpdate { authors }): JsonBody<ProfileUpdate>,
) -> Result<Json<Profile>, Problem> {
    app.run(move |engine| match authors {
        Some(authors) => {
            let authors: Vec<String> = authors.into_iter().map(|AuthorName(name)| name).collect();
            engine.set_followed(&name, &authors)
        }
        None => engine.create_profile(&name),
    })
    .await
    .map(Json)
}

/// Delete a profile
///
/// Deletes its history too, and what is known of the papers that it was shown.
#[utoipa::path(delete, path = "/v1/profiles/{id}", tag = "profiles", operation_id = "delete_profile",
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 204, description = "The profile was deleted")))]
async fn delete_profile(State(app): State<AppState>, ProfileParam(name): ProfileParam) -> Result<StatusCode, Problem> {
    app.run(move |engine| engine.delete_profile(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
