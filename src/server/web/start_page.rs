//! The first minute of a reader without a history: some papers of the library are chosen, known ones are pasted, or an
//! author's are looked for, and all of them make the first feed.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::feed_page::{FeedPageQuery, StartedFeed, feed_page};
use super::library_page::{ImportResult, read_papers};
use super::page_frame::{PageFrame, PageProblem, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes};
use super::search_words::SearchWords;
use crate::engine::{Engine, ImportItem, ImportOptions};
use crate::library::HistoryKind;
use crate::paper::{Paper, PaperId, RawPaper, one_line};
use crate::present::{self, PaperFact};
use crate::recommend::{MAX_NAME_LENGTH, Request, check_text};
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Papers of an author that are offered: the newest.
const AUTHOR_PAPERS: usize = 30;
/// Authors that are named of a paper, and what else is known of it.
const CARD_AUTHORS: usize = 1;
const FACTS: [PaperFact; 2] = [PaperFact::Date, PaperFact::Votes];
/// Papers that a reader begins with, at most: whoever has more imports them on the page of the library.
const MAX_STARTED: usize = 500;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/start", RouteAccess::Profile(Scope::Read), show_start).post(
        "/start",
        RouteAccess::Profile(Scope::Write),
        start,
    )
}

#[derive(Template)]
#[template(path = "start.html", config = "src/server/web/askama.toml")]
struct StartPage {
    frame: PageFrame,
    /// The number of papers in the library.
    papers: u64,
    /// The number of papers in the reader's history.
    history: usize,
    /// What is missing, or was not found.
    problems: Vec<String>,
    /// Chosen papers that are on no list below.
    picked: Vec<StartCard>,
    starters: Vec<StartCard>,
    /// The number of the page of starter papers, from 1, and how many there are.
    page: usize,
    pages: usize,
    /// Ids and titles, as they were typed.
    known: String,
    author: String,
    /// The author whose papers are offered.
    offered: String,
    by_author: Vec<StartCard>,
}

/// A paper that can be chosen.
struct StartCard {
    card: PaperCard,
    /// The first author, the day and the votes: what helps to choose, and no more.
    facts: Vec<String>,
    is_picked: bool,
}

/// What the form has, however often it was sent.
#[derive(Debug, Default, PartialEq)]
struct StartForm {
    /// Ids of chosen papers, each once, in the order in which the page has them.
    picks: Vec<PaperId>,
    /// Ids that are none.
    unreadable: Vec<String>,
    page: usize,
    known: String,
    author: String,
    offered: String,
    action: StartAction,
    profile: Option<String>,
}

/// What the button says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum StartAction {
    /// Begin.
    #[default]
    Start,
    /// Show other starter papers.
    Others,
    /// Show the papers of the author.
    Author,
}

impl StartForm {
    /// Reads the fields; `pick` is there once for each paper.
    fn read(fields: Vec<(String, String)>) -> StartForm {
        let mut form = StartForm { page: 1, ..StartForm::default() };
        let mut known = HashSet::new();
        for (name, value) in fields {
            match name.as_str() {
                "pick" => match PaperId::parse(&value) {
                    Ok(id) if known.insert(id.clone()) => form.picks.push(id),
                    Ok(_) => {}
                    Err(reason) => form.unreadable.push(format!("{value}: {reason}")),
                },
                "page" => form.page = value.parse().unwrap_or(1).max(1),
                "known" => form.known = value,
                "author" => form.author = one_line(&value),
                "offered" => form.offered = one_line(&value),
                "do" => {
                    form.action = match value.as_str() {
                        "others" => StartAction::Others,
                        "author" => StartAction::Author,
                        _ => StartAction::Start,
                    }
                }
                "profile" => form.profile = Some(value),
                _ => {}
            }
        }
        form
    }
}

#[derive(Deserialize)]
struct StartQuery {
    /// Chooses a profile, as on the feed.
    profile: Option<String>,
}

async fn show_start(
    State(app): State<AppState>,
    reader: PageReader,
    Query(StartQuery { profile }): Query<StartQuery>,
) -> Result<Response, PageProblem> {
    let page = app.run(move |engine| {
        let (reader, cookie) = match profile {
            Some(name) => reader.choose(engine, &name).map(|(reader, cookie)| (reader, Some(cookie)))?,
            None => (reader, None),
        };
        Ok::<_, Problem>((start_page(engine, &reader, StartForm::read(Vec::new()), Vec::new())?, cookie))
    });
    let (page, cookie) = page.await?;
    Ok((cookie.into_iter().fold(CookieJar::new(), CookieJar::add), render_page(&page)?).into_response())
}

/// The page with what was chosen and typed so far.
fn start_page(
    engine: &mut Engine,
    reader: &PageReader,
    form: StartForm,
    mut problems: Vec<String>,
) -> Result<StartPage, Problem> {
    let profile = reader.profile(engine)?;
    let votes = ReaderVotes::of(profile.as_ref());
    let is_read = |paper: &Paper| profile.iter().flat_map(|profile| &profile.history).any(|entry| entry.id == paper.id);
    let mut starters = engine.starter_page(form.page)?;
    if form.page > starters.pages {
        // After the last page comes the first.
        starters = engine.starter_page(1)?;
    }
    let by_author = match form.offered.is_empty() {
        true => Vec::new(),
        false => papers_by(engine, &form.offered)?,
    };
    let card = |paper: &Paper| {
        let words = SearchWords::default();
        let card = PaperCard::new(paper, &votes, &words);
        let facts = std::iter::once(present::byline_of(paper, CARD_AUTHORS)).chain(present::facts(paper, &FACTS));
        let facts = facts.filter(|fact| !fact.is_empty()).collect();
        StartCard { is_picked: form.picks.contains(&paper.id), facts, card }
    };
    // No paper is on the page twice.
    let by_author: Vec<Paper> = by_author.into_iter().filter(|paper| !is_read(paper)).collect();
    let starters_shown: Vec<Paper> = starters.papers.into_iter().filter(|paper| !is_read(paper)).collect();
    let shown: HashSet<&PaperId> = by_author.iter().chain(&starters_shown).map(|paper| &paper.id).collect();
    let mut picked = Vec::new();
    for id in form.picks.iter().filter(|id| !shown.contains(id)) {
        match engine.paper(id)? {
            Some(stored) => picked.push(card(&stored.paper)),
            None => problems.push(format!("{id}: no paper with this id in the library")),
        }
    }
    let is_by_author = |paper: &Paper| by_author.iter().any(|other| other.id == paper.id);
    Ok(StartPage {
        frame: PageFrame::new(reader, engine, "feed")?,
        papers: engine.library().paper_count()?,
        history: profile.as_ref().map_or(0, |profile| profile.history.len()),
        problems: problems.into_iter().chain(form.unreadable.iter().cloned()).collect(),
        picked,
        starters: starters_shown.iter().filter(|paper| !is_by_author(paper)).map(card).collect(),
        page: starters.page,
        pages: starters.pages,
        by_author: by_author.iter().map(card).collect(),
        known: form.known,
        author: form.author,
        offered: form.offered,
    })
}

/// The newest papers by an author, whose name may be written in any form.
fn papers_by(engine: &Engine, author: &str) -> Result<Vec<Paper>, Problem> {
    let request = Request { by: vec![author.to_owned()], limit: Some(AUTHOR_PAPERS), ..Request::default() };
    Ok(engine.recommend(&request)?.results.into_iter().map(|result| Arc::unwrap_or_clone(result.paper)).collect())
}

/// Shows other papers or those of an author; or makes a history of all that was chosen and typed, and shows the first feed.
/// What is missing is said on the same page, which keeps everything that was typed.
async fn start(
    State(app): State<AppState>,
    reader: PageReader,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageProblem> {
    let mut form = StartForm::read(fields);
    check_text("author", &form.author, MAX_NAME_LENGTH)?;
    check_text("author", &form.offered, MAX_NAME_LENGTH)?;
    let changed = app.clone();
    let answer = app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, form.profile.as_deref())?;
        let mut problems = Vec::new();
        let asks_author = form.action == StartAction::Author;
        let is_new_author = form.author != form.offered;
        if asks_author || is_new_author {
            form.offered = form.author.clone();
            if form.author.is_empty() && asks_author {
                problems.push("Type the name of an author.".to_owned());
            } else if !form.author.is_empty() && papers_by(engine, &form.author)?.is_empty() {
                problems.push(format!("No paper by “{}” is in the library.", form.author));
                form.offered = String::new();
            }
        }
        if form.action == StartAction::Others {
            form.page = form.page.saturating_add(1);
        }
        // Whoever names an author chooses among the papers before anything begins.
        let is_offered = is_new_author && !form.offered.is_empty();
        if form.action != StartAction::Start || is_offered {
            return Ok(Ok(start_page(engine, &reader, form, problems)?));
        }
        let before = reader.profile(engine)?.map_or(0, |profile| profile.history.len());
        match started(engine, &name, &form)? {
            Ok(mut result) => {
                changed.library_changed();
                result.unreadable.extend(problems);
                let page = feed_page(engine, &reader, FeedPageQuery::default())?;
                Ok::<_, Problem>(Err(page.after_start(StartedFeed { imported: result, before })))
            }
            Err(reasons) => {
                problems.extend(reasons);
                Ok(Ok(start_page(engine, &reader, form, problems)?))
            }
        }
    });
    match answer.await? {
        Ok(page) => {
            // Without a problem it is what the button says.
            let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok((status, render_page(&page)?).into_response())
        }
        Err(feed) => render_page(&feed),
    }
}

/// Makes a history of what was chosen and typed; or says why there is none, and changes nothing.
fn started(engine: &mut Engine, profile: &str, form: &StartForm) -> Result<Result<ImportResult, Vec<String>>, Problem> {
    let picked = |id: &PaperId| ImportItem {
        paper: RawPaper { id: Some(id.to_string()), ..RawPaper::default() },
        ..ImportItem::default()
    };
    let mut items: Vec<ImportItem> = form.picks.iter().map(picked).collect();
    let mut unreadable = form.unreadable.clone();
    if !form.known.trim().is_empty() {
        let (read, errors) = read_known(&form.known);
        items.extend(read);
        unreadable.extend(errors);
    }
    if items.len() > MAX_STARTED {
        let reason = format!("{} papers are more than {MAX_STARTED}: import them on the page “Library”.", items.len());
        return Ok(Err(vec![reason]));
    }
    // A title with a typo would be liked as it is: what was not found is named instead.
    let (kind, at) = (HistoryKind::Like, engine.today());
    let options = ImportOptions { kind, weight: 1.0, at, dry_run: false, library_only: true };
    // An import that finds nothing changes nothing.
    let summary = engine.import(profile, &items, options)?;
    let found = summary.added() + summary.already_in_history;
    let result = ImportResult { summary, kind, unreadable };
    if found == 0 {
        let nothing = match items.is_empty() {
            true => "Choose a paper, paste an id or a title, or name an author.",
            false => "None of these papers was found: choose one of the list, or paste others.",
        };
        return Ok(Err(std::iter::once(nothing.to_owned()).chain(result.errors()).collect()));
    }
    Ok(Ok(result))
}

/// Reads what was pasted: as a whole, in any format of an import; or else each line for itself, so that one that cannot be
/// read takes no other with it. Also returns why some could not be read.
fn read_known(text: &str) -> (Vec<ImportItem>, Vec<String>) {
    let whole = read_papers(vec![("the text".to_owned(), text.as_bytes().to_vec())]);
    if !whole.0.is_empty() {
        return whole;
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).take(MAX_STARTED + 1);
    read_papers(lines.map(|(number, line)| (format!("line {number}"), line.as_bytes().to_vec())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> StartForm {
        StartForm::read(fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    #[test]
    fn a_line_that_cannot_be_read_takes_no_other_with_it() {
        let (items, errors) = read_known("2401.00001\r\n\r\n<b>\nLamps of glass\n");
        assert_eq!((items.len(), errors.len()), (2, 1), "{errors:?}");
        assert!(errors[0].starts_with("line 3"), "{errors:?}");
        assert_eq!(items[1].paper.title, "Lamps of glass");
        assert_eq!(read_known("2401.00001\n2401.00002").0.len(), 2);
    }

    #[test]
    fn a_form_keeps_what_was_chosen_once() {
        let form = read(&[("pick", "2401.00001"), ("pick", "arXiv:2401.00001v2"), ("pick", "mine"), ("page", "3")]);
        let ids: Vec<&str> = form.picks.iter().map(PaperId::as_str).collect();
        assert_eq!((ids, form.page, form.action), (vec!["2401.00001", "mine"], 3, StartAction::Start));
        let form = read(&[("pick", ""), ("page", "x"), ("do", "others"), ("author", " Ada\n Oak "), ("else", "1")]);
        assert_eq!((form.picks.len(), form.unreadable.len(), form.page), (0, 1, 1));
        assert_eq!((form.action, form.author.as_str()), (StartAction::Others, "Ada Oak"));
    }
}
