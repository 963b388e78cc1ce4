//! Papers of the library: one by one out, line by line in.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::lines::{self, NdjsonBody, NdjsonLine};
use super::path::PathParam;
use super::problem::Problem;
use super::stable::{CachedContent, ConditionalRequest};
use crate::engine::Engine;
use crate::error::Error;
use crate::library::PaperChange;
use crate::paper::{Paper, PaperId};
use crate::sources;

/// Records that are embedded and written together.
const TOGETHER: usize = 256;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, remove)).routes(routes!(add))
}

/// The id of a path, in any spelling.
pub(super) fn paper_id(text: &str) -> Result<PaperId, Problem> {
    PaperId::parse(text).map_err(|reason| Problem::bad_request(format!("the paper's id: {reason}")))
}

/// The paper of this id.
pub(super) fn stored(engine: &Engine, id: &PaperId) -> Result<Paper, Problem> {
    let stored = engine.library().paper(id)?;
    let missing = || Error::NotFound { what: "paper", name: id.to_string(), hint: String::new() };
    stored.map(|stored| stored.paper).ok_or_else(|| missing().into())
}

/// A paper
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "papers",
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 200, body = Paper), (status = 304)))]
async fn get(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    stable: ConditionalRequest,
) -> Result<Response, Problem> {
    let id = paper_id(&id)?;
    stable.answer(&app, move |engine| CachedContent::json(&stored(engine, &id)?)).await
}

/// Remove a paper
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "papers",
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 204, description = "It is in no answer any more")))]
async fn remove(State(app): State<AppState>, PathParam(id): PathParam<String>) -> Result<StatusCode, Problem> {
    let id = paper_id(&id)?;
    app.ask(move |engine| {
        stored(engine, &id)?;
        engine.remove(&[id])?;
        Ok::<_, Problem>(())
    })
    .await?;
    app.library_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum RecordOutcome {
    /// It is in the library now.
    New,
    /// The library's paper was brought up to date.
    Updated,
    /// The library has it as it is.
    Unchanged,
    /// It is not in the library: see `problem`.
    Rejected,
}

/// What became of the record on a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RecordResult {
    /// The line, from 1.
    line: u64,
    /// The paper's id, in its normal spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<PaperId>,
    outcome: RecordOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Add papers, or bring them up to date; one record a line, in the fields that `paperkin add` reads
///
/// A line comes back for each record, as soon as it is in the library for good. A bad record costs itself only.
#[utoipa::path(post, path = "/v1/papers", tag = "papers",
    request_body(content = Paper, content_type = "application/x-ndjson"),
    responses((status = 200, body = RecordResult, content_type = "application/x-ndjson")))]
async fn add(State(app): State<AppState>, lines: NdjsonBody) -> Response {
    let settled = lines.stream().ready_chunks(TOGETHER).then(move |lines| settle(app.clone(), lines));
    lines::answer(settled.flat_map(stream::iter))
}

/// Writes the records of some lines, as few times as the order of records of one paper allows.
async fn settle(app: AppState, lines: Vec<NdjsonLine>) -> Vec<RecordResult> {
    let numbers: Vec<u64> = lines.iter().map(|(line, _)| *line).collect();
    let written = app.workers().ask_patiently(move |engine| {
        let mut records = Vec::with_capacity(lines.len());
        let (mut papers, mut ids) = (Vec::new(), HashSet::new());
        for (line, text) in lines {
            match text.and_then(|text| sources::record(&text).map_err(Problem::bad_request)) {
                Ok(paper) => {
                    if !ids.insert(paper.id.clone()) {
                        write(engine, std::mem::take(&mut papers), &mut records);
                        ids = HashSet::from([paper.id.clone()]);
                    }
                    papers.push((line, paper));
                }
                Err(problem) => records.push(RecordResult::rejected(line, None, problem)),
            }
        }
        write(engine, papers, &mut records);
        records.sort_by_key(|record| record.line);
        Ok::<_, Problem>(records)
    });
    let written = written.await;
    app.library_changed();
    written.unwrap_or_else(|problem| {
        numbers.into_iter().map(|line| RecordResult::rejected(line, None, problem.clone())).collect()
    })
}

fn write(engine: &mut Engine, papers: Vec<(u64, Paper)>, records: &mut Vec<RecordResult>) {
    let outcome = |(line, paper): &(u64, Paper)| {
        let (outcome, id) = match engine.library().plan_upsert(paper.clone())? {
            PaperChange::New(known) => (RecordOutcome::New, known.paper.id),
            PaperChange::Text(known) | PaperChange::Metadata(known) => (RecordOutcome::Updated, known.paper.id),
            PaperChange::Unchanged(id) => (RecordOutcome::Unchanged, id),
        };
        Ok(RecordResult { line: *line, id: Some(id), outcome, problem: None })
    };
    let outcomes: crate::Result<Vec<RecordResult>> = papers.iter().map(outcome).collect();
    let ids: Vec<(u64, PaperId)> = papers.iter().map(|(line, paper)| (*line, paper.id.clone())).collect();
    let added = engine.add(papers.into_iter().map(|(_, paper)| Ok(paper)));
    match outcomes.and_then(|outcomes| added.map(|_| outcomes)) {
        Ok(outcomes) => records.extend(outcomes),
        Err(error) => {
            let problem = Problem::from(error);
            records.extend(ids.into_iter().map(|(line, id)| RecordResult::rejected(line, Some(id), problem.clone())));
        }
    }
}

impl RecordResult {
    fn rejected(line: u64, id: Option<PaperId>, problem: Problem) -> RecordResult {
        RecordResult { line, id, outcome: RecordOutcome::Rejected, problem: Some(problem) }
    }
}
