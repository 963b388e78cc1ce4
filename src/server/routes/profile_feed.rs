//! The feed of a profile as JSON: what is new since it was last seen.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa_axum::routes;

use super::pagination::check_limit;
use crate::engine::{FeedMode, FeedOptions, check_profile_name};
use crate::recommend::{Answer, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonFields, JsonOrQuery, PathParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Private(Scope::Read), routes!(get_feed))
        .operation(RouteAccess::Private(Scope::Write), routes!(take_feed))
}

/// The fields of a request, and those of a feed.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
struct FeedRequest {
    #[serde(flatten)]
    request: Request,
    #[serde(flatten)]
    fields: FeedFields,
}

#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
struct FeedFields {
    /// Return the last feed again.
    again: bool,
    /// Show papers again this many days after they were seen.
    seen_days: Option<u16>,
    /// Return unseen papers of this day or later, in place of those added since the feed was last seen.
    since: Option<Date>,
}

const FIELD_NAMES: [&str; 3] = ["again", "seen_days", "since"];

impl<'de> Deserialize<'de> for FeedRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FeedRequest, D::Error> {
        use serde::de::Error;
        let mut object = JsonFields::deserialize(deserializer)?;
        let fields = object.take(&FIELD_NAMES).read().map_err(D::Error::custom)?;
        let request = object.read().map_err(D::Error::custom)?;
        Ok(FeedRequest { request, fields })
    }
}

impl FeedRequest {
    /// Options of a feed in this mode, or of the last feed.
    fn options(self, mode: FeedMode) -> FeedOptions {
        let FeedFields { again, seen_days, since } = self.fields;
        let mode = if again { FeedMode::Last } else { mode };
        FeedOptions { mode, seen_days, since, request: self.request, ..FeedOptions::default() }
    }
}

/// Get what is new for a profile; the papers stay new
#[utoipa::path(get, path = "/v1/profiles/{id}/feed", tag = "profiles",
    params(("id" = String, Path, description = "The profile's name"),
           ("limit" = Option<usize>, Query, description = "Maximum number of papers; all other fields of a request are accepted too"),
           ("again" = Option<bool>, Query, description = "Return the last feed again"),
           ("seen_days" = Option<u16>, Query, description = "Show papers again this many days after they were seen"),
           ("since" = Option<String>, Query, description = "Return unseen papers of this day or later")),
    responses((status = 200, body = Answer)))]
async fn get_feed(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    QueryFields(query): QueryFields<FeedRequest>,
) -> Result<Json<Answer>, Problem> {
    feed(&app, &name, query.options(FeedMode::Peek)).await
}

/// Get what is new for a profile, and record the papers as seen
///
/// The fields are given in the body or, without a body, in the query.
#[utoipa::path(post, path = "/v1/profiles/{id}/feed", tag = "profiles", request_body = Option<FeedRequest>,
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = Answer)))]
async fn take_feed(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    JsonOrQuery(query): JsonOrQuery<FeedRequest>,
) -> Result<Json<Answer>, Problem> {
    feed(&app, &name, query.options(FeedMode::New)).await
}

async fn feed(app: &AppState, name: &str, options: FeedOptions) -> Result<Json<Answer>, Problem> {
    let name = check_profile_name(name)?.to_owned();
    options.request.check()?;
    check_limit(&options.request, app.options().max_results)?;
    let embeddings = app.embed_request(&options.request).await?;
    app.run(move |engine| engine.feed_with(&name, &options, &embeddings)).await.map(Json)
}
