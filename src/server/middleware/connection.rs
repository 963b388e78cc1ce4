//! Refuses requests for the sake of the connection that they came on: beyond the limits of connections, and with heads that
//! others may read in another way.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::rate_limit::ClientAddress;
use crate::server::problem::Problem;

/// Headers that decide something and have one value.
static SINGLE_HEADERS: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
];

/// The connection of a request, in the extensions of every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientConnection {
    /// Why it serves health checks only, if it is beyond the limits.
    pub refusal: Option<Problem>,
    /// What is wrong with the head of one of its requests.
    pub head_fault: Arc<OnceLock<&'static str>>,
}

impl ClientConnection {
    fn check(&self, request: &Request) -> Result<(), Problem> {
        if let Some(fault) = self.head_fault.get() {
            return Err(Problem::bad_request(*fault));
        }
        if let Some(name) = repeated_header(request.headers()) {
            return Err(Problem::bad_request(format!("the header `{name}` is given twice")));
        }
        match &self.refusal {
            Some(problem) if !is_health_check(request.uri().path()) => Err(problem.clone()),
            _ => Ok(()),
        }
    }
}

/// The middleware: refuses a request, or lets it pass.
pub(crate) async fn check_connection(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<ClientConnection>().cloned().unwrap_or_default();
    let client = request.extensions().get::<ClientAddress>().copied();
    // Where a chunked body ends is known to hyper alone: the heads of further requests could not be looked at.
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let checked = connection.check(&request);
    let is_last = is_chunked || checked.is_err();
    let mut response = match checked {
        Ok(()) => ClientAddress::scope(client, next.run(request)).await,
        Err(problem) => problem.into_response(),
    };
    if is_last {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether a path is one that supervisors and load balancers ask.
pub(super) fn is_health_check(path: &str) -> bool {
    ["/health/live", "/health/ready"].contains(&path)
}

fn repeated_header(headers: &HeaderMap) -> Option<&'static HeaderName> {
    SINGLE_HEADERS.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some())
}
