//! What the reader saved, liked and read: looked through, taken in, taken along.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::civil::Date;
use serde::Deserialize;

use super::entry::page_of;
use super::frame::{Frame, Reader, Trouble, show};
use super::mathematics::readable;
use crate::engine::Engine;
use crate::error::{Error, Fault, Result};
use crate::library::{HistoryEntry, HistoryKind};
use crate::server::App;

/// Lines that one import may have.
const MOST_LINES: usize = 5_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/library", get(library))
        .route("/library/import", post(import))
        .route("/library/export.jsonl", get(export))
}

#[derive(Template)]
#[template(path = "library.html", config = "src/server/pages/askama.toml")]
struct LibraryPage {
    frame: Frame,
    groups: Vec<Group>,
    imported: Option<Imported>,
}

/// Papers of which the reader said the same.
struct Group {
    heading: &'static str,
    papers: Vec<Line>,
}

struct Line {
    id: String,
    title: String,
    page: String,
    at: Date,
}

/// What became of an import.
#[derive(Default)]
struct Imported {
    entered: usize,
    /// Lines that name no paper, and why.
    missing: Vec<(String, String)>,
}

async fn library(State(app): State<App>, reader: Reader) -> Result<Response, Trouble> {
    show(&app.ask(move |engine| page(engine, &reader, None)).await?)
}

fn page(engine: &Engine, reader: &Reader, imported: Option<Imported>) -> Result<LibraryPage> {
    let history = reader.profile(engine)?.map(|profile| profile.history).unwrap_or_default();
    let kinds = [
        ("Saved", HistoryKind::Save),
        ("Liked", HistoryKind::Like),
        ("Read", HistoryKind::Read),
        ("Disliked", HistoryKind::Dislike),
        ("Hidden", HistoryKind::Hide),
    ];
    let mut groups = Vec::new();
    for (heading, kind) in kinds {
        let mut papers = Vec::new();
        for HistoryEntry { id, at, .. } in history.iter().rev().filter(|entry| entry.kind == kind) {
            let stored = engine.library().paper(id)?;
            let title = stored.map_or_else(|| id.to_string(), |stored| readable(&stored.paper.title));
            papers.push(Line { id: id.to_string(), title, page: page_of(id), at: *at });
        }
        if !papers.is_empty() {
            groups.push(Group { heading, papers });
        }
    }
    Ok(LibraryPage { frame: reader.frame(engine, "library")?, groups, imported })
}

/// Papers by id, address or title, one a line.
#[derive(Deserialize)]
struct Import {
    papers: String,
}

async fn import(State(app): State<App>, reader: Reader, Form(form): Form<Import>) -> Result<Response, Trouble> {
    let today = app.today();
    let page = app.ask(move |engine| {
        let mut imported = Imported::default();
        let mut entries = Vec::new();
        let lines = form.papers.lines().map(str::trim).filter(|line| !line.is_empty());
        for line in lines.take(MOST_LINES) {
            match engine.find(line) {
                Ok(stored) => {
                    entries.push(HistoryEntry { id: stored.paper.id, kind: HistoryKind::Read, weight: 1.0, at: today })
                }
                Err(error) if error.fault() == Fault::Missing => {
                    imported.missing.push((line.to_owned(), error.one_line()));
                }
                Err(error) => return Err(error),
            }
        }
        imported.entered = entries.len();
        let name = reader.name(engine)?;
        engine.library_mut().remember(&name, &entries)?;
        page(engine, &reader, Some(imported))
    });
    show(&page.await?)
}

/// The history as JSON lines.
async fn export(State(app): State<App>, reader: Reader) -> Result<Response, Trouble> {
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
