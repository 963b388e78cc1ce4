//! What all pages have in common, and how a page, a redirect or a problem becomes a response.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::assets::asset_address;
use super::page_reader::PageReader;
use crate::engine::Engine;
use crate::paper::PaperId;
use crate::server::problem::{Problem, ProblemCode};

/// What surrounds every page.
pub(super) struct PageFrame {
    /// The name of the open view.
    pub here: &'static str,
    /// The name of the profile; empty when the reader must choose one.
    pub profile: String,
    /// `light`, `dark` or `system`.
    pub theme: &'static str,
    /// `full` or `compact`.
    pub density: &'static str,
    /// What the search box has in it.
    pub query: String,
    /// The URL of the open page, to return to after the theme was switched.
    pub address: String,
}

impl PageFrame {
    pub(super) fn new(reader: &PageReader, engine: &Engine, here: &'static str) -> Result<PageFrame, Problem> {
        Ok(PageFrame { profile: reader.profile_name(engine)?, ..PageFrame::without_profile(reader, here) })
    }

    /// The same for a page of papers, which readers who have not decided for a profile can open too.
    pub(super) fn of_papers(reader: &PageReader, engine: &Engine, here: &'static str) -> Result<PageFrame, Problem> {
        match reader.is_undecided(engine)? {
            true => Ok(PageFrame::without_profile(reader, here)),
            false => PageFrame::new(reader, engine, here),
        }
    }

    /// The address of a static file.
    pub(super) fn asset(&self, name: &str) -> String {
        asset_address(name)
    }

    /// What surrounds a page that is of no profile.
    pub(super) fn without_profile(reader: &PageReader, here: &'static str) -> PageFrame {
        PageFrame {
            here,
            profile: String::new(),
            theme: reader.theme(),
            density: reader.density(),
            query: String::new(),
            address: reader.url().to_owned(),
        }
    }
}

/// Renders a page.
pub(super) fn render_page(page: &impl Template) -> Result<Response, PageProblem> {
    let html = page.render().map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    Ok(([(header::CACHE_CONTROL, "private, no-cache")], Html(html)).into_response())
}

/// Splits a message at its backticks, as a sentence: text, and whether it is code.
pub(super) fn code_pieces(message: &str) -> Vec<(String, bool)> {
    let mut rest = message.chars();
    let message: String = rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default();
    let pieces = message.split('`').zip([false, true].into_iter().cycle());
    pieces.map(|(piece, is_code)| (piece.to_owned(), is_code)).filter(|(piece, _)| !piece.is_empty()).collect()
}

/// Redirects to the page that a form was sent from, which is on this site whatever the form says.
pub(super) fn redirect_to(address: &str) -> Response {
    let location = if is_local(address) { address } else { "/" };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Whether an address is a path of this site for every browser and proxy, also one that decodes the path before it looks at
/// it. Browsers leave out tabs and line breaks, and read `\` as `/`; `//` begins the name of a host.
fn is_local(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_local_path =
        |path: &str| path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(char::is_control);
    // Encoded twice, it would have to be decoded twice.
    let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let twice = percent_decode_str(&decoded).decode_utf8_lossy();
    let is_plain = !address.contains(|c: char| c == '\\' || c.is_control());
    is_plain && [path, &*decoded, &*twice].into_iter().all(is_local_path)
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
    /// What is wrong: text, and whether it is code.
    detail: Vec<(String, bool)>,
    /// Whether the reader must choose a profile.
    must_choose: bool,
    /// The id of the paper that is not in the library, if it can be fetched.
    missing: Option<String>,
}

/// Renders a problem as a page.
pub(in crate::server) fn problem_page(reader: PageReader, problem: &Problem) -> askama::Result<String> {
    let frame = PageFrame::without_profile(&reader, "");
    let missing = Some(reader.url()).filter(|_| problem.code() == ProblemCode::PaperNotFound).and_then(fetchable_id);
    let must_choose = problem.code() == ProblemCode::ProfileRequired;
    ProblemPage { frame, title: problem.title(), detail: code_pieces(problem.detail()), must_choose, missing }.render()
}

/// The id of the paper whose page has this address, if the paper can be fetched.
fn fetchable_id(address: &str) -> Option<String> {
    let path = address.split('?').next()?.strip_prefix("/paper/")?;
    let id = PaperId::parse(&percent_decode_str(path).decode_utf8().ok()?).ok()?;
    id.is_fetchable().then(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences_with_code() {
        let piece = |text: &str, is_code| (text.to_owned(), is_code);
        assert_eq!(code_pieces("no `a:b` here"), [piece("No ", false), piece("a:b", true), piece(" here", false)]);
        assert_eq!(code_pieces(""), []);
    }

    #[test]
    fn papers_that_can_be_fetched() {
        let of = |address| fetchable_id(address);
        assert_eq!(of("/paper/2401%2E00001?q=a").as_deref(), Some("2401.00001"));
        assert_eq!(of("/paper/10.1000%2Fabc").as_deref(), Some("doi:10.1000/abc"));
        assert_eq!((of("/paper/mine"), of("/search?q=2401.00001")), (None, None));
    }

    #[test]
    fn redirects_stay_on_this_site() {
        for address in
            ["/search?q=a#p3", "/", "/?profile=a%2Fb", "/paper/10.1000%2Fabc#p1", "/paper/a%5Cb", "/search?q=%09%0A//"]
        {
            assert_eq!(redirect_to(address).headers()[header::LOCATION], address);
        }
        for address in [
            "",
            "search",
            "https://elsewhere.example",
            "javascript:alert(1)",
            "//elsewhere.example",
            "///elsewhere.example",
            "/\\elsewhere.example",
            "\\\\elsewhere.example",
            "/search\\a",
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            "/\r/elsewhere.example",
            "\t//elsewhere.example",
            " //elsewhere.example",
            "/\u{85}/elsewhere.example",
            "/a\0",
            "/a\u{7f}",
            "/search?q=a\r\nSet-Cookie: a=b",
            "/%2felsewhere.example",
            "/%2F%2Felsewhere.example",
            "/%5Celsewhere.example",
            "/%09/elsewhere.example",
            "/%0d%0aSet-Cookie:a",
            "/%252Felsewhere.example",
            "/%255celsewhere.example",
            "%2F%2Felsewhere.example",
        ] {
            assert_eq!(redirect_to(address).headers()[header::LOCATION], "/", "{address:?}");
        }
    }
}
