//! What the reader saved, liked and read: looked through, taken in, taken along.

use askama::Template;
use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;

use super::entry::page_of;
use super::frame::{Frame, Reader, Trouble, show};
use super::list::{self, Imported};
use super::mathematics::readable;
use crate::citation::Style;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::library::{HistoryEntry, HistoryKind};
use crate::server::App;
use crate::server::body::too_large;
use crate::server::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/library", get(library))
        .route("/library/import", post(import))
        .route("/library/export.jsonl", get(export))
        .route("/library/export.bib", get(bibliography))
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

async fn library(State(app): State<App>, reader: Reader) -> Result<Response, Trouble> {
    show(&app.ask(move |engine| page(engine, &reader, None)).await?)
}

fn page(engine: &Engine, reader: &Reader, imported: Option<Imported>) -> Result<LibraryPage> {
    let profile = reader.profile(engine)?;
    let wanted = profile.as_ref().map(|profile| engine.library().wanted(profile)).transpose()?.unwrap_or_default();
    let history = profile.map(|profile| profile.history).unwrap_or_default();
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
            // What is not in the library may be known by its title.
            let title = stored.map(|stored| stored.paper.title);
            let title = title.or_else(|| Some(wanted.iter().find(|paper| paper.id == *id)?.title.clone()));
            let title = title.map_or_else(|| id.to_string(), |title| readable(&title));
            papers.push(Line { id: id.to_string(), title, page: page_of(id), at: *at });
        }
        if !papers.is_empty() {
            groups.push(Group { heading, papers });
        }
    }
    Ok(LibraryPage { frame: reader.frame(engine, "library")?, groups, imported })
}

/// Enters what a file or a text names, and says what became of it.
async fn import(State(app): State<App>, reader: Reader, form: Multipart) -> Result<Response, Trouble> {
    let (text, kind) = fields(form).await?;
    let (today, changed) = (app.today(), app.clone());
    let page = app.ask(move |engine| {
        let name = reader.name(engine)?;
        let imported = list::import(engine, &name, &text, kind, today)?;
        changed.library_changed();
        page(engine, &reader, Some(imported))
    });
    show(&page.await?)
}

/// The text of a form, pasted and of a file, and what its papers are.
async fn fields(mut form: Multipart) -> Result<(String, HistoryKind), Problem> {
    let (mut text, mut kind) = (String::new(), HistoryKind::Read);
    while let Some(field) = form.next_field().await.map_err(|_| too_large())? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|_| too_large())?;
        let value = std::str::from_utf8(&bytes).map_err(|_| Problem::bad_request("the file: not UTF-8 text"))?;
        match name.as_str() {
            "papers" | "file" => {
                text.push_str(value.trim_start_matches('\u{feff}'));
                text.push('\n');
            }
            "kind" => {
                kind = match value {
                    "save" => HistoryKind::Save,
                    "like" => HistoryKind::Like,
                    "dislike" => HistoryKind::Dislike,
                    _ => HistoryKind::Read,
                }
            }
            _ => {}
        }
    }
    Ok((text, kind))
}

/// What was saved and liked, for a bibliography.
async fn bibliography(State(app): State<App>, reader: Reader) -> Result<Response, Trouble> {
    let text = app.ask(move |engine| {
        let Some(profile) = reader.profile(engine)? else { return Ok(String::new()) };
        let mut papers = Vec::new();
        let kept = |entry: &&HistoryEntry| matches!(entry.kind, HistoryKind::Save | HistoryKind::Like);
        for entry in profile.history.iter().rev().filter(kept) {
            papers.extend(engine.library().paper(&entry.id)?.map(|stored| stored.paper));
        }
        Ok::<_, Error>(Style::Bibtex.write(&papers))
    });
    let headers = [
        (header::CONTENT_TYPE, Style::Bibtex.media_type()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"papers.bib\""),
    ];
    Ok((headers, text.await?).into_response())
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
