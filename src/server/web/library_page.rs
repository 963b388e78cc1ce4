//! The reader's library: what was saved, liked and read; import and export.

use askama::Template;
use axum::Form;
use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::page_frame::{PageFrame, PageProblem, redirect_to, render_page};
use super::page_reader::PageReader;
use super::paper_card::paper_path;
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary};
use crate::error::Error;
use crate::formats::{ExportFormat, ReadOptions};
use crate::import::{self, ImportedHistory, ImportedPaper};
use crate::library::{HistoryEntry, HistoryKind, ProfilePaper};
use crate::paper::Paper;
use crate::present;
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::too_large;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Maximum number of papers per import.
const MAX_IMPORT: usize = 10_000;
/// Maximum number of errors that the page shows.
const MAX_ERRORS: usize = 20;

pub(super) fn routes() -> GuardedRouter {
    let read = RouteAccess::Profile(Scope::Read);
    GuardedRouter::new()
        .get("/library", read, show_library)
        .post("/library/import", RouteAccess::Profile(Scope::Write), import)
        .post("/library/undo-import", RouteAccess::Profile(Scope::Write), undo_import)
        .get("/library/export.jsonl", read, export_jsonl)
        .get("/library/export.bib", read, export_bibtex)
}

#[derive(Template)]
#[template(path = "library.html", config = "src/server/web/askama.toml")]
struct LibraryPage {
    frame: PageFrame,
    groups: Vec<VoteGroup>,
    imported: Option<ImportResult>,
}

/// The result of an import.
pub(super) struct ImportResult {
    pub summary: ImportSummary,
    pub kind: HistoryKind,
    /// Why some papers could not be read.
    pub unreadable: Vec<String>,
}

impl ImportResult {
    /// The number of papers that are stored until the library has them.
    pub(super) fn stored_count(&self) -> usize {
        self.summary.unmatched.iter().filter(|unmatched| unmatched.stored).count()
    }

    /// Papers that could not be read and papers that are not in the library, with the reasons: the first ones.
    pub(super) fn errors(&self) -> Vec<String> {
        let unmatched = self.summary.unmatched.iter().map(|one| format!("{}: {}", one.name, one.reason));
        let all = self.unreadable.iter().cloned().chain(unmatched);
        let mut errors: Vec<String> = all.take(MAX_ERRORS).map(|line| line.chars().take(500).collect()).collect();
        match (self.unreadable.len() + self.summary.unmatched.len()).saturating_sub(MAX_ERRORS) {
            0 => {}
            more => errors.push(format!("and {more} more")),
        }
        errors
    }
}

/// Papers with the same kind of vote.
struct VoteGroup {
    heading: &'static str,
    papers: Vec<VoteLine>,
}

struct VoteLine {
    id: String,
    title: String,
    /// The path of its page, if it is in the library.
    page: Option<String>,
    at: Date,
}

async fn show_library(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    render_page(&app.run(move |engine| library_page(engine, &reader, None)).await?)
}

fn library_page(engine: &Engine, reader: &PageReader, imported: Option<ImportResult>) -> Result<LibraryPage, Problem> {
    let papers = history_papers(engine, reader)?;
    let kinds = [
        ("Saved", HistoryKind::Save),
        ("Liked", HistoryKind::Like),
        ("Read", HistoryKind::Read),
        ("Disliked", HistoryKind::Dislike),
        ("Hidden", HistoryKind::Hide),
    ];
    let line = |ProfilePaper { entry: HistoryEntry { id, at, .. }, paper, in_library }: &ProfilePaper| VoteLine {
        title: paper.as_ref().map_or_else(|| id.to_string(), present::headline),
        page: in_library.then(|| paper_path(id)),
        id: id.to_string(),
        at: *at,
    };
    let group = |(heading, kind)| {
        let papers = papers.iter().filter(|paper| paper.entry.kind == kind).map(line).collect();
        VoteGroup { heading, papers }
    };
    let groups = kinds.map(group).into_iter().filter(|group| !group.papers.is_empty()).collect();
    Ok(LibraryPage { frame: PageFrame::new(reader, engine, "library")?, groups, imported })
}

/// The papers of the reader's history, newest first.
fn history_papers(engine: &Engine, reader: &PageReader) -> Result<Vec<ProfilePaper>, Problem> {
    let profile = reader.profile(engine)?;
    let papers = profile.map(|profile| engine.history_papers(&profile.name)).transpose()?;
    Ok(papers.unwrap_or_default().into_iter().rev().collect())
}

/// Imports files and texts, and shows the result.
async fn import(State(app): State<AppState>, reader: PageReader, form: Multipart) -> Result<Response, PageProblem> {
    let ImportForm { texts, kind, profile, is_confirmed } = ImportForm::read(form).await?;
    let changed = app.clone();
    let page = app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, profile.as_deref())?;
        let (papers, unreadable) = read_papers(texts);
        let options = ImportOptions { kind, weight: 1.0, at: engine.today(), dry_run: false, library_only: false };
        if !is_confirmed {
            let history = reader.profile(engine)?.map_or(0, |profile| profile.history.len());
            let preview = engine.import(&name, &papers, ImportOptions { dry_run: true, ..options })?;
            if let Some(reason) = preview.reason_to_confirm(history) {
                let reason = format!("{reason}: check “also a large import” and import again");
                return Err(Problem::bad_request(reason));
            }
        }
        let summary = engine.import(&name, &papers, options)?;
        changed.library_changed();
        library_page(engine, &reader, Some(ImportResult { summary, kind, unreadable }))
    });
    render_page(&page.await?)
}

#[derive(Deserialize)]
struct UndoImportForm {
    number: i64,
    /// The profile of the page.
    profile: Option<String>,
}

/// Takes an import back.
async fn undo_import(
    State(app): State<AppState>,
    reader: PageReader,
    Form(undo): Form<UndoImportForm>,
) -> Result<Response, PageProblem> {
    app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, undo.profile.as_deref())?;
        Ok::<_, Problem>(engine.undo_import(&name, Some(undo.number)).map(drop)?)
    })
    .await?;
    Ok(redirect_to("/library"))
}

/// Reads the papers of named texts. Also returns why some could not be read.
pub(super) fn read_papers(texts: Vec<(String, Vec<u8>)>) -> (Vec<ImportItem>, Vec<String>) {
    let (mut papers, mut unreadable) = (Vec::new(), Vec::new());
    for (name, text) in texts {
        match import::read_bytes(text, &name, &ReadOptions::default()) {
            Ok(ImportedHistory { papers: read, errors, .. }) => {
                papers.extend(read);
                unreadable.extend(errors.iter().map(Error::one_line));
            }
            Err(error) => unreadable.push(error.one_line()),
        }
    }
    if papers.len() > MAX_IMPORT {
        unreadable
            .push(format!("{} more papers: `paperkin profile NAME import` has no limit", papers.len() - MAX_IMPORT));
    }
    let incoming = |ImportedPaper { reference, kind, weight, interest }: ImportedPaper| ImportItem {
        paper: reference.raw_paper,
        added: reference.added,
        interest,
        kind,
        weight,
    };
    (papers.into_iter().take(MAX_IMPORT).map(incoming).collect(), unreadable)
}

/// The form of an import.
struct ImportForm {
    /// Texts with their names.
    texts: Vec<(String, Vec<u8>)>,
    kind: HistoryKind,
    /// The profile of the page that the form is on.
    profile: Option<String>,
    /// Whether the reader wants a large import.
    is_confirmed: bool,
}

impl ImportForm {
    async fn read(mut form: Multipart) -> Result<ImportForm, Problem> {
        let mut read = ImportForm { texts: Vec::new(), kind: HistoryKind::Read, profile: None, is_confirmed: false };
        while let Some(field) = form.next_field().await.map_err(|_| too_large())? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().unwrap_or("the text").to_owned();
            let value = field.bytes().await.map_err(|_| too_large())?;
            match name.as_str() {
                "papers" | "file" if !value.trim_ascii().is_empty() => {
                    // Compressed files, which could expand to any length, are refused.
                    std::str::from_utf8(&value).map_err(|_| Problem::bad_request("the file is not UTF-8 text"))?;
                    read.texts.push((file, value.into()));
                }
                "kind" => {
                    read.kind = match &*value {
                        b"save" => HistoryKind::Save,
                        b"like" => HistoryKind::Like,
                        b"dislike" => HistoryKind::Dislike,
                        _ => HistoryKind::Read,
                    }
                }
                "large" => read.is_confirmed = true,
                "profile" => read.profile = Some(String::from_utf8_lossy(&value).into_owned()),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// Exports saved and liked papers as BibTeX.
async fn export_bibtex(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let text = app.run(move |engine| {
        let papers = history_papers(engine, &reader)?.into_iter();
        let papers: Vec<Paper> = papers.filter(ProfilePaper::is_kept).filter_map(|paper| paper.paper).collect();
        Ok::<_, Problem>(ExportFormat::Bibtex.write(&papers))
    });
    let headers = [
        (header::CONTENT_TYPE, ExportFormat::Bibtex.media_type()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"papers.bib\""),
    ];
    Ok((headers, text.await?).into_response())
}

/// Exports the history as JSON lines.
async fn export_jsonl(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let lines = app.run(move |engine| {
        let papers = reader.profile(engine)?.map(|profile| engine.history_papers(&profile.name)).transpose()?;
        Ok::<_, Problem>(import::write_history(&papers.unwrap_or_default()))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"history.jsonl\""),
    ];
    Ok((headers, lines.await?).into_response())
}
