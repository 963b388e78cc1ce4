//! Semantic Scholar's APIs: recommendations, and papers of the academic graph.
//!
//! All papers come from the library; `paperId` is the library's id.

mod graph;
mod links;
mod paper_fields;
mod recommendations;

pub(in crate::server) use paper_fields::{S2FieldName, S2GraphFieldName, S2LinkFieldName};
pub(in crate::server) use recommendations::S2Pool;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().merge(graph::routes()).merge(links::routes()).merge(recommendations::routes())
}

/// A problem in Semantic Scholar's error formats: one for what is wrong with a request, one for refused and failed ones.
pub(super) fn error_body(problem: &Problem) -> Value {
    match problem.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            json!(S2ErrorBody::Refusal { message: problem.detail().to_owned() })
        }
        status if status.is_server_error() => json!(S2ErrorBody::Refusal { message: problem.detail().to_owned() }),
        _ => json!(S2ErrorBody::Invalid { error: problem.detail().to_owned() }),
    }
}

/// An error of Semantic Scholar's APIs.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(in crate::server) enum S2ErrorBody {
    /// What is wrong with the request.
    Invalid { error: String },
    /// Why the request was refused, or failed.
    Refusal { message: String },
}
