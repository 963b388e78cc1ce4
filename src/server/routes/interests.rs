//! The interests of a profile: what they are called, and how much of the history they are.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::request_schemas::ProfileName;
use crate::recommend::{InterestShare, MAX_NAME_LENGTH, check_text};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonBody, ProfileParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Profile(Scope::Read), routes!(list_interests))
        .operation(RouteAccess::Profile(Scope::Write), routes!(name_interest))
}

/// The interests of a profile.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProfileInterests {
    /// Those with the largest share first; at most one for a history of one subject.
    interests: Vec<InterestShare>,
}

/// A new name of an interest.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct InterestName {
    /// The label that the interest has now.
    #[schema(max_length = 1_000)]
    interest: String,
    /// Its name from now on; without one it has none, and is found by what is alike in the history.
    #[schema(max_length = 1_000)]
    name: Option<String>,
}

/// List the interests of a profile
///
/// Named interests, and clusters of the papers that have none. The request field `interest` asks for one of them.
#[utoipa::path(get, path = "/v1/profiles/{id}/interests", tag = "profiles", operation_id = "list_interests",
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "The interests", body = ProfileInterests)))]
async fn list_interests(
    State(app): State<AppState>,
    ProfileParam(profile): ProfileParam,
) -> Result<Json<ProfileInterests>, Problem> {
    app.run(move |engine| engine.interests(&profile)).await.map(|interests| Json(ProfileInterests { interests }))
}

/// Name an interest
///
/// All papers of the interest get the name, so that it stays together and keeps its feed. Two interests with one name are
/// one.
#[utoipa::path(post, path = "/v1/profiles/{id}/interests", tag = "profiles", operation_id = "name_interest",
    request_body(content = InterestName, description = "The interest and its name",
        example = json!({ "interest": "robots", "name": "robots that grasp" })),
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "The interests as they are now", body = ProfileInterests)))]
async fn name_interest(
    State(app): State<AppState>,
    ProfileParam(profile): ProfileParam,
    JsonBody(InterestName { interest, name }): JsonBody<InterestName>,
) -> Result<Json<ProfileInterests>, Problem> {
    check_text("interest", &interest, MAX_NAME_LENGTH)?;
    check_text("name", name.as_deref().unwrap_or_default(), MAX_NAME_LENGTH)?;
    app.run(move |engine| {
        engine.name_interest(&profile, &interest, name.as_deref())?;
        engine.interests(&profile)
    })
    .await
    .map(|interests| Json(ProfileInterests { interests }))
}
