//! Shows problems as pages to people.

use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::replace_body;
use crate::server::problem::Problem;
use crate::server::web::{PageReader, problem_page};

/// The middleware: shows problems as pages to clients that accept HTML, wherever they come from.
pub(crate) async fn show_problem_page(request: Request, next: Next) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let reader = accepts
        .contains("text/html")
        .then(|| PageReader::from_request(request.method(), request.uri(), request.headers()));
    let response = next.run(request).await;
    let (Some(reader), Some(problem)) = (reader, response.extensions().get::<Problem>()) else { return response };
    match problem_page(reader, problem) {
        Ok(html) => replace_body(response, Html(html).into_response()),
        Err(_) => response,
    }
}
