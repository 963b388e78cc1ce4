//! Who may call a route: declared with the route, and looked up for each request.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;

use super::problem::{Problem, ProblemCode};

/// What a token permits; each scope includes the previous ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Run queries and read profiles.
    Read,
    /// Add papers and change profiles.
    Write,
    /// Remove papers and profiles.
    Admin,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        })
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Scope, String> {
        let all = [Scope::Read, Scope::Write, Scope::Admin];
        let found = all.into_iter().find(|scope| scope.to_string() == text);
        found.ok_or_else(|| format!("`{text}` is not a scope: use read, write or admin"))
    }
}

/// Who may call one method of a route.
///
/// That a request may not come from another site's page needs no declaration: it holds for all methods but the safe ones
/// (`GET`, `HEAD`, `OPTIONS`), whose handlers change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteAccess {
    /// Everybody, without a token: health checks, assets, and feeds, whose URLs contain a token of their own.
    Open,
    /// Tokens with the scope `read`; with `--public-read`, everybody.
    PublicRead,
    /// Tokens with this scope, also with `--public-read`: what changes something, and what tells who reads what.
    Private(Scope),
    /// As `Private`, and also tokens for one profile, of which the [`AccessGrant`] tells the handler.
    Profile(Scope),
}

impl RouteAccess {
    /// The scope that a token needs; `None` when no token is needed.
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            RouteAccess::Open => None,
            RouteAccess::PublicRead => Some(Scope::Read),
            RouteAccess::Private(scope) | RouteAccess::Profile(scope) => Some(scope),
        }
    }

    /// Whether a request without a token is served.
    pub(crate) fn allows_anonymous(self, public_read: bool) -> bool {
        match self {
            RouteAccess::Open => true,
            RouteAccess::PublicRead => public_read,
            RouteAccess::Private(_) | RouteAccess::Profile(_) => false,
        }
    }

    /// Whether a token for one profile is served.
    pub(crate) fn allows_profile_tokens(self) -> bool {
        !matches!(self, RouteAccess::Private(_))
    }
}

/// What the sender of a request is permitted: in the extensions of every request that reaches a handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccessGrant {
    /// The largest scope; `None` without a token.
    scope: Option<Scope>,
    /// The only profile that may be read and changed; `None` for all of them.
    profile: Option<String>,
}

impl AccessGrant {
    /// What everybody is permitted on a server without tokens.
    pub(crate) const EVERYTHING: AccessGrant = AccessGrant { scope: Some(Scope::Admin), profile: None };
    /// What is permitted without a token.
    pub(crate) const NOTHING_PRIVATE: AccessGrant = AccessGrant { scope: None, profile: None };

    /// What a token permits.
    pub(crate) fn of_token(scope: Option<Scope>, profile: Option<String>) -> AccessGrant {
        AccessGrant { scope, profile }
    }

    /// Whether it includes this scope.
    pub(crate) fn permits(&self, scope: Scope) -> bool {
        self.scope.is_some_and(|own| own >= scope)
    }

    /// The profile that the token is for, if it is for one alone.
    pub(crate) fn only_profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Whether this profile may be read.
    pub(crate) fn permits_profile(&self, name: &str) -> bool {
        self.permits(Scope::Read) && self.only_profile().is_none_or(|own| own == name)
    }

    /// Refuses profiles that the token is not for.
    pub(crate) fn check_profile(&self, name: &str) -> Result<(), Problem> {
        match self.only_profile().filter(|own| *own != name) {
            None => Ok(()),
            Some(own) => Err(Problem::new(ProblemCode::Forbidden, format!("the token is for the profile `{own}`"))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for AccessGrant {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<AccessGrant, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(AccessGrant::NOTHING_PRIVATE))
    }
}

/// The declared access of all routes and methods.
#[derive(Debug, Default)]
pub(crate) struct AccessTable {
    routes: HashMap<String, Vec<(Method, RouteAccess)>>,
}

impl AccessTable {
    pub(crate) fn declare(&mut self, route: &str, method: Method, access: RouteAccess) {
        self.routes.entry(route.to_owned()).or_default().push((method, access));
    }

    pub(crate) fn merge(&mut self, other: AccessTable) {
        for (route, methods) in other.routes {
            self.routes.entry(route).or_default().extend(methods);
        }
    }

    /// Returns what was declared for a method of a route. `HEAD` is answered by the handler of `GET`.
    pub(crate) fn declared(&self, route: &str, method: &Method) -> Option<RouteAccess> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let methods = self.routes.get(route)?;
        methods.iter().find(|(declared, _)| declared == method).map(|(_, access)| *access)
    }

    /// Returns who may make a request, or `None` for a route that nobody declared, which is not served.
    ///
    /// `route` is `None` when no route has the path. The answer is 404 then, and 405 for an undeclared method: they are
    /// given to those who could have called such a method.
    pub(crate) fn access(&self, route: Option<&str>, method: &Method) -> Option<RouteAccess> {
        let Some(route) = route else { return Some(undeclared(method, false)) };
        if let Some(access) = self.declared(route, method) {
            return Some(access);
        }
        let methods = self.routes.get(route)?;
        let has = |wanted: RouteAccess| methods.iter().any(|(_, access)| *access == wanted);
        match has(RouteAccess::Open) {
            true => Some(RouteAccess::Open),
            false => Some(undeclared(method, !has(RouteAccess::PublicRead))),
        }
    }

    /// All declarations, sorted by route.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> Vec<(&str, &Method, RouteAccess)> {
        let rows = self.routes.iter();
        let mut rows: Vec<_> = rows
            .flat_map(|(route, methods)| methods.iter().map(|(method, access)| (route.as_str(), method, *access)))
            .collect();
        rows.sort_by_key(|(route, method, _)| (*route, method.as_str()));
        rows
    }
}

/// The access of a method that has no handler.
fn undeclared(method: &Method, is_private: bool) -> RouteAccess {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS if is_private => RouteAccess::Private(Scope::Read),
        Method::GET | Method::HEAD | Method::OPTIONS => RouteAccess::PublicRead,
        Method::DELETE => RouteAccess::Private(Scope::Admin),
        _ => RouteAccess::Private(Scope::Write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undeclared_methods_and_routes() {
        let mut table = AccessTable::default();
        table.declare("/open", Method::GET, RouteAccess::Open);
        table.declare("/search", Method::POST, RouteAccess::PublicRead);
        table.declare("/profiles", Method::GET, RouteAccess::Private(Scope::Read));
        for (method, route, expected) in [
            (Method::HEAD, Some("/open"), Some(RouteAccess::Open)),
            (Method::PUT, Some("/open"), Some(RouteAccess::Open)),
            (Method::POST, Some("/search"), Some(RouteAccess::PublicRead)),
            (Method::OPTIONS, Some("/search"), Some(RouteAccess::PublicRead)),
            (Method::PUT, Some("/search"), Some(RouteAccess::Private(Scope::Write))),
            (Method::HEAD, Some("/profiles"), Some(RouteAccess::Private(Scope::Read))),
            (Method::OPTIONS, Some("/profiles"), Some(RouteAccess::Private(Scope::Read))),
            (Method::DELETE, Some("/profiles"), Some(RouteAccess::Private(Scope::Admin))),
            (Method::GET, None, Some(RouteAccess::PublicRead)),
            (Method::POST, None, Some(RouteAccess::Private(Scope::Write))),
            (Method::GET, Some("/never/declared"), None),
        ] {
            assert_eq!(table.access(route, &method), expected, "{method} {route:?}");
        }
    }
}
