//! Search: papers about a text, with filters.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, paper_cards};
use crate::engine::TextEmbeddings;
use crate::error::{Error, Result};
use crate::paper::parse_date;
use crate::recommend::Request;
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Maximum number of papers on the page.
const PAGE_PAPERS: usize = 25;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/search", RouteAccess::Private(Scope::Read), search)
}

/// The form, as it was sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct SearchForm {
    q: String,
    from: String,
    to: String,
    category: String,
    source: String,
}

#[derive(Template)]
#[template(path = "search.html", config = "src/server/web/askama.toml")]
struct SearchPage {
    frame: PageFrame,
    back: String,
    form: SearchForm,
    /// The sources of the papers in the library.
    sources: Vec<String>,
    nothing_close: bool,
    cards: Vec<PaperCard>,
}

async fn search(
    State(app): State<AppState>,
    reader: PageReader,
    address: Uri,
    Query(form): Query<SearchForm>,
) -> Result<Response, PageProblem> {
    let request = form.request()?;
    let embedded = match &request {
        Some(request) => app.embed_request(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.run(move |engine| {
        let votes = ReaderVotes::of(reader.profile(engine)?.as_ref());
        let results = request.map(|request| engine.recommend_with(&request, &embedded)).transpose()?;
        Ok::<_, Problem>(SearchPage {
            frame: PageFrame::new(&reader, engine, "search")?,
            back: address.to_string(),
            sources: engine.summary()?.sources.into_iter().map(|size| size.source).collect(),
            nothing_close: results.as_ref().is_some_and(|answer| answer.nothing_close),
            cards: results.map(|answer| paper_cards(answer.results, &votes, Some(&form.q))).unwrap_or_default(),
            form,
        })
    });
    render_page(&page.await?)
}

impl SearchForm {
    /// The request; `None` for an empty form.
    fn request(&self) -> Result<Option<Request>> {
        let list = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let date = |field, text: &str| match text.trim() {
            "" => Ok(None),
            text => parse_date(text).map(Some).ok_or_else(|| Error::BadRequest {
                field,
                reason: format!("`{text}` is not a date such as 2025-01-31"),
            }),
        };
        if self.q.trim().is_empty() {
            return Ok(None);
        }
        let request = Request {
            limit: Some(PAGE_PAPERS),
            published_after: date("from", &self.from)?,
            published_before: date("to", &self.to)?,
            categories: list(&self.category),
            sources: list(&self.source),
            ..Request::default()
        };
        let request = request.and_search(&self.q)?;
        request.check()?;
        Ok(Some(request))
    }
}
