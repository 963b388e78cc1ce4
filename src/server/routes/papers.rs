//! Papers of the library: read, add, remove.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use utoipa_axum::routes;

use crate::engine::{Engine, PendingBatch};
use crate::formats::{self, PaperRecord};
use crate::library::PaperChange;
use crate::paper::{Paper, PaperId};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{ConditionalRequest, NdjsonBody, NdjsonLine, PathParam, ndjson_response, paper_id};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, CachedContent, find_paper};

/// Maximum number of records that are embedded and committed together.
const BATCH_RECORDS: usize = 256;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(get_paper))
        .operation(RouteAccess::Private(Scope::Admin), routes!(remove_paper))
        .operation(RouteAccess::Private(Scope::Write), routes!(add_papers))
}

/// Get a paper
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "papers",
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 200, body = Paper), (status = 304)))]
async fn get_paper(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    conditional: ConditionalRequest,
) -> Result<Response, Problem> {
    let id = paper_id(&id)?;
    conditional.answer(&app, move |engine| CachedContent::json(&find_paper(engine, &id)?)).await
}

/// Remove a paper
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "papers",
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 204, description = "The paper was removed")))]
async fn remove_paper(State(app): State<AppState>, PathParam(id): PathParam<String>) -> Result<StatusCode, Problem> {
    let id = paper_id(&id)?;
    app.run(move |engine| {
        find_paper(engine, &id)?;
        engine.remove(&[id])?;
        Ok::<_, Problem>(())
    })
    .await?;
    app.library_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// The outcome of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum RecordOutcome {
    /// The paper was added.
    New,
    /// The paper was updated.
    Updated,
    /// The library has the paper already.
    Unchanged,
    /// The record was not added: see `problem`.
    Rejected,
}

/// The result of the record on a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RecordResult {
    /// The line number, from 1.
    line: u64,
    /// The paper's id, in its canonical spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<PaperId>,
    outcome: RecordOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Add or update papers: one record per line, with the fields that `paperkin add` reads
///
/// A record may have `references` and `citations` too: lists of ids, or of objects with ids, title, authors and year.
/// The response has a line for each record, sent as soon as the record is durable. An invalid record does not affect the
/// others.
#[utoipa::path(post, path = "/v1/papers", tag = "papers",
    request_body(content = Paper, content_type = "application/x-ndjson"),
    responses((status = 200, body = RecordResult, content_type = "application/x-ndjson")))]
async fn add_papers(State(app): State<AppState>, body: NdjsonBody) -> Response {
    let results = body.stream().ready_chunks(BATCH_RECORDS).then(move |lines| commit_lines(app.clone(), lines));
    ndjson_response(results.flat_map(stream::iter))
}

/// Commits the records of some lines, in as few transactions as the order of records of the same paper allows.
async fn commit_lines(app: AppState, lines: Vec<NdjsonLine>) -> Vec<RecordResult> {
    let numbers: Vec<u64> = lines.iter().map(|(line, _)| *line).collect();
    let committed = app.workers().run_when_free(move |engine| {
        let mut results = Vec::with_capacity(lines.len());
        let (mut papers, mut pending) = (Vec::new(), PendingBatch::default());
        for (line, text) in lines {
            match text.and_then(|text| formats::record(&text).map_err(Problem::bad_request)) {
                Ok(record) => {
                    if pending.may_match(&record.paper) {
                        commit_papers(engine, std::mem::take(&mut papers), &mut results);
                        pending = PendingBatch::default();
                    }
                    pending.insert(&record.paper);
                    papers.push((line, record));
                }
                Err(problem) => results.push(RecordResult::rejected(line, None, problem)),
            }
        }
        commit_papers(engine, papers, &mut results);
        results.sort_by_key(|result| result.line);
        Ok::<_, Problem>(results)
    });
    let results = committed.await;
    app.library_changed();
    results.unwrap_or_else(|problem| {
        numbers.into_iter().map(|line| RecordResult::rejected(line, None, problem.clone())).collect()
    })
}

fn commit_papers(engine: &mut Engine, papers: Vec<(u64, PaperRecord)>, results: &mut Vec<RecordResult>) {
    let outcome = |(line, record): &(u64, PaperRecord)| {
        let (outcome, id) = match engine.library().plan_upsert(record.paper.clone())? {
            PaperChange::New(known) => (RecordOutcome::New, known.paper.id),
            PaperChange::Text(known) | PaperChange::Metadata(known) => (RecordOutcome::Updated, known.paper.id),
            PaperChange::Unchanged(id) => (RecordOutcome::Unchanged, id),
        };
        Ok(RecordResult { line: *line, id: Some(id), outcome, problem: None })
    };
    let outcomes: crate::Result<Vec<RecordResult>> = papers.iter().map(outcome).collect();
    let ids: Vec<(u64, PaperId)> = papers.iter().map(|(line, record)| (*line, record.paper.id.clone())).collect();
    let added = engine.add(papers.into_iter().map(|(_, record)| Ok(record)));
    match outcomes.and_then(|outcomes| added.map(|_| outcomes)) {
        Ok(outcomes) => results.extend(outcomes),
        Err(error) => {
            let problem = Problem::from(error);
            results.extend(ids.into_iter().map(|(line, id)| RecordResult::rejected(line, Some(id), problem.clone())));
        }
    }
}

impl RecordResult {
    fn rejected(line: u64, id: Option<PaperId>, problem: Problem) -> RecordResult {
        RecordResult { line, id, outcome: RecordOutcome::Rejected, problem: Some(problem) }
    }
}
