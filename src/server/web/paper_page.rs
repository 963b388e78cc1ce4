//! One paper with its neighbors.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, render_page};
use super::page_reader::PageReader;
use super::paper_card::{AuthorLink, Byline, PaperCard, ReaderVotes, marked_pieces, paper_cards, reason_text};
use super::paper_map::PaperMap;
use super::score_parts::ShownScore;
use super::search_words::SearchWords;
use crate::engine::TextEmbeddings;
use crate::formats::ExportFormat;
use crate::library::Profile;
use crate::paper::{Paper, PaperId};
use crate::present::{self, PaperFact};
use crate::recommend::{HistoryItem, Recommendation, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::paper_id;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};

/// Number of neighbors.
const NEIGHBORS: usize = 12;
/// Authors who are named before the abstract.
const NAMED_AUTHORS: usize = 10;
/// Authors behind them who are links; more would make the page large.
const MAX_AUTHOR_LINKS: usize = 100;
/// Colors of the map. The last one stands for all earlier years when there are more years.
const YEAR_COLORS: usize = 5;
/// What is known of a paper beside its title and its authors.
const FACTS: [PaperFact; 4] = [PaperFact::Date, PaperFact::Source, PaperFact::Votes, PaperFact::Comments];

pub(super) fn routes() -> GuardedRouter {
    let read = RouteAccess::Profile(Scope::Read);
    GuardedRouter::new().get("/paper/{*id}", read, show_paper).get("/bibtex/{*id}", read, show_bibtex)
}

#[derive(Template)]
#[template(path = "paper.html", config = "src/server/web/askama.toml")]
struct PaperPage {
    frame: PageFrame,
    back: String,
    card: PaperCard,
    /// Day, categories, source, votes, ids.
    facts: String,
    authors: AllAuthors,
    /// The neighbors, in the order of the dots of the map.
    cards: Vec<PaperCard>,
    map: Option<PaperMap>,
    /// The color of each neighbor on the map.
    colors: Vec<usize>,
    /// Years, or what stands for several, in the order of the colors.
    years: Vec<String>,
}

/// Authors of a paper behind those that are named.
struct AllAuthors {
    count: usize,
    linked: Vec<AuthorLink>,
    /// All others, on one line.
    rest: String,
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
    let typed = query.q.and_then(|typed| Request::search(&typed).ok());
    let search_text = typed.and_then(|typed| typed.text).filter(|text| !text.trim().is_empty());
    let explained = Request { candidates: Some(vec![id.clone()]), explain: true, ..Request::default() };
    let words = SearchWords::new(search_text.as_deref());
    let search = search_text.map(|text| Request { text: Some(text), ..explained.clone() });
    let embedded = match &search {
        Some(request) => app.embed_request(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.run(move |engine| {
        let paper = find_paper(engine, &id)?;
        let profile = reader.profile_if_decided(engine)?;
        let votes = ReaderVotes::of(profile.as_ref());
        // Explains how the paper matches the search that led here, or else the reader's history.
        let positive = liked_by(profile.as_ref(), &id);
        let request = search.or((!positive.is_empty()).then_some(Request { positive, ..explained }));
        let found = request.map(|request| engine.recommend_with(&request, &embedded)).transpose()?;
        let found = found.and_then(|answer| answer.results.into_iter().next());
        let sentence = found.as_ref().and_then(|found| Some(found.sentence_match.as_ref()?.sentence.as_str()));
        let card = PaperCard {
            reason: found.as_ref().and_then(|found| reason_text(found, &votes)),
            score: found.as_ref().map(ShownScore::new),
            authors: Byline::new(&paper, NAMED_AUTHORS),
            abstract_pieces: marked_pieces(&paper.abstract_text, sentence),
            ..PaperCard::new(&paper, &votes, &words)
        };
        let like =
            Request { positive: vec![HistoryItem::id(paper.id.clone())], limit: Some(NEIGHBORS), ..Request::default() };
        let neighbors = engine.recommend(&like)?.results;
        let ids: Vec<PaperId> =
            std::iter::once(&paper.id).chain(neighbors.iter().map(|near| &near.paper.id)).cloned().collect();
        let (years, colors) = year_colors(neighbors.iter().map(|near| &*near.paper));
        // Neighbors of this paper need no other reason.
        let neighbors = neighbors.into_iter().map(|near| Recommendation { reasons: Vec::new(), ..near }).collect();
        Ok::<_, Problem>(PaperPage {
            frame: PageFrame::of_papers(&reader, engine, "paper")?,
            back: address.to_string(),
            facts: facts(&paper),
            authors: AllAuthors::new(&paper),
            card,
            cards: paper_cards(neighbors, &votes, None, 1),
            map: PaperMap::new(&engine.cosines(&ids)?),
            colors,
            years,
        })
    });
    render_page(&page.await?)
}

impl AllAuthors {
    fn new(paper: &Paper) -> AllAuthors {
        let others = paper.authors.get(NAMED_AUTHORS..).unwrap_or_default();
        let (linked, rest) = others.split_at(others.len().min(MAX_AUTHOR_LINKS));
        AllAuthors {
            count: paper.authors.len(),
            linked: linked.iter().map(|name| AuthorLink::new(name)).collect(),
            rest: rest.join(", "),
        }
    }
}

/// What is known of a paper, on one line, with all categories and ids.
fn facts(paper: &Paper) -> String {
    let ids = paper.all_ids().filter(|id| !id.is_of_title()).map(|id| id.to_string());
    let categories = Some(paper.categories.join(", ")).filter(|categories| !categories.is_empty());
    present::facts(paper, &FACTS).into_iter().chain(categories).chain(ids).collect::<Vec<_>>().join(" · ")
}

/// Colors for the years of papers, the newest first: names of the colors, and the color of each paper.
fn year_colors<'p>(papers: impl Iterator<Item = &'p Paper>) -> (Vec<String>, Vec<usize>) {
    let of_papers: Vec<Option<i16>> =
        papers.map(|paper| paper.published.or(paper.listed).map(|date| date.year())).collect();
    let mut years: Vec<Option<i16>> = of_papers.clone();
    years.sort_by_key(|year| std::cmp::Reverse(*year));
    years.dedup();
    let color = |year: &Option<i16>| {
        let place = years.iter().position(|known| known == year).unwrap_or(0);
        place.min(YEAR_COLORS - 1)
    };
    let colors = of_papers.iter().map(color).collect();
    let name = |year: &Option<i16>| year.map_or("no date".to_owned(), |year| year.to_string());
    let mut names: Vec<String> = years.iter().take(YEAR_COLORS).map(name).collect();
    if years.len() > YEAR_COLORS
        && let Some(last) = names.last_mut()
    {
        "earlier".clone_into(last);
    }
    (names, colors)
}

/// Shows the BibTeX entry of a paper, as text that can be copied.
async fn show_bibtex(State(app): State<AppState>, Path(id): Path<String>) -> Result<Response, PageProblem> {
    let id = paper_id(&id)?;
    let paper = app.run(move |engine| find_paper(engine, &id)).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((headers, ExportFormat::Bibtex.write(&[paper])).into_response())
}

/// The papers that a reader likes, without this paper.
fn liked_by(profile: Option<&Profile>, id: &PaperId) -> Vec<HistoryItem> {
    let history = profile.iter().flat_map(|profile| &profile.history);
    let liked = history.filter(|entry| entry.kind.counts_for() && entry.id != *id);
    liked.map(|entry| HistoryItem::id(entry.id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_colors() {
        let colors_of = |years: &[i16]| {
            let paper = |year: &i16| -> Paper {
                let date = if *year > 0 { format!("\"{year}-01-01\"") } else { "null".to_owned() };
                serde_json::from_str(&format!(r#"{{"id":"a","title":"T","source":"s","published":{date}}}"#)).unwrap()
            };
            let papers: Vec<Paper> = years.iter().map(paper).collect();
            let (names, colors) = year_colors(papers.iter());
            (names.join(" "), colors)
        };
        assert_eq!(colors_of(&[2023, 2025, 0]), ("2025 2023 no date".to_owned(), vec![1, 0, 2]));
        let many = colors_of(&[2018, 2019, 2020, 2021, 2022, 2023]);
        assert_eq!(many, ("2023 2022 2021 2020 earlier".to_owned(), vec![4, 4, 3, 2, 1, 0]));
    }
}
