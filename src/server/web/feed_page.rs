//! The feed: what is new for the reader.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::feed_groups::{FeedGroup, feed_groups};
use super::library_page::ImportResult;
use super::page_frame::{PageFrame, PageProblem, redirect_to, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, paper_cards, percent_encoded};
use super::profiles_page::feed_links;
use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::library::Profile;
use crate::paper::{PaperId, one_line};
use crate::present::BEST_OF_LIBRARY;
use crate::recommend::{InterestShare, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Papers on a page: two screens, and less than 30 KB.
const PAGE_PAPERS: usize = 10;
/// Pages that a feed has at most: the papers behind them come when those before them are seen.
const MAX_PAGES: usize = 50;

pub(super) fn routes() -> GuardedRouter {
    let write = RouteAccess::Profile(Scope::Write);
    GuardedRouter::new()
        .get("/", RouteAccess::Profile(Scope::Read), show_feed)
        .post("/done", write, mark_seen)
        .post("/unseen", write, mark_unseen)
        .post("/interest", write, name_interest)
}

#[derive(Template)]
#[template(path = "feed.html", config = "src/server/web/askama.toml")]
pub(super) struct FeedPage {
    frame: PageFrame,
    /// What the reader has just begun with.
    started: Option<StartedFeed>,
    /// Where votes return to.
    back: String,
    /// The number of papers in the library.
    papers: u64,
    /// Whether the reader has a reading history.
    has_history: bool,
    again: bool,
    /// Why the feed is not what was requested.
    note: Option<String>,
    /// The interests of the history; none when it has only one.
    tabs: Vec<InterestTab>,
    /// The interest that it is the feed of: the others have news that the reader has not seen.
    interest: Option<InterestShare>,
    /// Format names and URLs of the feed of this interest, for those who may change it.
    feeds: Vec<(&'static str, String)>,
    /// The interest that a vote on the page goes to; empty for none.
    vote_interest: String,
    groups: Vec<CardGroup>,
    /// Pages before and after this one.
    previous: Option<String>,
    next: Option<String>,
    /// What was marked as seen just now.
    marked: Option<MarkedPapers>,
    /// The generation of the library.
    generation: u64,
}

/// The feed of one interest, or of all.
struct InterestTab {
    label: String,
    /// Percent of the history.
    share: String,
    address: String,
    is_chosen: bool,
}

/// Cards under a heading.
struct CardGroup {
    heading: String,
    interest: String,
    cards: Vec<PaperCard>,
    /// How many papers of the page are in this group and in those above it.
    above: usize,
}

/// What a reader has begun with.
pub(super) struct StartedFeed {
    pub imported: ImportResult,
    /// Papers of the history before that.
    pub before: usize,
}

impl FeedPage {
    /// The same page, with what the reader has just begun with.
    pub(super) fn after_start(self, started: StartedFeed) -> FeedPage {
        FeedPage { started: Some(started), ..self }
    }

    /// The ids of the papers, one per line.
    fn paper_ids(&self) -> String {
        let cards = self.groups.iter().flat_map(|group| &group.cards);
        cards.map(|card| card.id.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Default, Deserialize)]
pub(super) struct FeedPageQuery {
    again: Option<String>,
    /// Chooses a profile: an address with it can be bookmarked.
    profile: Option<String>,
    page: Option<usize>,
    /// Shows what is new for this interest.
    interest: Option<String>,
    /// Papers that were marked as seen just now, which can be undone.
    seen: Option<String>,
    /// The looks at the feed before that, if the whole feed was marked.
    looks: Option<String>,
}

/// Papers that were marked as seen.
#[derive(Default, Deserialize)]
#[serde(default)]
struct MarkedPapers {
    /// Ids, one per line.
    papers: String,
    /// See [`looks_of`]; empty when some papers were marked, not the whole feed.
    looks: String,
    /// The profile of the page.
    profile: Option<String>,
}

impl MarkedPapers {
    fn count(&self) -> usize {
        self.papers.lines().count()
    }

    fn ids(&self) -> Vec<PaperId> {
        self.papers.lines().take(PAGE_PAPERS).filter_map(|id| PaperId::parse(id).ok()).collect()
    }
}

async fn show_feed(
    State(app): State<AppState>,
    reader: PageReader,
    Query(query): Query<FeedPageQuery>,
) -> Result<Response, PageProblem> {
    let page = app.run(move |engine| {
        let (reader, cookie) = match &query.profile {
            Some(name) => reader.choose(engine, name).map(|(reader, cookie)| (reader, Some(cookie)))?,
            None => (reader, None),
        };
        Ok::<_, Problem>((feed_page(engine, &reader, query)?, cookie))
    });
    let (page, cookie) = page.await?;
    let cookies = cookie.into_iter().fold(CookieJar::new(), CookieJar::add);
    Ok((cookies, render_page(&page)?).into_response())
}

/// The page of the feed, or of the feed of an interest.
pub(super) fn feed_page(engine: &mut Engine, reader: &PageReader, query: FeedPageQuery) -> Result<FeedPage, Problem> {
    let again = query.again.is_some();
    let number = query.page.unwrap_or(1).clamp(1, MAX_PAGES);
    let profile = reader.profile(engine)?;
    // One more tells whether there is a next page.
    let interests = match &profile {
        Some(profile) if !again => engine.interests(&profile.name)?,
        _ => Vec::new(),
    };
    // The label of a found interest changes with the history.
    let interest = interests.iter().find(|interest| query.interest.as_ref() == Some(&interest.label)).cloned();
    let label = interest.as_ref().map(|interest| interest.label.clone());
    let missing = query.interest.as_ref().filter(|_| interest.is_none() && !again);
    let missing =
        missing.map(|label| format!("You have no interest “{}” now: this is the feed of all.", one_line(label)));
    let address = FeedAddress { again, interest: label.clone() };
    let request = Request { limit: Some(number * PAGE_PAPERS + 1), interest: label.clone(), ..Request::default() };
    let answer = match &profile {
        Some(profile) => {
            let mode = if again { FeedMode::Last } else { FeedMode::Peek };
            engine.feed(&profile.name, &FeedOptions { mode, request, ..FeedOptions::default() })?
        }
        // To start with, recent papers with many votes.
        None => engine.recommend(&request)?,
    };
    let (note, generation, new_papers) =
        (missing.or_else(|| answer.note.clone()), answer.generation, answer.results.len());
    let mut results = answer.into_all_results();
    let next = (results.len() > number * PAGE_PAPERS && number < MAX_PAGES).then(|| address.of_page(number + 1));
    results.truncate(number * PAGE_PAPERS);
    let first = results.len().min((number - 1) * PAGE_PAPERS);
    let best = results.split_off(new_papers.clamp(first, results.len()));
    let mut groups = feed_groups(results.split_off(first.min(results.len())), engine.today());
    if !best.is_empty() {
        groups.push(FeedGroup { heading: BEST_OF_LIBRARY.to_owned(), interest: String::new(), results: best });
    }
    let votes = ReaderVotes::of(profile.as_ref());
    let groups = card_groups(groups, &votes);
    let feeds = match (&profile, &interest) {
        (Some(profile), Some(interest)) if interest.is_named => feed_links(reader, profile, Some(&interest.label)),
        _ => Vec::new(),
    };
    let looks = query.looks.unwrap_or_default();
    let marked = query.seen.map(|papers| MarkedPapers { papers, looks, profile: None });
    Ok(FeedPage {
        frame: PageFrame::new(reader, engine, "feed")?,
        back: address.of_page(number),
        papers: engine.library().paper_count()?,
        has_history: profile.is_some_and(|profile| !profile.history.is_empty()),
        again,
        note,
        groups,
        previous: (number > 1).then(|| address.of_page(number - 1)),
        started: None,
        feeds,
        tabs: interest_tabs(&interests, label.as_deref()),
        vote_interest: interest
            .as_ref()
            .filter(|interest| interest.is_named)
            .map_or(String::new(), |interest| interest.label.clone()),
        interest,
        next,
        marked,
        generation,
    })
}

fn card_groups(groups: Vec<FeedGroup>, votes: &ReaderVotes) -> Vec<CardGroup> {
    let mut above = 0;
    let cards = |FeedGroup { heading, interest, results }: FeedGroup| {
        let first = above + 1;
        above += results.len();
        CardGroup { heading, interest, cards: paper_cards(results, votes, None, first), above }
    };
    groups.into_iter().map(cards).collect()
}

/// What the pages of a feed have in common.
struct FeedAddress {
    again: bool,
    interest: Option<String>,
}

impl FeedAddress {
    /// The address of a page.
    fn of_page(&self, number: usize) -> String {
        let interest = self.interest.as_ref().map(|label| format!("interest={}", percent_encoded(label)));
        let fields =
            [self.again.then(|| "again=1".to_owned()), interest, (number > 1).then(|| format!("page={number}"))];
        let fields: Vec<String> = fields.into_iter().flatten().collect();
        if fields.is_empty() { "/".to_owned() } else { format!("/?{}", fields.join("&")) }
    }
}

/// A tab for all interests and for each of them; none for a history of one.
fn interest_tabs(interests: &[InterestShare], chosen: Option<&str>) -> Vec<InterestTab> {
    if interests.len() < 2 {
        return Vec::new();
    }
    let all = InterestTab {
        label: "All".to_owned(),
        share: String::new(),
        address: "/".to_owned(),
        is_chosen: chosen.is_none(),
    };
    let tab = |InterestShare { label, share, .. }: &InterestShare| InterestTab {
        share: format!("{:.0}%", 100.0 * share),
        address: FeedAddress { again: false, interest: Some(label.clone()) }.of_page(1),
        is_chosen: chosen == Some(label),
        label: label.clone(),
    };
    std::iter::once(all).chain(interests.iter().map(tab)).collect()
}

/// What the page contained.
#[derive(Deserialize)]
struct MarkSeenForm {
    generation: u64,
    /// Ids, one per line.
    papers: String,
    /// How many of them: those above the button. Without it the whole feed is marked, as far as it was known to the page.
    above: Option<usize>,
    /// The profile of the page.
    profile: Option<String>,
}

/// Marks papers of the page, or the whole feed, as seen. Papers that were added since are still new.
async fn mark_seen(
    State(app): State<AppState>,
    reader: PageReader,
    Form(seen): Form<MarkSeenForm>,
) -> Result<Response, PageProblem> {
    let address = app.run(move |engine: &mut Engine| {
        reader.profile_name_of_form(engine, seen.profile.as_deref())?;
        let Some(profile) = reader.profile(engine)? else { return Ok("/".to_owned()) };
        let count = seen.above.unwrap_or(PAGE_PAPERS).min(PAGE_PAPERS);
        let lines = seen.papers.lines().take(count);
        let papers: Vec<PaperId> = lines.filter_map(|id| PaperId::parse(id).ok()).collect();
        let looks = match seen.above {
            Some(_) => {
                engine.record_impressions(&profile.name, &papers, engine.today())?;
                String::new()
            }
            None => {
                let newest = engine.generation_id()?.generation.max(profile.last_seen_generation);
                // A page that is older than the last visit brings nothing back.
                let generation = seen.generation.clamp(profile.last_seen_generation, newest);
                engine.mark_feed_seen(&profile.name, &papers, generation)?;
                format!("&looks={}", looks_of(&profile))
            }
        };
        let papers: Vec<&str> = papers.iter().map(PaperId::as_str).collect();
        Ok::<_, Problem>(format!("/?seen={}{looks}", percent_encoded(&papers.join("\n"))))
    });
    Ok(redirect_to(&address.await?))
}

/// The generations of the last two looks at the feed.
fn looks_of(profile: &Profile) -> String {
    format!("{}-{}", profile.last_seen_generation, profile.previous_seen_generation)
}

/// Takes back that papers were marked as seen.
async fn mark_unseen(
    State(app): State<AppState>,
    reader: PageReader,
    Form(marked): Form<MarkedPapers>,
) -> Result<Response, PageProblem> {
    app.run(move |engine: &mut Engine| {
        let name = reader.profile_name_of_form(engine, marked.profile.as_deref())?;
        let looks = marked.looks.split_once('-');
        let looks = looks.and_then(|(last, before)| Some([last.parse().ok()?, before.parse().ok()?]));
        Ok::<_, Problem>(engine.mark_feed_unseen(&name, &marked.ids(), looks)?)
    })
    .await?;
    Ok(redirect_to("/"))
}

#[derive(Deserialize)]
struct InterestForm {
    /// What it is called now.
    interest: String,
    /// What it is called from now on.
    #[serde(default)]
    name: String,
    /// Whether it is called nothing from now on.
    unname: Option<String>,
    /// The profile of the page.
    profile: Option<String>,
}

/// Names an interest, and goes to its feed.
async fn name_interest(
    State(app): State<AppState>,
    reader: PageReader,
    Form(InterestForm { interest, name, unname, profile }): Form<InterestForm>,
) -> Result<Response, PageProblem> {
    let name = if unname.is_some() { String::new() } else { one_line(&name) };
    let label = (!name.is_empty()).then(|| name.clone());
    app.run(move |engine: &mut Engine| {
        let profile = reader.profile_name_of_form(engine, profile.as_deref())?;
        Ok::<_, Problem>(engine.name_interest(&profile, &interest, Some(&name))?)
    })
    .await?;
    Ok(redirect_to(&FeedAddress { again: false, interest: label }.of_page(1)))
}
