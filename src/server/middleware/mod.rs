//! What every request passes before it reaches a handler, and every answer on its way back.

mod access_log;
mod auth;
mod compat_errors;
mod connection;
mod cors;
mod origin;
mod problem_page;
mod rate_limit;
mod request_body;
mod timeout;
mod tokens;

use axum::http::header;
use axum::response::Response;

pub(super) use access_log::log_access;
pub(super) use auth::{AuthGuard, AuthState, authorize};
pub(super) use compat_errors::translate_problem;
pub(super) use connection::{ClientConnection, check_connection};
pub(super) use cors::allow_origins;
pub(super) use problem_page::show_problem_page;
pub(super) use rate_limit::ClientAddress;
pub(super) use request_body::{BodyLimits, BodyReceipt, LineMemory, receive_body};
pub(super) use timeout::limit_time;
pub use tokens::generate_token;

/// Returns a response with the body of another one, and with its headers over those of the first.
fn replace_body(response: Response, body: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(body.headers().clone());
    Response::from_parts(parts, body.into_body())
}
