//! Lets pages of other sites ask (CORS), where `--allow-origin` names the sites.
//!
//! `*` opens what `--public-read` opens, and no more: a page of any site may run queries, but neither change anything nor
//! learn who reads what. Sites that are named may send every request. tower-http's layer cannot tell routes apart.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::auth::AuthState;
use crate::error::{Error, Result};
use crate::server::access::RouteAccess;

/// What pages of other sites may send, and read of an answer. Cookies are not in it: nothing ever allows credentials.
///
/// Headers are not in it either. A page may send all that it asks for: clients of other services add headers of their own,
/// and the server ignores those that it does not know.
const ALLOWED: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
    // Seconds that a browser may keep the answer.
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];
const EXPOSED_HEADERS: &str = "etag, retry-after, x-request-id";

/// The sites whose pages may ask.
#[derive(Debug, Clone, Default)]
pub(super) struct AllowedOrigins {
    /// As browsers write them: `https://papers.example`, `http://localhost:8080`.
    named: Vec<String>,
    /// Whether pages of any site may run queries.
    any: bool,
}

impl AllowedOrigins {
    /// # Errors
    /// For a text that is neither an origin nor `*`.
    pub(super) fn new(texts: &[String]) -> Result<AllowedOrigins> {
        let named = texts.iter().filter(|text| *text != "*").map(|text| origin(text)).collect::<Result<_>>()?;
        Ok(AllowedOrigins { named, any: texts.iter().any(|text| text == "*") })
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty() && !self.any
    }

    /// Returns `Access-Control-Allow-Origin` for a request of a page for a route with this access, if it may send it.
    pub(super) fn allowed(&self, headers: &HeaderMap, access: Option<RouteAccess>) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let is_public = matches!(access, Some(RouteAccess::Open | RouteAccess::PublicRead));
        match self.named.iter().any(|named| named.as_bytes() == origin.as_bytes()) {
            true => Some(origin.clone()),
            false => (self.any && is_public).then(|| HeaderValue::from_static("*")),
        }
    }
}

/// Reads an origin in any spelling of one.
fn origin(text: &str) -> Result<String> {
    // A pattern would never match: browsers send no asterisk.
    let parsed = Url::parse(text).ok().filter(|_| !text.contains('*'));
    let parsed = parsed.filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none());
    let parsed = parsed.filter(|url| url.username().is_empty() && url.password().is_none());
    let origin = parsed.map(|url| url.origin()).filter(|origin| origin.is_tuple());
    origin.map(|origin| origin.ascii_serialization()).ok_or_else(|| Error::BadRequest {
        field: "allow-origin",
        reason: format!("`{text}` is not an origin such as https://papers.example, nor `*`"),
    })
}

/// The middleware: answers preflight requests, and says which pages may read an answer. It is outside of authorization,
/// because browsers send no token in a preflight request, and so that pages can read why they were refused.
pub(crate) async fn allow_origins(State(auth): State<Arc<AuthState>>, request: Request, next: Next) -> Response {
    let origins = auth.allowed_origins();
    if origins.is_empty() {
        return next.run(request).await;
    }
    let headers = request.headers();
    let preflight = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| request.method() == Method::OPTIONS);
    let preflight = preflight.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let access = auth.access(route, preflight.as_ref().unwrap_or(request.method()));
    let allowed = origins.allowed(headers, access);
    let mut response = match (&preflight, &allowed) {
        (Some(_), Some(_)) => {
            let mut allowed: HeaderMap =
                ALLOWED.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
            if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
                allowed.append(header::VARY, HeaderValue::from_static("access-control-request-headers"));
            }
            (StatusCode::NO_CONTENT, allowed).into_response()
        }
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::access::Scope;

    fn origins(texts: &[&str]) -> Result<AllowedOrigins> {
        AllowedOrigins::new(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        for (text, expected) in [
            ("https://papers.example", Some("https://papers.example")),
            ("HTTPS://Papers.Example:443/", Some("https://papers.example")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("papers.example", None),
            ("https://papers.example/search", None),
            ("https://papers.example?a", None),
            ("https://me@papers.example", None),
            ("null", None),
            ("https://*.example", None),
            ("", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), expected, "{text}");
        }
        assert!(origins(&["https://papers.example", "papers"]).is_err());
    }

    #[test]
    fn any_site_may_ask_what_is_public() {
        let private = Some(RouteAccess::Private(Scope::Read));
        let public = Some(RouteAccess::PublicRead);
        let headers = |origin: &'static str| HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
        let both = origins(&["*", "https://mine.example"]).unwrap();
        let named = origins(&["https://mine.example"]).unwrap();
        for (origins, origin, access, expected) in [
            (&both, "https://mine.example", private, Some("https://mine.example")),
            (&both, "https://mine.example", public, Some("https://mine.example")),
            (&both, "https://other.example", public, Some("*")),
            (&both, "https://other.example", private, None),
            (&both, "https://other.example", None, None),
            (&both, "null", public, Some("*")),
            (&named, "https://other.example", public, None),
            (&named, "https://mine.example.evil.example", public, None),
            (&AllowedOrigins::default(), "https://mine.example", public, None),
        ] {
            let allowed = origins.allowed(&headers(origin), access);
            assert_eq!(allowed.as_ref().map(|value| value.to_str().unwrap()), expected, "{origin} {access:?}");
        }
        assert_eq!(both.allowed(&HeaderMap::new(), public), None);
    }
}
