//! What all pages have: who reads, in which light, and how a page becomes an answer.

use std::convert::Infallible;

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::engine::Engine;
use crate::error::Result;
use crate::library::Profile;
use crate::server::problem::{Problem, ProblemCode};

/// The cookie that names the profile.
const PROFILE: &str = "profile";
/// The cookie that names the light: `light`, `dark`, or that of the system.
const THEME: &str = "theme";
/// The profile of the first vote, if nobody chose another.
const FIRST: &str = "me";

/// Who asks for a page.
#[derive(Debug, Clone, Default)]
pub(super) struct PageReader {
    profile: Option<String>,
    theme: Option<&'static str>,
    /// The page that is open; empty for the answer of a form.
    address: String,
}

impl<S: Sync> FromRequestParts<S> for PageReader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<PageReader, Infallible> {
        Ok(PageReader::of(&parts.method, &parts.uri, &parts.headers))
    }
}

fn known_theme(name: &str) -> Option<&'static str> {
    ["light", "dark"].into_iter().find(|known| *known == name)
}

impl PageReader {
    fn of(method: &Method, address: &Uri, headers: &HeaderMap) -> PageReader {
        let cookies = CookieJar::from_headers(headers);
        let value = |name| cookies.get(name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty());
        let address = if method.is_safe() { address.to_string() } else { String::new() };
        PageReader { profile: value(PROFILE), theme: value(THEME).and_then(|theme| known_theme(&theme)), address }
    }

    /// The name of the reader's profile: the one that was chosen, or else the first that there is.
    pub(super) fn name(&self, engine: &Engine) -> Result<String> {
        let names = engine.library().profile_names()?;
        let chosen = self.profile.clone().filter(|name| names.contains(name));
        Ok(chosen.or(names.into_iter().next()).or(self.profile.clone()).unwrap_or_else(|| FIRST.to_owned()))
    }

    /// The reader's profile; `None` before the first vote.
    pub(super) fn profile(&self, engine: &Engine) -> Result<Option<Profile>> {
        let name = self.name(engine)?;
        match engine.library().profile_names()?.contains(&name) {
            true => engine.library().profile(&name).map(Some),
            false => Ok(None),
        }
    }

    /// The frame of a page.
    pub(super) fn frame(&self, engine: &Engine, here: &'static str) -> Result<PageFrame> {
        let (theme, address) = (self.theme.unwrap_or("system"), self.address.clone());
        Ok(PageFrame { here, profile: self.name(engine)?, theme, address })
    }
}

/// What surrounds every page.
pub(super) struct PageFrame {
    /// The view that is open.
    pub here: &'static str,
    /// The profile's name.
    pub profile: String,
    /// `light`, `dark` or `system`.
    pub theme: &'static str,
    /// Where the switch of the light leads back to.
    pub address: String,
}

/// A cookie that chooses a profile.
pub(super) fn choose_profile(name: String) -> Cookie<'static> {
    lasting(PROFILE, name)
}

/// A cookie that chooses a light.
pub(super) fn choose_theme(name: &str) -> Cookie<'static> {
    lasting(THEME, known_theme(name).unwrap_or_default().to_owned())
}

fn lasting(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").same_site(SameSite::Strict).http_only(true).permanent().build()
}

/// A page as an answer.
pub(super) fn show(page: &impl Template) -> Result<Response, PageProblem> {
    let html = page.render().map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    Ok(([(header::CACHE_CONTROL, "private, no-cache")], Html(html)).into_response())
}

/// Back to where a form was sent from: an address of ours, whatever the form says.
pub(super) fn back_to(address: &str) -> Response {
    let ours = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']);
    let location = if ours { address } else { "/" };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A problem as a page.
pub(super) struct PageProblem(Problem);

impl<E: Into<Problem>> From<E> for PageProblem {
    fn from(error: E) -> PageProblem {
        PageProblem(error.into())
    }
}

#[derive(Template)]
#[template(path = "trouble.html", config = "src/server/pages/askama.toml")]
struct ProblemPage<'a> {
    frame: PageFrame,
    title: &'a str,
    detail: &'a str,
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// Shows problems as pages to those who ask for pages, wherever the problems come from.
pub(in crate::server) async fn for_people(request: Request, next: Next) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let reader =
        accepts.contains("text/html").then(|| PageReader::of(request.method(), request.uri(), request.headers()));
    let response = next.run(request).await;
    let (Some(reader), Some(problem)) = (reader, response.extensions().get::<Problem>()) else { return response };
    let theme = reader.theme.unwrap_or("system");
    let frame = PageFrame { here: "", profile: String::new(), theme, address: reader.address };
    let page = ProblemPage { frame, title: problem.title(), detail: problem.detail() };
    let Ok(html) = page.render() else { return response };
    let body = Html(html).into_response();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(body.headers().clone());
    Response::from_parts(parts, body.into_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_back_to_us_only() {
        let table = [
            ("/search?q=a#p3", "/search?q=a#p3"),
            ("//elsewhere", "/"),
            ("https://elsewhere", "/"),
            ("/\\elsewhere", "/"),
            ("", "/"),
        ];
        for (address, expected) in table {
            assert_eq!(back_to(address).headers()[header::LOCATION], expected, "{address}");
        }
    }
}
