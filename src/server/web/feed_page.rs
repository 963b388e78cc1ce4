//! The feed: what is new for the reader.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, redirect_to, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, paper_cards};
use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::paper::PaperId;
use crate::recommend::Request;
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Maximum number of papers on the page.
const PAGE_PAPERS: usize = 25;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/", RouteAccess::Private(Scope::Read), show_feed).post(
        "/done",
        RouteAccess::Private(Scope::Write),
        mark_seen,
    )
}

#[derive(Template)]
#[template(path = "feed.html", config = "src/server/web/askama.toml")]
struct FeedPage {
    frame: PageFrame,
    /// Where votes return to.
    back: &'static str,
    /// The number of papers in the library.
    papers: u64,
    /// Whether the reader has a reading history.
    has_history: bool,
    again: bool,
    /// Why the feed is not what was requested.
    note: Option<String>,
    cards: Vec<PaperCard>,
    /// The generation of the library.
    generation: u64,
}

impl FeedPage {
    /// The ids of the papers, one per line.
    fn paper_ids(&self) -> String {
        self.cards.iter().map(|card| card.id.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Deserialize)]
struct FeedPageQuery {
    again: Option<String>,
    /// Chooses a profile: an address with it can be bookmarked.
    profile: Option<String>,
}

async fn show_feed(
    State(app): State<AppState>,
    reader: PageReader,
    Query(query): Query<FeedPageQuery>,
) -> Result<Response, PageProblem> {
    let again = query.again.is_some();
    let page = app.run(move |engine| {
        let (reader, cookie) = match &query.profile {
            Some(name) => reader.choose(engine, name).map(|(reader, cookie)| (reader, Some(cookie)))?,
            None => (reader, None),
        };
        let frame = PageFrame::new(&reader, engine, "feed")?;
        let profile = reader.profile(engine)?;
        let papers = engine.summary()?.papers;
        let mode = if again { FeedMode::Last } else { FeedMode::Peek };
        let answer = match &profile {
            Some(profile) => engine.feed(&profile.name, &feed_options(mode))?,
            // To start with, recent papers with many votes.
            None => engine.recommend(&Request { limit: Some(PAGE_PAPERS), ..Request::default() })?,
        };
        let page = FeedPage {
            frame,
            back: if again { "/?again=1" } else { "/" },
            papers,
            has_history: profile.as_ref().is_some_and(|profile| !profile.history.is_empty()),
            again,
            note: answer.note.clone(),
            generation: answer.generation,
            cards: paper_cards(answer.into_all_results(), &ReaderVotes::of(profile.as_ref()), None),
        };
        Ok::<_, Problem>((page, cookie))
    });
    let (page, cookie) = page.await?;
    let cookies = cookie.into_iter().fold(CookieJar::new(), CookieJar::add);
    Ok((cookies, render_page(&page)?).into_response())
}

/// What the page contained.
#[derive(Deserialize)]
struct MarkSeenForm {
    generation: u64,
    /// Ids, one per line.
    papers: String,
    /// The profile of the page.
    profile: Option<String>,
}

/// Marks the papers of the page as seen. Papers that were added since are still new.
async fn mark_seen(
    State(app): State<AppState>,
    reader: PageReader,
    Form(seen): Form<MarkSeenForm>,
) -> Result<Response, PageProblem> {
    app.run(move |engine: &mut Engine| {
        reader.profile_name_of_form(engine, seen.profile.as_deref())?;
        let Some(profile) = reader.profile(engine)? else { return Ok(()) };
        let papers: Vec<PaperId> =
            seen.papers.lines().take(PAGE_PAPERS).filter_map(|id| PaperId::parse(id).ok()).collect();
        let newest = engine.generation_id()?.generation.max(profile.last_seen_generation);
        // A page that is older than the last visit brings nothing back.
        let generation = seen.generation.clamp(profile.last_seen_generation, newest);
        Ok::<_, Problem>(engine.mark_feed_seen(&profile.name, &papers, generation)?)
    })
    .await?;
    Ok(redirect_to("/"))
}

fn feed_options(mode: FeedMode) -> FeedOptions {
    let request = Request { limit: Some(PAGE_PAPERS), ..Request::default() };
    FeedOptions { mode, request, backfill: true, ..FeedOptions::default() }
}
