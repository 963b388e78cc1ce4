//! One paper and its surroundings.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::entry::{AUTHORS, PaperCard, ReaderVotes, entries, page_of, why};
use super::frame::{PageFrame, PageProblem, PageReader, show};
use super::mathematics::readable;
use crate::engine::TextEmbeddings;
use crate::error::Result;
use crate::library::Profile;
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Recommendation, Request};
use crate::server::AppState;
use crate::server::papers::{paper_id, stored};
use crate::server::problem::Problem;

/// Neighbors of a paper.
const NEIGHBORS: usize = 12;
/// The map's width and height, and the room that its labels have.
const MAP: (f32, f32) = (640.0, 360.0);
const MARGIN: (f32, f32) = (110.0, 24.0);
/// Characters of a label.
const LABEL: usize = 28;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/paper/{*id}", get(paper))
}

#[derive(Template)]
#[template(path = "paper.html", config = "src/server/pages/askama.toml")]
struct PaperPage {
    frame: PageFrame,
    back: String,
    entry: PaperCard,
    /// All who wrote it, where the facts do not name them.
    authors: String,
    entries: Vec<PaperCard>,
    dots: Vec<MapPoint>,
}

/// A paper on the map.
struct MapPoint {
    x: String,
    y: String,
    title: String,
    label: String,
    page: String,
    /// Whether it is the paper whose surroundings these are.
    here: bool,
}

/// The question that led here.
#[derive(Deserialize)]
struct PaperPageQuery {
    q: Option<String>,
}

async fn paper(
    State(app): State<AppState>,
    reader: PageReader,
    address: Uri,
    Path(id): Path<String>,
    Query(asked): Query<PaperPageQuery>,
) -> Result<Response, PageProblem> {
    let id = paper_id(&id)?;
    let question = asked.q.filter(|text| !text.trim().is_empty());
    let explained = Request { candidates: Some(vec![id.clone()]), explain: true, ..Request::default() };
    let question = question.map(|text| Request { text: Some(text), ..explained.clone() });
    let embedded = match &question {
        Some(request) => app.embedded(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.ask(move |engine| {
        let paper = stored(engine, &id)?;
        let profile = reader.profile(engine)?;
        let said = ReaderVotes::by(profile.as_ref());
        // What it says to the question that led here, or else to the reader's history.
        let positive = liked_by(profile.as_ref(), &id);
        let request = question.or((!positive.is_empty()).then_some(Request { positive, ..explained }));
        let found = request.map(|request| engine.recommend_with(&request, &embedded)).transpose()?;
        let found = found.and_then(|answer| answer.results.into_iter().next());
        let reason = found.as_ref().and_then(|found| why(found, &said));
        let matched = found.and_then(|found| found.sentence_match);
        let like =
            Request { positive: vec![HistoryItem::id(paper.id.clone())], limit: Some(NEIGHBORS), ..Request::default() };
        let neighbors = engine.recommend(&like)?.results;
        let ids: Vec<PaperId> =
            std::iter::once(&paper.id).chain(neighbors.iter().map(|near| &near.paper.id)).cloned().collect();
        let dots = dots(&paper.title, &ids, &neighbors, &engine.project(&ids)?);
        // What is near to this paper needs no other reason.
        let neighbors = neighbors.into_iter().map(|near| Recommendation { reasons: Vec::new(), ..near }).collect();
        Ok::<_, Problem>(PaperPage {
            frame: reader.frame(engine, "paper")?,
            back: address.to_string(),
            entry: PaperCard {
                reason,
                ..PaperCard::new(&paper, &said, matched.as_ref().map(|matched| &*matched.sentence))
            },
            authors: if paper.authors.len() > AUTHORS { paper.authors.join(", ") } else { String::new() },
            entries: entries(neighbors, &said, None),
            dots,
        })
    });
    show(&page.await?)
}

/// What a reader liked, but for this paper.
fn liked_by(profile: Option<&Profile>, id: &PaperId) -> Vec<HistoryItem> {
    let history = profile.iter().flat_map(|profile| &profile.history);
    let liked = history.filter(|entry| entry.kind.counts_for() && entry.id != *id);
    liked.map(|entry| HistoryItem::id(entry.id.clone())).collect()
}

/// The papers in their places from left to right; from top to bottom in their order, each on a line of its own, so that
/// labels can be read.
fn dots(title: &str, ids: &[PaperId], neighbors: &[Recommendation], places: &[[f32; 2]]) -> Vec<MapPoint> {
    let line = |y: f32| {
        places.iter().filter(|place| place[1] < y).count() as f32 / places.len().max(2).saturating_sub(1) as f32
    };
    let titles = std::iter::once(title).chain(neighbors.iter().map(|near| near.paper.title.as_str()));
    ids.iter()
        .zip(titles)
        .zip(places)
        .enumerate()
        .map(|(at, ((id, title), [x, y]))| {
            let title = readable(title);
            let mut label: String = title.chars().take(LABEL).collect();
            if label.len() < title.len() {
                label = format!("{}…", label.trim_end());
            }
            MapPoint {
                x: format!("{:.0}", MARGIN.0 + x * (MAP.0 - 2.0 * MARGIN.0)),
                y: format!("{:.0}", MARGIN.1 + line(*y) * (MAP.1 - 2.0 * MARGIN.1)),
                title,
                label,
                page: page_of(id),
                here: at == 0,
            }
        })
        .collect()
}
