//! Translates problems into the error formats of other services' APIs.

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::replace_body;
use crate::server::compat::error_format;
use crate::server::problem::Problem;

/// The middleware: writes problems as the clients of the route expect them, wherever they come from.
pub(crate) async fn translate_problem(request: Request, next: Next) -> Response {
    let format = error_format(request.uri().path());
    let response = next.run(request).await;
    match (format, response.extensions().get::<Problem>()) {
        (Some(format), Some(problem)) => {
            let body = Json(format(problem)).into_response();
            replace_body(response, body)
        }
        _ => response,
    }
}
