//! Who reads the page: the profile and the theme, from cookies.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::engine::Engine;
use crate::error::Result;
use crate::library::Profile;

/// The cookie with the name of the profile.
const PROFILE_COOKIE: &str = "profile";
/// The cookie with the theme: `light`, `dark`, or nothing for the theme of the system.
const THEME_COOKIE: &str = "theme";
/// The profile that the first vote creates.
const DEFAULT_PROFILE: &str = "me";

/// The reader of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageReader {
    profile: Option<String>,
    theme: Option<&'static str>,
    /// The URL of the open page; empty for the answer to a form.
    url: String,
}

impl<S: Sync> FromRequestParts<S> for PageReader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<PageReader, Infallible> {
        Ok(PageReader::from_request(&parts.method, &parts.uri, &parts.headers))
    }
}

impl PageReader {
    pub(crate) fn from_request(method: &Method, uri: &Uri, headers: &HeaderMap) -> PageReader {
        let cookies = CookieJar::from_headers(headers);
        let value = |name| cookies.get(name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty());
        let url = if method.is_safe() { uri.to_string() } else { String::new() };
        let theme = value(THEME_COOKIE).and_then(|theme| known_theme(&theme));
        PageReader { profile: value(PROFILE_COOKIE), theme, url }
    }

    /// `light`, `dark` or `system`.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.unwrap_or("system")
    }

    /// The URL of the open page; empty for the answer to a form.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The name of the reader's profile: the one of the cookie, or else the first one of the library.
    pub(super) fn profile_name(&self, engine: &Engine) -> Result<String> {
        let names = engine.profile_names()?;
        let chosen = self.profile.clone().filter(|name| names.contains(name));
        Ok(chosen.or(names.into_iter().next()).or(self.profile.clone()).unwrap_or_else(|| DEFAULT_PROFILE.to_owned()))
    }

    /// The reader's profile; `None` before the first vote.
    pub(super) fn profile(&self, engine: &Engine) -> Result<Option<Profile>> {
        let name = self.profile_name(engine)?;
        match engine.profile_names()?.contains(&name) {
            true => engine.profile(&name).map(Some),
            false => Ok(None),
        }
    }
}

fn known_theme(name: &str) -> Option<&'static str> {
    ["light", "dark"].into_iter().find(|known| *known == name)
}

/// A cookie that selects a profile.
pub(super) fn profile_cookie(name: String) -> Cookie<'static> {
    permanent_cookie(PROFILE_COOKIE, name)
}

/// A cookie that selects a theme.
pub(super) fn theme_cookie(name: &str) -> Cookie<'static> {
    permanent_cookie(THEME_COOKIE, known_theme(name).unwrap_or_default().to_owned())
}

fn permanent_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").same_site(SameSite::Strict).http_only(true).permanent().build()
}
