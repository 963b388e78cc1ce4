//! Papers about a text.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::entry::{PaperCard, ReaderVotes, entries};
use super::frame::{PageFrame, PageProblem, PageReader, show};
use crate::engine::TextEmbeddings;
use crate::error::{Error, Result};
use crate::paper::parse_date;
use crate::recommend::Request;
use crate::server::AppState;

/// Papers of a page.
const PAPERS: usize = 25;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/search", get(search))
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
#[template(path = "search.html", config = "src/server/pages/askama.toml")]
struct SearchPage {
    frame: PageFrame,
    back: String,
    form: SearchForm,
    /// Kinds of sources that there are.
    sources: Vec<String>,
    entries: Vec<PaperCard>,
}

async fn search(
    State(app): State<AppState>,
    reader: PageReader,
    address: Uri,
    Query(form): Query<SearchForm>,
) -> Result<Response, PageProblem> {
    let request = form.request()?;
    let embedded = match &request {
        Some(request) => app.embedded(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.ask(move |engine| {
        let said = ReaderVotes::by(reader.profile(engine)?.as_ref());
        let results = request.map(|request| engine.recommend_with(&request, &embedded)).transpose()?;
        Ok::<_, Error>(SearchPage {
            frame: reader.frame(engine, "search")?,
            back: address.to_string(),
            sources: engine.library().summary()?.sources.into_iter().map(|(source, _)| source).collect(),
            entries: results.map(|answer| entries(answer.results, &said, Some(&form.q))).unwrap_or_default(),
            form,
        })
    });
    show(&page.await?)
}

impl SearchForm {
    /// What is asked for; `None` for nothing yet.
    fn request(&self) -> Result<Option<Request>> {
        let list = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let date = |field, text: &str| match text.trim() {
            "" => Ok(None),
            text => parse_date(text)
                .map(Some)
                .ok_or_else(|| Error::BadRequest { field, reason: format!("`{text}` is no date: write 2025-01-31") }),
        };
        if self.q.trim().is_empty() {
            return Ok(None);
        }
        let request = Request {
            text: Some(self.q.clone()),
            limit: Some(PAPERS),
            published_after: date("from", &self.from)?,
            published_before: date("to", &self.to)?,
            categories: list(&self.category),
            sources: list(&self.source),
            ..Request::default()
        };
        request.check()?;
        Ok(Some(request))
    }
}
