//! Semantic Scholar's APIs: recommendations, and papers of the academic graph.
//!
//! All papers come from the library; `paperId` is the library's id.

mod graph;
mod paper_fields;
mod recommendations;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().merge(graph::routes()).merge(recommendations::routes())
}

/// A problem in Semantic Scholar's error formats: one for what is wrong with a request, one for refused and failed ones.
pub(super) fn error_body(problem: &Problem) -> Value {
    match problem.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            json!({ "message": problem.detail() })
        }
        status if status.is_server_error() => json!({ "message": problem.detail() }),
        _ => json!({ "error": problem.detail() }),
    }
}
