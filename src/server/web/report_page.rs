//! The report of the library: its map, its groups, and the papers of a group.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, redirect_to, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, percent_encoded};
use super::search_words::SearchWords;
use crate::engine::{Engine, ImportItem, ImportOptions, PaperSelection};
use crate::library::{HistoryKind, PaperFilter};
use crate::paper::RawPaper;
use crate::report::{GroupedPaper, ReportOptions, StoredGroup, StoredReport};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::PathParam;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::{AppState, ReportJob, ReportOrder, ReportState};

/// Papers of a group on a page.
const PAGE_PAPERS: usize = 20;
/// Typical papers of a group that are added to the history of who follows it.
const FOLLOWED_PAPERS: usize = 10;

pub(super) fn routes() -> GuardedRouter {
    let (read, write) = (RouteAccess::Private(Scope::Read), RouteAccess::Private(Scope::Write));
    GuardedRouter::new()
        .get("/report", read, show_report)
        .post("/report/make", write, make_report)
        .get("/report/{id}/{level}/{number}", read, show_group)
        .post("/report/follow", write, follow_group)
}

#[derive(Template)]
#[template(path = "report.html", config = "src/server/web/askama.toml")]
struct ReportPage {
    frame: PageFrame,
    /// The ID of the newest report of the library.
    report: Option<String>,
    /// The report that is being made, with percents of its phase.
    making: Option<(ReportJob, u32)>,
    /// Why the last report could not be made.
    problem: Option<String>,
    /// Whether papers were added since the report was made.
    is_old: bool,
    /// The coarsest groups, each with those within it.
    groups: Vec<(GroupLine, Vec<GroupLine>)>,
}

/// A group in a list.
struct GroupLine {
    name: String,
    papers: u32,
    trend: String,
    /// The path of its page.
    page: String,
}

#[derive(Template)]
#[template(path = "report_group.html", config = "src/server/web/askama.toml")]
struct GroupPage {
    frame: PageFrame,
    report: String,
    level: usize,
    group: StoredGroup,
    /// The name and the path of the group that it is part of.
    parent: Option<(String, String)>,
    groups: Vec<GroupLine>,
    back: String,
    cards: Vec<PaperCard>,
    previous: Option<String>,
    next: Option<String>,
}

async fn show_report(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let reports = app.clone();
    let page = app.run(move |engine| report_page(&reports, engine, &reader));
    render_page(&page.await?)
}

fn report_page(app: &AppState, engine: &Engine, reader: &PageReader) -> Result<ReportPage, Problem> {
    let reports = app.reports();
    let newest = |state| reports.newest_of_library(state);
    let making = newest(ReportState::Running).or_else(|| newest(ReportState::Waiting));
    // One whose files were damaged since is passed over.
    let finished = reports.jobs().into_iter().filter(|job| job.is_of_library && job.state == ReportState::Finished);
    let found = finished.filter_map(|job| Some((reports.read(&job.id).ok()?, job.id))).next();
    let last = reports.jobs().into_iter().find(|job| job.is_of_library);
    let generation = engine.generation_id()?.generation;
    let groups = found.as_ref().map(|(stored, id)| group_lines(id, stored)).unwrap_or_default();
    Ok(ReportPage {
        frame: PageFrame::of_papers(reader, engine, "report")?,
        making: making.map(|job| {
            let percent = (job.progress * 100.0) as u32;
            (job, percent)
        }),
        problem: last.and_then(|job| job.problem),
        is_old: found.as_ref().is_some_and(|(stored, _)| stored.generation != generation),
        groups,
        report: found.map(|(_, id)| id),
    })
}

fn group_lines(report: &str, stored: &StoredReport) -> Vec<(GroupLine, Vec<GroupLine>)> {
    let coarsest = stored.levels.first().into_iter().flatten();
    let with_parts = |group: &StoredGroup| (GroupLine::new(report, group), parts(report, stored, group));
    coarsest.map(with_parts).collect()
}

/// The groups of the next finer level that a group consists of.
fn parts(report: &str, stored: &StoredReport, group: &StoredGroup) -> Vec<GroupLine> {
    let finer = stored.levels.get(group.level).into_iter().flatten();
    finer.filter(|part| part.parent == Some(group.number)).map(|part| GroupLine::new(report, part)).collect()
}

impl GroupPage {
    fn name(&self) -> String {
        shown_name(&self.group)
    }
}

impl GroupLine {
    fn new(report: &str, group: &StoredGroup) -> GroupLine {
        GroupLine {
            name: shown_name(group),
            papers: group.papers,
            // Others are no news.
            trend: Some(group.trend.as_str())
                .filter(|trend| !["steady", "unknown"].contains(trend))
                .unwrap_or_default()
                .to_owned(),
            page: group_path(report, group.level, group.number),
        }
    }
}

fn shown_name(group: &StoredGroup) -> String {
    if group.name.is_empty() { format!("Group {}", group.number) } else { group.name.clone() }
}

fn group_path(report: &str, level: usize, number: u32) -> String {
    format!("/report/{report}/{level}/{number}")
}

/// Asks for a report of the library, unless one is being made.
async fn make_report(State(app): State<AppState>) -> Result<Response, PageProblem> {
    let reports = app.reports();
    let is_made = [ReportState::Waiting, ReportState::Running].map(|state| reports.newest_of_library(state).is_some());
    if !is_made.contains(&true) {
        let selection = PaperSelection::new(PaperFilter::default());
        reports.order(ReportOrder { selection, options: ReportOptions::default(), against: None })?;
    }
    Ok(redirect_to("/report"))
}

#[derive(Deserialize)]
struct GroupQuery {
    page: Option<usize>,
}

async fn show_group(
    State(app): State<AppState>,
    reader: PageReader,
    PathParam((report, level, number)): PathParam<(String, usize, u32)>,
    Query(GroupQuery { page }): Query<GroupQuery>,
) -> Result<Response, PageProblem> {
    let reports = app.clone();
    let page = app.run(move |engine| {
        let stored = reports.reports().read(&report)?;
        let group = found_group(&stored, level, number)?.clone();
        let papers = stored.papers_of(level - 1, number);
        let pages = papers.len().div_ceil(PAGE_PAPERS).max(1);
        let shown = page.unwrap_or(1).clamp(1, pages);
        let votes = ReaderVotes::of(reader.profile_if_decided(engine)?.as_ref());
        let words = SearchWords::default();
        let mut cards = Vec::new();
        let of_page = papers.into_iter().skip((shown - 1) * PAGE_PAPERS).take(PAGE_PAPERS);
        for (place, GroupedPaper { id, .. }) in (1..).zip(of_page) {
            // A paper can be gone since the report was made.
            let card = engine.paper(id)?.map(|stored| PaperCard::new(&stored.paper, &votes, &words));
            cards.extend(card.map(|card| PaperCard { anchor: format!("p{place}"), ..card }));
        }
        let parent = group.parent.and_then(|parent| stored.group((level - 1).checked_sub(1)?, parent));
        let path = group_path(&report, level, number);
        let address = |page: usize| format!("{path}?page={page}");
        Ok::<_, Problem>(GroupPage {
            frame: PageFrame::of_papers(&reader, engine, "report")?,
            level,
            parent: parent.map(|group| (shown_name(group), group_path(&report, group.level, group.number))),
            groups: parts(&report, &stored, &group),
            group,
            back: address(shown),
            cards,
            previous: (shown > 1).then(|| address(shown - 1)),
            next: (shown < pages).then(|| address(shown + 1)),
            report,
        })
    });
    render_page(&page.await?)
}

fn found_group(stored: &StoredReport, level: usize, number: u32) -> Result<&StoredGroup, Problem> {
    let group = level.checked_sub(1).and_then(|level| stored.group(level, number));
    group.ok_or_else(|| Problem::new(ProblemCode::ReportNotFound, "the report has no such group"))
}

#[derive(Deserialize)]
struct FollowForm {
    report: String,
    level: usize,
    number: u32,
    /// The profile of the page.
    profile: Option<String>,
}

/// Adds a group to the interests of the reader, with its most typical papers, and goes to the feed of this interest.
async fn follow_group(
    State(app): State<AppState>,
    reader: PageReader,
    Form(FollowForm { report, level, number, profile }): Form<FollowForm>,
) -> Result<Response, PageProblem> {
    let reports = app.clone();
    let interest = app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, profile.as_deref())?;
        let stored = reports.reports().read(&report)?;
        let group = found_group(&stored, level, number)?;
        let item = |paper: &GroupedPaper| ImportItem {
            paper: RawPaper { id: Some(paper.id.to_string()), title: paper.title.clone(), ..RawPaper::default() },
            added: None,
            interest: Some(shown_name(group)),
            kind: None,
            weight: None,
        };
        let typical = stored.typical_papers(level - 1, number, FOLLOWED_PAPERS);
        let items: Vec<ImportItem> = typical.into_iter().map(item).collect();
        let options = ImportOptions {
            kind: HistoryKind::Like,
            weight: 1.0,
            at: engine.today(),
            dry_run: false,
            library_only: false,
        };
        engine.import(&name, &items, options)?;
        Ok::<_, Problem>(shown_name(group))
    });
    Ok(redirect_to(&format!("/?interest={}", percent_encoded(&interest.await?))))
}
