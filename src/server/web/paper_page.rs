//! One paper with its neighbors.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, paper_cards, paper_path, reason_text};
use crate::engine::TextEmbeddings;
use crate::error::Result;
use crate::library::Profile;
use crate::paper::PaperId;
use crate::present::NAMED_AUTHORS;
use crate::recommend::{HistoryItem, Recommendation, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::paper_id;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};
use crate::text::latex::readable;

/// Number of neighbors.
const NEIGHBORS: usize = 12;
/// Width and height of the map, and its margins, which leave room for labels.
const MAP_SIZE: (f32, f32) = (640.0, 360.0);
const MAP_MARGIN: (f32, f32) = (110.0, 24.0);
/// Maximum length of a label in characters.
const LABEL_CHARS: usize = 28;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/paper/{*id}", RouteAccess::Private(Scope::Read), show_paper)
}

#[derive(Template)]
#[template(path = "paper.html", config = "src/server/web/askama.toml")]
struct PaperPage {
    frame: PageFrame,
    back: String,
    card: PaperCard,
    /// All authors, when the facts name some of them only.
    authors: String,
    /// The neighbors.
    cards: Vec<PaperCard>,
    points: Vec<MapPoint>,
}

/// A paper on the map.
struct MapPoint {
    x: String,
    y: String,
    title: String,
    label: String,
    page: String,
    /// Whether it is the paper of the page.
    is_center: bool,
}

/// The search that led to the page.
#[derive(Deserialize)]
struct PaperPageQuery {
    q: Option<String>,
}

async fn show_paper(
    State(app): State<AppState>,
    reader: PageReader,
    address: Uri,
    Path(id): Path<String>,
    Query(query): Query<PaperPageQuery>,
) -> Result<Response, PageProblem> {
    let id = paper_id(&id)?;
    let search_text = query.q.filter(|text| !text.trim().is_empty());
    let explained = Request { candidates: Some(vec![id.clone()]), explain: true, ..Request::default() };
    let search = search_text.map(|text| Request { text: Some(text), ..explained.clone() });
    let embedded = match &search {
        Some(request) => app.embed_request(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.run(move |engine| {
        let paper = find_paper(engine, &id)?;
        let profile = reader.profile(engine)?;
        let votes = ReaderVotes::of(profile.as_ref());
        // Explains how the paper matches the search that led here, or else the reader's history.
        let positive = liked_by(profile.as_ref(), &id);
        let request = search.or((!positive.is_empty()).then_some(Request { positive, ..explained }));
        let found = request.map(|request| engine.recommend_with(&request, &embedded)).transpose()?;
        let found = found.and_then(|answer| answer.results.into_iter().next());
        let reason = found.as_ref().and_then(|found| reason_text(found, &votes));
        let sentence_match = found.and_then(|found| found.sentence_match);
        let like =
            Request { positive: vec![HistoryItem::id(paper.id.clone())], limit: Some(NEIGHBORS), ..Request::default() };
        let neighbors = engine.recommend(&like)?.results;
        let ids: Vec<PaperId> =
            std::iter::once(&paper.id).chain(neighbors.iter().map(|near| &near.paper.id)).cloned().collect();
        let points = map_points(&paper.title, &ids, &neighbors, &engine.project(&ids)?);
        // Neighbors of this paper need no other reason.
        let neighbors = neighbors.into_iter().map(|near| Recommendation { reasons: Vec::new(), ..near }).collect();
        Ok::<_, Problem>(PaperPage {
            frame: PageFrame::new(&reader, engine, "paper")?,
            back: address.to_string(),
            card: PaperCard {
                reason,
                ..PaperCard::new(&paper, &votes, sentence_match.as_ref().map(|found| &*found.sentence))
            },
            authors: if paper.authors.len() > NAMED_AUTHORS { paper.authors.join(", ") } else { String::new() },
            cards: paper_cards(neighbors, &votes, None),
            points,
        })
    });
    render_page(&page.await?)
}

/// The papers that a reader likes, without this paper.
fn liked_by(profile: Option<&Profile>, id: &PaperId) -> Vec<HistoryItem> {
    let history = profile.iter().flat_map(|profile| &profile.history);
    let liked = history.filter(|entry| entry.kind.counts_for() && entry.id != *id);
    liked.map(|entry| HistoryItem::id(entry.id.clone())).collect()
}

/// Places papers on the map: from left to right by their coordinates; from top to bottom in order, each on a line of its
/// own, so that the labels do not overlap.
fn map_points(title: &str, ids: &[PaperId], neighbors: &[Recommendation], coordinates: &[[f32; 2]]) -> Vec<MapPoint> {
    let line = |y: f32| {
        coordinates.iter().filter(|other| other[1] < y).count() as f32
            / coordinates.len().max(2).saturating_sub(1) as f32
    };
    let titles = std::iter::once(title).chain(neighbors.iter().map(|near| near.paper.title.as_str()));
    ids.iter()
        .zip(titles)
        .zip(coordinates)
        .enumerate()
        .map(|(index, ((id, title), [x, y]))| {
            let title = readable(title);
            let mut label: String = title.chars().take(LABEL_CHARS).collect();
            if label.len() < title.len() {
                label = format!("{}…", label.trim_end());
            }
            MapPoint {
                x: format!("{:.0}", MAP_MARGIN.0 + x * (MAP_SIZE.0 - 2.0 * MAP_MARGIN.0)),
                y: format!("{:.0}", MAP_MARGIN.1 + line(*y) * (MAP_SIZE.1 - 2.0 * MAP_MARGIN.1)),
                title,
                label,
                page: paper_path(id),
                is_center: index == 0,
            }
        })
        .collect()
}
