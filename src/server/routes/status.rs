//! Health checks, and the status of the library.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::routes;

use crate::engine::LibraryStatus;
use crate::server::access::RouteAccess;
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

/// Liveness: whether the process responds
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = HealthResponse)))]
async fn live() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}

/// Readiness: whether a worker is available and can read the library
#[utoipa::path(get, path = "/health/ready", tag = "service",
    responses((status = 200, body = HealthResponse), (status = 503, body = Problem, content_type = "application/problem+json")))]
async fn ready(State(app): State<AppState>) -> Result<Json<HealthResponse>, Problem> {
    app.run(|engine| engine.generation_id()).await?;
    Ok(Json(HealthResponse { status: "ok" }))
}

/// The contents of the library, its model and its index
#[utoipa::path(get, path = "/v1/status", tag = "service",
    responses((status = 200, body = LibraryStatus)))]
async fn status(State(app): State<AppState>) -> Result<Json<LibraryStatus>, Problem> {
    app.run(|engine| engine.status()).await.map(Json)
}
