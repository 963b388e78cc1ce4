//! What all pages have in common, and how a page, a redirect or a problem becomes a response.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::page_reader::PageReader;
use crate::engine::Engine;
use crate::server::problem::{Problem, ProblemCode};

/// What surrounds every page.
pub(super) struct PageFrame {
    /// The name of the open view.
    pub here: &'static str,
    /// The name of the profile; empty when the reader must choose one.
    pub profile: String,
    /// `light`, `dark` or `system`.
    pub theme: &'static str,
    /// The URL of the open page, to return to after the theme was switched.
    pub address: String,
}

impl PageFrame {
    pub(super) fn new(reader: &PageReader, engine: &Engine, here: &'static str) -> Result<PageFrame, Problem> {
        Ok(PageFrame { profile: reader.profile_name(engine)?, ..PageFrame::without_profile(reader, here) })
    }

    /// What surrounds a page that is of no profile.
    pub(super) fn without_profile(reader: &PageReader, here: &'static str) -> PageFrame {
        PageFrame { here, profile: String::new(), theme: reader.theme(), address: reader.url().to_owned() }
    }
}

/// Renders a page.
pub(super) fn render_page(page: &impl Template) -> Result<Response, PageProblem> {
    let html = page.render().map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    Ok(([(header::CACHE_CONTROL, "private, no-cache")], Html(html)).into_response())
}

/// Redirects to the page that a form was sent from, which is on this site whatever the form says.
pub(super) fn redirect_to(address: &str) -> Response {
    let is_local = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']);
    let location = if is_local { address } else { "/" };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A problem of a page. The middleware shows it as a page.
pub(super) struct PageProblem(Problem);

impl<E: Into<Problem>> From<E> for PageProblem {
    fn from(error: E) -> PageProblem {
        PageProblem(error.into())
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/server/web/askama.toml")]
struct ProblemPage<'a> {
    frame: PageFrame,
    title: &'a str,
    detail: &'a str,
    /// Whether the reader must choose a profile.
    must_choose: bool,
}

/// Renders a problem as a page.
pub(in crate::server) fn problem_page(reader: PageReader, problem: &Problem) -> askama::Result<String> {
    let frame = PageFrame::without_profile(&reader, "");
    let must_choose = problem.code() == ProblemCode::ProfileRequired;
    ProblemPage { frame, title: problem.title(), detail: problem.detail(), must_choose }.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_site() {
        let table = [
            ("/search?q=a#p3", "/search?q=a#p3"),
            ("//elsewhere", "/"),
            ("https://elsewhere", "/"),
            ("/\\elsewhere", "/"),
            ("", "/"),
        ];
        for (address, expected) in table {
            assert_eq!(redirect_to(address).headers()[header::LOCATION], expected, "{address}");
        }
    }
}
