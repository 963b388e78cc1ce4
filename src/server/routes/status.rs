//! Health checks, and the status of the library.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::routes;

use crate::engine::LibraryStatus;
use crate::server::access::{AccessGrant, RouteAccess};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::Open, routes!(live))
        .operation(RouteAccess::Open, routes!(ready))
        .operation(RouteAccess::PublicRead, routes!(status))
}

/// The result of a successful health check.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct HealthResponse {
    /// Always `ok`.
    status: &'static str,
}

/// Check whether the server runs
///
/// For supervisors: does not look at the library.
#[utoipa::path(get, path = "/health/live", tag = "service", operation_id = "check_liveness",
    responses((status = 200, description = "The server runs", body = HealthResponse, example = json!({ "status": "ok" }))))]
async fn live() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}

/// Check whether the server can answer
///
/// For load balancers and supervisors: whether a worker is free and can read the library, and the file of the library is
/// still the one that was opened. If it was replaced or removed, restart the server.
#[utoipa::path(get, path = "/health/ready", tag = "service", operation_id = "check_readiness",
    responses((status = 200, description = "The server can answer", body = HealthResponse, example = json!({ "status": "ok" })),
              (status = 503, description = "It cannot answer now", body = Problem, content_type = "application/problem+json")))]
async fn ready(State(app): State<AppState>) -> Result<Json<HealthResponse>, Problem> {
    app.health().run(|engine| engine.library().check_in_place().and_then(|()| engine.generation_id())).await?;
    Ok(Json(HealthResponse { status: "ok" }))
}

/// Describe the library
///
/// Returns how many papers there are and where they come from, the model of the embeddings, the state of the index, and the profiles that the
/// token may read.
#[utoipa::path(get, path = "/v1/status", tag = "service", operation_id = "get_status",
    responses((status = 200, description = "The library in numbers", body = LibraryStatus, example = json!({
        "generation": 1, "papers": 40, "with_abstract": 40, "days": { "first": "2023-10-11", "last": "2026-06-08" },
        "sources": [{ "source": "hf-page", "papers": 40 }], "profiles": [{ "name": "me", "papers": 3 }], "bytes": 524288,
        "model": { "name": "all-MiniLM-L6-v2", "fingerprint": "6e8a4b2d", "dimension": 384 },
        "index": { "kind": "exact", "papers": 40, "bytes": 0, "graph": null }, "citations": { "links": 0, "papers": 0 } }))))]
async fn status(State(app): State<AppState>, grant: AccessGrant) -> Result<Json<LibraryStatus>, Problem> {
    let mut status = app.run(|engine| engine.status()).await?;
    status.summary.profiles.retain(|profile| grant.permits_profile(&profile.name));
    Ok(Json(status))
}
