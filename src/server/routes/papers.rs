//! Papers of the library: read, add, remove.

use axum::Json;
use axum::extract::{self, FromRequest, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use utoipa_axum::routes;

use super::new_paper::NewPaperFields;
use super::request_schemas::{NewPaper, PaperLine};
use crate::engine::{Engine, PendingBatch};
use crate::formats::{self, PaperRecord};
use crate::library::PaperChange;
use crate::paper::{Paper, PaperId};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{
    ConditionalRequest, JsonBody, NdjsonBody, NdjsonLine, PathParam, is_json, ndjson_response, paper_id,
};
use crate::server::guarded_router::GuardedRouter;
use crate::server::middleware::ClientAddress;
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
///
/// The id may have any spelling, and may be an alias. The answer has an `ETag`.
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "papers", operation_id = "get_paper",
    params(("id" = PaperId, Path, description = "The paper's id, percent-encoded", example = "2401.12345")),
    responses((status = 200, description = "The paper", body = Paper),
              (status = 304, description = "The paper has not changed since the answer with this `ETag`")))]
async fn get_paper(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    conditional: ConditionalRequest,
) -> Result<Response, Problem> {
    let id = paper_id(&id)?;
    conditional.answer(&app, move |engine| CachedContent::json(&find_paper(engine, &id)?)).await
}

/// Remove a paper
///
/// Reading histories keep its id. `paperkin compact` erases the paper from the disk.
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "papers", operation_id = "remove_paper",
    params(("id" = PaperId, Path, description = "The paper's id, percent-encoded", example = "2401.12345")),
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

/// Add or update papers
///
/// The body is one paper, as JSON, or a record on each line. Lines have all names and forms of fields that `paperkin add`
/// reads. The response has a line for each, sent as soon as the record is durable. An invalid record does not affect the
/// others; if none of them could be used, the status is 422.
#[utoipa::path(post, path = "/v1/papers", tag = "papers", operation_id = "add_papers",
    request_body(description = "A paper, or records of papers, one on each line", content(
        (NewPaper = "application/json", example = json!({
            "id": "2401.12345", "title": "Robots that lend each other tools",
            "abstract": "Two robots agree on who holds the hammer.", "authors": ["Ada Example"],
            "published": "2024-01-23", "categories": ["cs.RO"], "references": ["10.1145/3292500.3330701"] })),
        (PaperLine = "application/x-ndjson", example = json!({ "id": "2401.12346", "title": "Hammers for two" })))),
    responses(
        (status = 200, description = "What became of the record, or of each of them", content(
            (RecordResult = "application/json"), (RecordResult = "application/x-ndjson"))),
        (status = 422, description = "No record could be used; the lines say why", content(
            (RecordResult = "application/json"), (RecordResult = "application/x-ndjson")))))]
async fn add_papers(State(app): State<AppState>, body: RecordsBody) -> Response {
    match body {
        RecordsBody::Lines(lines) => {
            let client = ClientAddress::current();
            let commit = move |lines| ClientAddress::scope(client, commit_lines(app.clone(), lines));
            let results = lines.stream().ready_chunks(BATCH_RECORDS).then(commit).flat_map(stream::iter);
            ndjson_response(results, RecordResult::is_rejected).await
        }
        RecordsBody::Record(record) => {
            let record = serde_json::to_vec(&record).map_err(|error| Problem::bad_request(error.to_string()));
            let results = commit_lines(app, vec![NdjsonLine::new(1, record)]).await;
            let status = match results.iter().any(RecordResult::is_rejected) {
                true => StatusCode::UNPROCESSABLE_ENTITY,
                false => StatusCode::OK,
            };
            (status, Json(results.into_iter().next())).into_response()
        }
    }
}

/// A body with one paper as JSON, or with lines of records.
enum RecordsBody {
    Record(Box<NewPaperFields>),
    Lines(NdjsonBody),
}

impl FromRequest<AppState> for RecordsBody {
    type Rejection = Problem;

    async fn from_request(request: extract::Request, app: &AppState) -> Result<RecordsBody, Problem> {
        match is_json(request.headers()) {
            true => {
                let JsonBody(record) = JsonBody::<NewPaperFields>::from_request(request, app).await?;
                record.check()?;
                Ok(RecordsBody::Record(Box::new(record)))
            }
            false => NdjsonBody::from_request(request, app).await.map(RecordsBody::Lines),
        }
    }
}

/// Commits the records of some lines, in as few transactions as the order of records of the same paper allows.
async fn commit_lines(app: AppState, lines: Vec<NdjsonLine>) -> Vec<RecordResult> {
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    let committed = app.workers().run_of_stream(move |engine| {
        let mut results = Vec::with_capacity(lines.len());
        let (mut papers, mut pending) = (Vec::new(), PendingBatch::default());
        for NdjsonLine { number: line, text, memory: _memory } in lines {
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
    fn is_rejected(&self) -> bool {
        self.outcome == RecordOutcome::Rejected
    }

    fn rejected(line: u64, id: Option<PaperId>, problem: Problem) -> RecordResult {
        RecordResult { line, id, outcome: RecordOutcome::Rejected, problem: Some(problem) }
    }
}
