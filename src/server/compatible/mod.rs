//! The forms of other services, so that their clients can ask this one: only what such a form says, in its own words.

mod openai;
mod semantic_scholar;
mod text_embeddings;

use axum::Json;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use super::AppState;
use super::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(openai::routes()).merge(text_embeddings::routes()).merge(semantic_scholar::routes())
}

/// Says problems as the clients of an address expect them, wherever they come from.
pub(super) async fn translate(request: Request, next: Next) -> Response {
    let words = words_of(request.uri().path());
    let response = next.run(request).await;
    match (words, response.extensions().get::<Problem>()) {
        (Some(words), Some(problem)) => {
            let body = Json(words(problem)).into_response();
            let (mut parts, _) = response.into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.headers.extend(body.headers().clone());
            Response::from_parts(parts, body.into_body())
        }
        _ => response,
    }
}

fn words_of(path: &str) -> Option<fn(&Problem) -> Value> {
    match path {
        "/embed" | "/info" => Some(text_embeddings::error),
        "/v1/embeddings" => Some(openai::error),
        _ if path.starts_with("/v1/models") => Some(openai::error),
        _ if path.starts_with("/recommendations/") => Some(semantic_scholar::error),
        _ => None,
    }
}
