//! How the service and its library are.

use axum::Json as Answered;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::problem::Problem;
use crate::engine::LibraryStatus;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(status))
}

/// That it is well.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct HealthResponse {
    status: &'static str,
}

/// Whether the process answers
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = HealthResponse)))]
async fn live() -> Answered<HealthResponse> {
    Answered(HealthResponse { status: "ok" })
}

/// Whether questions would be answered now: a worker is free soon, and reads the library
#[utoipa::path(get, path = "/health/ready", tag = "service",
    responses((status = 200, body = HealthResponse), (status = 503, body = Problem, content_type = "application/problem+json")))]
async fn ready(State(app): State<AppState>) -> Result<Answered<HealthResponse>, Problem> {
    app.ask(|engine| engine.library().generation()).await?;
    Ok(Answered(HealthResponse { status: "ok" }))
}

/// What is in the library
#[utoipa::path(get, path = "/v1/status", tag = "service",
    responses((status = 200, body = LibraryStatus)))]
async fn status(State(app): State<AppState>) -> Result<Answered<LibraryStatus>, Problem> {
    app.ask(|engine| engine.status()).await.map(Answered)
}
