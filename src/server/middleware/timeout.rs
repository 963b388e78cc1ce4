//! Limits how long a request may take.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::request_body::{BodyReceipt, slow_body};
use crate::server::problem::{Problem, ProblemCode};

/// The middleware: answers a problem when the body and the handler together take too long.
pub(crate) async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let receipt = request.extensions().get::<BodyReceipt>().cloned();
    let timed_out = |_| {
        let problem = match receipt.is_some_and(|receipt| receipt.is_incomplete()) {
            true => slow_body(),
            false => Problem::new(ProblemCode::Timeout, "request fewer results").after(1),
        };
        problem.into_response()
    };
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(timed_out)
}
