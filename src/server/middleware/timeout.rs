//! Limits how long a request may take.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::server::problem::{Problem, ProblemCode};

/// The middleware: answers a problem when the handler takes too long.
pub(crate) async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let timed_out = |_| Problem::new(ProblemCode::Timeout, "request fewer results").after(1).into_response();
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(timed_out)
}
