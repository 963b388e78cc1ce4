//! The feed of a profile as JSON: what is new since it was last seen.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use utoipa_axum::routes;

use super::pagination::bound_limit;
use super::request_schemas::{FeedParameters, FeedRequest, ProfileName};
use crate::engine::{FeedMode, FeedOptions};
use crate::recommend::{Answer, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonFields, JsonOrQuery, ProfileParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Profile(Scope::Read), routes!(get_feed))
        .operation(RouteAccess::Profile(Scope::Write), routes!(take_feed))
}

/// The fields of a request, and those of a feed.
#[derive(Debug, Default)]
struct FeedQuery {
    request: Request,
    fields: FeedFields,
}

/// The fields that a [`Request`] does not have.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub(super) struct FeedFields {
    /// Return the last feed again.
    again: bool,
    /// Show papers again this many days after they were seen.
    #[schema(maximum = 65535)]
    seen_days: Option<u16>,
    /// Return unseen papers of this day or later, in place of those added since the feed was last seen.
    since: Option<Date>,
}

const FIELD_NAMES: [&str; 3] = ["again", "seen_days", "since"];

impl<'de> Deserialize<'de> for FeedQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FeedQuery, D::Error> {
        use serde::de::Error;
        let mut object = JsonFields::deserialize(deserializer)?;
        let fields = object.take(&FIELD_NAMES).read().map_err(D::Error::custom)?;
        let request = object.read().map_err(D::Error::custom)?;
        Ok(FeedQuery { request, fields })
    }
}

impl FeedQuery {
    /// Options of a feed in this mode, or of the last feed.
    fn options(self, mode: FeedMode) -> FeedOptions {
        let FeedFields { again, seen_days, since } = self.fields;
        let mode = if again { FeedMode::Last } else { mode };
        FeedOptions { mode, seen_days, since, request: self.request, ..FeedOptions::default() }
    }
}

/// Get what is new for a profile
///
/// Reading the feed records nothing: its papers stay new.
#[utoipa::path(get, path = "/v1/profiles/{id}/feed", tag = "profiles", operation_id = "get_feed",
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me"), FeedParameters),
    responses((status = 200, description = "Papers that are new, best first", body = Answer)))]
async fn get_feed(
    State(app): State<AppState>,
    ProfileParam(name): ProfileParam,
    QueryFields(query): QueryFields<FeedQuery>,
) -> Result<Json<Answer>, Problem> {
    feed(&app, name, query.options(FeedMode::Peek)).await
}

/// Take what is new for a profile
///
/// The papers are recorded as seen: the next feed does not have them. The body may be left out; the fields are read from
/// the query string then.
#[utoipa::path(post, path = "/v1/profiles/{id}/feed", tag = "profiles", operation_id = "take_feed",
    request_body(content = FeedRequest, description = "What the feed should contain", example = json!({ "limit": 10 })),
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "Papers that are new, best first", body = Answer)))]
async fn take_feed(
    State(app): State<AppState>,
    ProfileParam(name): ProfileParam,
    JsonOrQuery(query): JsonOrQuery<FeedQuery>,
) -> Result<Json<Answer>, Problem> {
    feed(&app, name, query.options(FeedMode::New)).await
}

async fn feed(app: &AppState, name: String, mut options: FeedOptions) -> Result<Json<Answer>, Problem> {
    bound_limit(&mut options.request, app.options().max_results)?;
    let embeddings = app.embed_request(&options.request).await?;
    app.run(move |engine| engine.feed_with(&name, &options, &embeddings)).await.map(Json)
}
