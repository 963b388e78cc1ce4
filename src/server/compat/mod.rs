//! APIs of other services, so that their clients work with this server: requests, answers and errors in their formats.

mod openai;
mod semantic_scholar;
mod text_embeddings;

use serde_json::Value;

use super::guarded_router::GuardedRouter;
use super::problem::Problem;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().merge(openai::routes()).merge(text_embeddings::routes()).merge(semantic_scholar::routes())
}

/// Returns how problems of a path are written, when it belongs to another service's API.
pub(super) fn error_format(path: &str) -> Option<fn(&Problem) -> Value> {
    match path {
        "/embed" | "/info" => Some(text_embeddings::error_body),
        "/v1/embeddings" => Some(openai::error_body),
        _ if path.starts_with("/v1/models") => Some(openai::error_body),
        _ if path.starts_with("/recommendations/") || path.starts_with("/graph/") => Some(semantic_scholar::error_body),
        _ => None,
    }
}
