//! What a request passes before it reaches a handler: the name of the host, the site that asks, limits, tokens, time.

mod origin;
mod rate;
mod tokens;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::listen::PeerAddress;
use super::problem::{Problem, ProblemCode};
use super::{AppState, ServerOptions};
use crate::error::{Error, Result};
use rate::RateLimiter;
use tokens::{AccessToken, TokenFile};

pub use tokens::{Scope, draw_token};

/// Questions that are asked with `POST`: they change nothing.
const QUESTIONS: [&str; 8] = [
    "/embed",
    "/recommendations/v1/papers",
    "/recommendations/v1/papers/",
    "/v1/embeddings",
    "/v1/papers/{id}/similar",
    "/v1/recommend",
    "/v1/recommend/batch",
    "/v1/search",
];
/// What a person reads and likes is for those with a token only, and so are the server's numbers. The page says on every
/// view who reads, and which papers they voted on.
const PRIVATE: [&str; 6] = ["/v1/profiles", "/metrics", "/library", "/profiles", "/search", "/paper/"];
/// The feed on the page.
const HOME: &str = "/";
/// The form of the page that removes a profile.
const REMOVAL: &str = "/profiles/remove";
/// A question whose answer is remembered as shown.
const FEED: &str = "/v1/profiles/{id}/feed";

/// What the guard knows.
#[derive(Debug)]
pub(super) struct AuthGuard {
    /// `None`: everybody may do everything.
    tokens: Option<RwLock<Arc<TokenFile>>>,
    of_tokens: RateLimiter,
    of_addresses: RateLimiter,
}

impl AuthGuard {
    /// # Errors
    /// A file of tokens that cannot be read; none at all for an address that others can reach.
    pub(super) fn new(settings: &ServerOptions) -> Result<AuthGuard> {
        let tokens = settings.token_file.as_deref().map(TokenFile::read).transpose()?;
        if tokens.is_none() && !settings.listen.ip().is_loopback() {
            let reason = format!("others can reach {}: give --token-file FILE, or use 127.0.0.1", settings.listen);
            return Err(Error::BadRequest { field: "listen", reason });
        }
        Ok(AuthGuard {
            tokens: tokens.map(|tokens| RwLock::new(Arc::new(tokens))),
            of_tokens: RateLimiter::new(settings.token_rate),
            of_addresses: RateLimiter::new(settings.address_rate),
        })
    }

    /// Reads the file of tokens again; a bad one changes nothing.
    pub(super) fn reload(&self, path: &Path) {
        let Some(tokens) = &self.tokens else { return };
        match TokenFile::read(path) {
            Ok(new) => {
                *tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::warn!("{}: read again", path.display());
            }
            Err(error) => tracing::error!("the tokens stay as they were: {}", error.one_line()),
        }
    }

    /// Whether the request may go on.
    fn check(&self, settings: &ServerOptions, request: &Request) -> Result<(), Problem> {
        let (headers, uri, method) = (request.headers(), request.uri(), request.method());
        let now = Instant::now();
        if let Some(PeerAddress(peer)) = request.extensions().get() {
            self.of_addresses.count(&network(*peer), now)?;
        }
        if settings.listen.ip().is_loopback() {
            origin::check_host(headers, uri, &settings.hosts)?;
        }
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if !method.is_safe() || route == FEED {
            origin::check_origin(headers, uri)?;
        }
        let (Some(tokens), Some(needed)) = (&self.tokens, needed(method, route)) else { return Ok(()) };
        let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner).clone();
        match secret(headers) {
            None if settings.public_read && needed == Scope::Read && !is_private(route) => Ok(()),
            None => Err(Problem::new(ProblemCode::Unauthorized, "send `Authorization: Bearer TOKEN`")),
            Some(secret) => {
                let unknown = || Problem::new(ProblemCode::Unauthorized, "nobody has this token");
                let token: &AccessToken = tokens.find(&secret).ok_or_else(unknown)?;
                self.of_tokens.count(&token.name, now)?;
                match token.allows(needed) {
                    true => Ok(()),
                    false => Err(Problem::new(ProblemCode::Forbidden, format!("this token has no scope `{needed}`"))),
                }
            }
        }
    }
}

/// The middleware: refuses, or lets the request go on for as long as it may take.
pub(super) async fn guard(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if let Err(problem) = app.guard().check(app.settings(), &request) {
        return problem.into_response();
    }
    let answer = tokio::time::timeout(app.settings().request_time, next.run(request));
    answer.await.unwrap_or_else(|_| Problem::new(ProblemCode::Timeout, "ask for less").after(1).into_response())
}

/// The scope that a route needs; `None` for those that everybody may ask.
fn needed(method: &Method, route: &str) -> Option<Scope> {
    match *method {
        // Feeds have a token of their own in their addresses.
        _ if route.starts_with("/health/") || route.starts_with("/feeds/") || route.starts_with("/assets/") => None,
        Method::DELETE => Some(Scope::Admin),
        Method::POST if route == REMOVAL => Some(Scope::Admin),
        Method::POST if QUESTIONS.contains(&route) => Some(Scope::Read),
        Method::GET | Method::HEAD | Method::OPTIONS if route != FEED => Some(Scope::Read),
        _ => Some(Scope::Write),
    }
}

fn is_private(route: &str) -> bool {
    route == HOME || PRIVATE.iter().any(|private| route.starts_with(private))
}

/// The secret of a request: as a bearer token, or as the password that a browser asks for.
fn secret(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = text.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(value.trim().to_owned()),
        "basic" => {
            let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
            decoded.split_once(':').map(|(_, password)| password.to_owned())
        }
        _ => None,
    }
}

/// An address; of IPv6 the part that one household has.
fn network(peer: SocketAddr) -> String {
    match peer.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_need_scopes() {
        for (method, route, scope) in [
            (Method::GET, "/health/live", None),
            (Method::GET, "/v1/papers/{id}", Some(Scope::Read)),
            (Method::POST, "/v1/search", Some(Scope::Read)),
            (Method::POST, "/v1/papers", Some(Scope::Write)),
            (Method::GET, FEED, Some(Scope::Write)),
            (Method::POST, "/a/route/to/come", Some(Scope::Write)),
            (Method::DELETE, "/v1/papers/{id}", Some(Scope::Admin)),
            (Method::POST, REMOVAL, Some(Scope::Admin)),
            (Method::GET, "", Some(Scope::Read)),
        ] {
            assert_eq!(needed(&method, route), scope, "{method} {route}");
        }
        assert_eq!(network("[2001:db8:1:2:3::4]:5".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
