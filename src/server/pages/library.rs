//! What the reader saved, liked and read: looked through, taken in, taken along.

use askama::Template;
use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;

use super::entry::page_of;
use super::frame::{PageFrame, PageProblem, PageReader, show};
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary};
use crate::error::{Error, Result};
use crate::formats::{BibReference, ExportFormat};
use crate::import::{self, ImportedHistory};
use crate::library::{HistoryEntry, HistoryKind, ProfilePaper};
use crate::paper::Paper;
use crate::server::AppState;
use crate::server::body::too_large;
use crate::server::problem::Problem;
use crate::text::latex::readable;

/// Most papers of one import.
const MOST: usize = 10_000;
/// Papers that are named when they are not found.
const SAID: usize = 20;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/library", get(library))
        .route("/library/import", post(import))
        .route("/library/export.jsonl", get(export))
        .route("/library/export.bib", get(export_bibtex))
}

#[derive(Template)]
#[template(path = "library.html", config = "src/server/pages/askama.toml")]
struct LibraryPage {
    frame: PageFrame,
    groups: Vec<VoteGroup>,
    imported: Option<ImportResult>,
}

/// What became of an import.
struct ImportResult {
    imported: ImportSummary,
    /// What its papers are.
    kind: HistoryKind,
    /// Why some of it could not be read.
    unusable: Vec<String>,
}

impl ImportResult {
    fn kept(&self) -> usize {
        self.imported.unmatched.iter().filter(|unmatched| unmatched.stored).count()
    }

    /// What could not be read, and what is not in the library, with the reasons: the first of all.
    fn missed(&self) -> Vec<String> {
        let unmatched = self.imported.unmatched.iter().map(|one| format!("{}: {}", one.name, one.reason));
        let all = self.unusable.iter().cloned().chain(unmatched);
        let mut said: Vec<String> = all.take(SAID).map(|line| line.chars().take(500).collect()).collect();
        match (self.unusable.len() + self.imported.unmatched.len()).saturating_sub(SAID) {
            0 => {}
            more => said.push(format!("and {more} more")),
        }
        said
    }
}

/// Papers of which the reader said the same.
struct VoteGroup {
    heading: &'static str,
    papers: Vec<VoteLine>,
}

struct VoteLine {
    id: String,
    title: String,
    /// Its page, if it is in the library.
    page: Option<String>,
    at: Date,
}

async fn library(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    show(&app.ask(move |engine| page(engine, &reader, None)).await?)
}

fn page(engine: &Engine, reader: &PageReader, imported: Option<ImportResult>) -> Result<LibraryPage> {
    let papers = remembered(engine, reader)?;
    let kinds = [
        ("Saved", HistoryKind::Save),
        ("Liked", HistoryKind::Like),
        ("Read", HistoryKind::Read),
        ("Disliked", HistoryKind::Dislike),
        ("Hidden", HistoryKind::Hide),
    ];
    let line = |ProfilePaper { entry: HistoryEntry { id, at, .. }, paper, in_library }: &ProfilePaper| VoteLine {
        title: paper.as_ref().map_or_else(|| id.to_string(), |paper| readable(&paper.title)),
        page: in_library.then(|| page_of(id)),
        id: id.to_string(),
        at: *at,
    };
    let group = |(heading, kind)| {
        let papers = papers.iter().filter(|remembered| remembered.entry.kind == kind).map(line).collect();
        VoteGroup { heading, papers }
    };
    let groups = kinds.map(group).into_iter().filter(|group| !group.papers.is_empty()).collect();
    Ok(LibraryPage { frame: reader.frame(engine, "library")?, groups, imported })
}

/// The reader's papers, those entered last first.
fn remembered(engine: &Engine, reader: &PageReader) -> Result<Vec<ProfilePaper>> {
    let profile = reader.profile(engine)?;
    let papers = profile.map(|profile| engine.library().history_papers(&profile)).transpose()?;
    Ok(papers.unwrap_or_default().into_iter().rev().collect())
}

/// Enters what files and texts name, and says what became of it.
async fn import(State(app): State<AppState>, reader: PageReader, form: Multipart) -> Result<Response, PageProblem> {
    let (texts, kind) = fields(form).await?;
    let (today, changed) = (app.today(), app.clone());
    let page = app.ask(move |engine| {
        let name = reader.name(engine)?;
        let (papers, unusable) = read(texts);
        let entry = ImportOptions { kind, weight: 1.0, at: today, dry_run: false };
        let imported = engine.import(&name, &papers, entry)?;
        changed.library_changed();
        page(engine, &reader, Some(ImportResult { imported, kind, unusable }))
    });
    show(&page.await?)
}

/// The papers of some texts, each with its name, and why some of them could not be read.
fn read(texts: Vec<(String, Vec<u8>)>) -> (Vec<ImportItem>, Vec<String>) {
    let (mut papers, mut unusable) = (Vec::new(), Vec::new());
    for (name, text) in texts {
        match import::read_bytes(text, &name) {
            Ok(ImportedHistory { references, errors }) => {
                papers.extend(references);
                unusable.extend(errors.iter().map(Error::one_line));
            }
            Err(error) => unusable.push(error.one_line()),
        }
    }
    if papers.len() > MOST {
        unusable.push(format!("{} more papers: `paperkin profile NAME import` takes any number", papers.len() - MOST));
    }
    let incoming = |BibReference { raw_paper, added, .. }| ImportItem { paper: raw_paper, added, interest: None };
    (papers.into_iter().take(MOST).map(incoming).collect(), unusable)
}

/// What a form has, each text with its name, and what its papers are.
async fn fields(mut form: Multipart) -> Result<(Vec<(String, Vec<u8>)>, HistoryKind), Problem> {
    let (mut texts, mut kind) = (Vec::new(), HistoryKind::Read);
    while let Some(field) = form.next_field().await.map_err(|_| too_large())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().unwrap_or("the text").to_owned();
        let value = field.bytes().await.map_err(|_| too_large())?;
        match name.as_str() {
            "papers" | "file" if !value.trim_ascii().is_empty() => {
                // What is compressed may be of any length.
                std::str::from_utf8(&value).map_err(|_| Problem::bad_request("the file: not UTF-8 text"))?;
                texts.push((file, value.into()));
            }
            "kind" => {
                kind = match &*value {
                    b"save" => HistoryKind::Save,
                    b"like" => HistoryKind::Like,
                    b"dislike" => HistoryKind::Dislike,
                    _ => HistoryKind::Read,
                }
            }
            _ => {}
        }
    }
    Ok((texts, kind))
}

/// What was saved and liked, for a bibliography.
async fn export_bibtex(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let text = app.ask(move |engine| {
        let mut papers = remembered(engine, &reader)?;
        papers.retain(|one| matches!(one.entry.kind, HistoryKind::Save | HistoryKind::Like));
        let papers: Vec<Paper> = papers.into_iter().filter_map(|remembered| remembered.paper).collect();
        Ok::<_, Error>(ExportFormat::Bibtex.write(&papers))
    });
    let headers = [
        (header::CONTENT_TYPE, ExportFormat::Bibtex.media_type()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"papers.bib\""),
    ];
    Ok((headers, text.await?).into_response())
}

/// The history as JSON lines.
async fn export(State(app): State<AppState>, reader: PageReader) -> Result<Response, PageProblem> {
    let lines = app.ask(move |engine| {
        let history = reader.profile(engine)?.map(|profile| profile.history).unwrap_or_default();
        let line = |entry: &HistoryEntry| serde_json::to_string(entry).map(|line| line + "\n");
        Ok::<_, Error>(history.iter().filter_map(|entry| line(entry).ok()).collect::<String>())
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"history.jsonl\""),
    ];
    Ok((headers, lines.await?).into_response())
}
