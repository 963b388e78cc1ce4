//! Logs and counts each request, and sets the request id and the security headers of every answer.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, gauge, histogram};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const KNOWN_METHODS: [Method; 7] =
    [Method::DELETE, Method::GET, Method::HEAD, Method::OPTIONS, Method::PATCH, Method::POST, Method::PUT];
/// Maximum length of a request id that is taken over from a client.
const MAX_REQUEST_ID: usize = 64;
/// Security headers: a browser loads nothing from other sites.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The middleware around all others.
pub(crate) async fn log_access(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // Clients can invent methods: a label must have few values.
    let label = if KNOWN_METHODS.contains(&method) { method.as_str() } else { "other" }.to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span =
        tracing::error_span!("request", id = id.to_str().unwrap_or_default(), %method, path = request.uri().path());
    gauge!("paperkin_http_requests_in_flight").increment(1);
    let mut response = next.run(request).instrument(span.clone()).await;
    gauge!("paperkin_http_requests_in_flight").decrement(1);
    let (status, took) = (response.status().as_u16(), start.elapsed());
    counter!("paperkin_http_requests_total", "method" => label, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    histogram!("paperkin_http_request_duration_seconds", "route" => route).record(took.as_secs_f64());
    span.in_scope(|| tracing::info!(status, took_ms = took.as_millis() as u64, "answered"));
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert(REQUEST_ID, id);
    response
}

/// Returns the id from the client or a proxy, if it is a plain one, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let given = headers
        .get(REQUEST_ID)
        .filter(|id| !id.is_empty() && id.len() <= MAX_REQUEST_ID && id.as_bytes().iter().all(plain));
    given.cloned().unwrap_or_else(|| {
        let number = getrandom::u64().unwrap_or_default();
        HeaderValue::try_from(format!("{number:016x}")).expect("hexadecimal digits are a header's value")
    })
}
