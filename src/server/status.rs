//! How the service and its library are.

use axum::Json as Answered;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::problem::Problem;
use crate::engine::Status;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(status))
}

/// That it is well.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Health {
    status: &'static str,
}

/// Whether the process answers
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = Health)))]
async fn live() -> Answered<Health> {
    Answered(Health { status: "ok" })
}

/// Whether questions would be answered now: a worker is free soon, and reads the library
#[utoipa::path(get, path = "/health/ready", tag = "service",
    responses((status = 200, body = Health), (status = 503, body = Problem, content_type = "application/problem+json")))]
async fn ready(State(app): State<App>) -> Result<Answered<Health>, Problem> {
    app.ask(|engine| engine.library().generation()).await?;
    Ok(Answered(Health { status: "ok" }))
}

/// What is in the library
#[utoipa::path(get, path = "/v1/status", tag = "service",
    responses((status = 200, body = Status)))]
async fn status(State(app): State<App>) -> Result<Answered<Status>, Problem> {
    app.ask(|engine| engine.status()).await.map(Answered)
}
