//! Authorization: rate limits, host names, cross-origin requests, tokens and scopes.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connection::is_health_check;
use super::cors::AllowedOrigins;
use super::origin;
use super::rate_limit::{ClientAddress, RateLimiter};
use super::tokens::{AccessToken, TokenFile};
use crate::error::{Error, Result};
use crate::server::access::{AccessGrant, AccessTable, RouteAccess};
use crate::server::options::ServerOptions;
use crate::server::problem::{Problem, ProblemCode};

/// Decides which requests are served.
#[derive(Debug)]
pub(crate) struct AuthGuard {
    /// `None` lets everybody do everything.
    tokens: Option<LoadedTokens>,
    public_read: bool,
    /// The host names that are accepted beside `localhost`; `None` on an address that is not a loopback address.
    loopback_hosts: Option<Vec<String>>,
    allowed_origins: AllowedOrigins,
    token_limiter: RateLimiter,
    ip_limiter: RateLimiter,
}

#[derive(Debug)]
struct LoadedTokens {
    path: PathBuf,
    tokens: RwLock<Arc<TokenFile>>,
}

impl AuthGuard {
    /// # Errors
    /// For a token file that cannot be read, without a token file for an address that others can reach, and for an invalid
    /// origin.
    pub(crate) fn new(options: &ServerOptions) -> Result<AuthGuard> {
        let is_loopback = options.listen.ip().is_loopback();
        let load = |path: &PathBuf| {
            let tokens = RwLock::new(Arc::new(TokenFile::read(path)?));
            Ok::<_, Error>(LoadedTokens { path: path.clone(), tokens })
        };
        let tokens = options.token_file.as_ref().map(load).transpose()?;
        if tokens.is_none() && !is_loopback {
            let reason = format!("others can reach {}: give --token-file FILE, or use 127.0.0.1", options.listen);
            return Err(Error::BadRequest { field: "listen", reason });
        }
        Ok(AuthGuard {
            tokens,
            public_read: options.public_read,
            loopback_hosts: is_loopback.then(|| options.allowed_hosts.clone()),
            allowed_origins: AllowedOrigins::new(&options.allowed_origins)?,
            token_limiter: RateLimiter::new(options.rate_limit_per_token),
            ip_limiter: RateLimiter::new(options.rate_limit_per_ip),
        })
    }

    /// Reloads the token file; an invalid one is ignored.
    pub(crate) fn reload(&self) {
        let Some(LoadedTokens { path, tokens }) = &self.tokens else { return };
        match TokenFile::read(path) {
            Ok(new) => {
                *tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::warn!("{}: reloaded", path.display());
            }
            Err(error) => tracing::error!("the token file was not reloaded: {}", error.one_line()),
        }
    }

    /// Whether a request with this access is refused without a token.
    pub(crate) fn needs_token(&self, access: RouteAccess) -> bool {
        self.tokens.is_some() && !access.allows_anonymous(self.public_read)
    }

    fn check(&self, table: &AccessTable, request: &Request) -> Result<AccessGrant, Problem> {
        let (headers, uri, method) = (request.headers(), request.uri(), request.method());
        let now = Instant::now();
        if let Some(client) = request.extensions().get::<ClientAddress>() {
            self.ip_limiter.count(&client.key(), now)?;
        }
        // Supervisors and load balancers have names of their own for the host.
        if let Some(hosts) = &self.loopback_hosts
            && !is_health_check(uri.path())
        {
            origin::check_host(headers, uri, hosts)?;
        }
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let access = table.access(route, method);
        if !method.is_safe() && self.allowed_origins.allowed(headers, access).is_none() {
            origin::check_origin(headers, uri)?;
        }
        let Some(access) = access else {
            return Err(Problem::new(ProblemCode::NotFound, "this route declares no access"));
        };
        self.check_token(headers, access, now)
    }

    fn check_token(&self, headers: &HeaderMap, access: RouteAccess, now: Instant) -> Result<AccessGrant, Problem> {
        let Some(LoadedTokens { tokens, .. }) = &self.tokens else { return Ok(AccessGrant::EVERYTHING) };
        let Some(scope) = access.scope() else { return Ok(AccessGrant::NOTHING_PRIVATE) };
        let Some(secret) = secret(headers) else {
            return match self.needs_token(access) {
                true => Err(Problem::new(ProblemCode::Unauthorized, "send `Authorization: Bearer TOKEN`")),
                false => Ok(AccessGrant::NOTHING_PRIVATE),
            };
        };
        let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner).clone();
        let unknown = || Problem::new(ProblemCode::Unauthorized, "unknown token");
        let token: &AccessToken = tokens.find(&secret).ok_or_else(unknown)?;
        self.token_limiter.count(&token.name, now)?;
        if !token.allows(scope) {
            return Err(Problem::new(ProblemCode::Forbidden, format!("the token lacks the scope `{scope}`")));
        }
        match token.profile().filter(|_| !access.allows_profile_tokens()) {
            None => Ok(token.grant()),
            Some(profile) => {
                let detail = format!("the token is for the profile `{profile}`, and this is about others too");
                Err(Problem::new(ProblemCode::Forbidden, detail))
            }
        }
    }
}

/// The guard, and who may call which route.
pub(crate) struct AuthState {
    guard: Arc<AuthGuard>,
    access: AccessTable,
}

impl AuthState {
    pub(crate) fn new(guard: Arc<AuthGuard>, access: AccessTable) -> AuthState {
        AuthState { guard, access }
    }

    /// The sites whose pages may ask.
    pub(super) fn allowed_origins(&self) -> &AllowedOrigins {
        &self.guard.allowed_origins
    }

    /// As [`AccessTable::access`].
    pub(super) fn access(&self, route: Option<&str>, method: &Method) -> Option<RouteAccess> {
        self.access.access(route, method)
    }
}

/// The middleware: refuses a request, or lets it pass with what it is permitted.
pub(crate) async fn authorize(State(auth): State<Arc<AuthState>>, mut request: Request, next: Next) -> Response {
    match auth.guard.check(&auth.access, &request) {
        Ok(grant) => {
            request.extensions_mut().insert(grant);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The secret of a request: a bearer token, or the password that a browser asks for.
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
