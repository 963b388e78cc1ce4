//! What is new for the reader.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::entry::{PaperCard, ReaderVotes, entries};
use super::frame::{PageFrame, PageProblem, PageReader, back_to, show};
use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::error::Result;
use crate::paper::PaperId;
use crate::recommend::Request;
use crate::server::AppState;

/// Papers of a feed.
const PAPERS: usize = 25;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/", get(feed)).route("/done", post(done))
}

#[derive(Template)]
#[template(path = "feed.html", config = "src/server/pages/askama.toml")]
struct FeedPage {
    frame: PageFrame,
    /// Where votes lead back to.
    back: &'static str,
    /// Papers of the library.
    papers: u64,
    /// Whether the reader has a history.
    known: bool,
    again: bool,
    /// What was done in place of what was asked.
    note: Option<String>,
    entries: Vec<PaperCard>,
    /// The library's generation.
    generation: u64,
}

impl FeedPage {
    /// Ids of the papers, one a line.
    fn shown(&self) -> String {
        self.entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Deserialize)]
struct FeedPageQuery {
    again: Option<String>,
}

async fn feed(
    State(app): State<AppState>,
    reader: PageReader,
    Query(asked): Query<FeedPageQuery>,
) -> Result<Response, PageProblem> {
    let again = asked.again.is_some();
    let page = app.ask(move |engine| {
        let frame = reader.frame(engine, "feed")?;
        let profile = reader.profile(engine)?;
        let papers = engine.library().summary()?.papers;
        let look = if again { FeedMode::Last } else { FeedMode::Peek };
        let answer = match &profile {
            Some(profile) => engine.feed(&profile.name, &options(look))?,
            // Recent and much voted papers to begin with.
            None => engine.recommend(&Request { limit: Some(PAPERS), ..Request::default() })?,
        };
        Ok::<_, crate::Error>(FeedPage {
            frame,
            back: if again { "/?again=1" } else { "/" },
            papers,
            known: profile.as_ref().is_some_and(|profile| !profile.history.is_empty()),
            again,
            note: answer.note,
            generation: answer.generation,
            entries: entries(answer.results, &ReaderVotes::by(profile.as_ref()), None),
        })
    });
    show(&page.await?)
}

/// What the page had that was read.
#[derive(Deserialize)]
struct MarkSeenForm {
    generation: u64,
    /// Ids, one a line.
    papers: String,
}

/// The feed was read: what it showed stays away. What was added since is still new.
async fn done(
    State(app): State<AppState>,
    reader: PageReader,
    Form(seen): Form<MarkSeenForm>,
) -> Result<Response, PageProblem> {
    app.ask(move |engine: &mut Engine| {
        let Some(profile) = reader.profile(engine)? else { return Ok(()) };
        let papers: Vec<PaperId> = seen.papers.lines().take(PAPERS).filter_map(|id| PaperId::parse(id).ok()).collect();
        let newest = engine.library().generation()?.max(profile.last_seen_generation);
        // A page of before the last look brings nothing back.
        let generation = seen.generation.clamp(profile.last_seen_generation, newest);
        engine.mark_feed_seen(&profile.name, &papers, generation)
    })
    .await?;
    Ok(back_to("/"))
}

fn options(look: FeedMode) -> FeedOptions {
    FeedOptions { mode: look, request: Request { limit: Some(PAPERS), ..Request::default() }, ..FeedOptions::default() }
}
