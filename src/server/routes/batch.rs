//! Many requests in one: JSON lines in, JSON lines out, in the same order.

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::StreamExt;
use serde::Serialize;
use utoipa_axum::routes;

use super::pagination::{bound_limit, check_history};
use super::request_schemas::BatchRequest;
use crate::recommend::{Answer, Request};
use crate::server::access::RouteAccess;
use crate::server::extract::{NdjsonBody, NdjsonLine, json_object, ndjson_response};
use crate::server::guarded_router::GuardedRouter;
use crate::server::middleware::ClientAddress;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Requests of one batch that are in progress: enough to keep the workers and the encoder busy, and few enough to leave
/// room for other clients.
const MAX_CONCURRENT: usize = 16;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().operation(RouteAccess::PublicRead, routes!(recommend_batch))
}

/// One line of the response: the answer to the request on the line with the same number, or its problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum BatchLine {
    Answer(Answer),
    Problem(BatchProblem),
}

/// What is wrong with the request on a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BatchProblem {
    /// The line number, from 1.
    line: u64,
    problem: Problem,
}

/// Answer many requests
///
/// The body has a request on each line. The response has a line for each of them, in the same order, sent as soon as it is
/// ready. If none of the requests could be answered, the status is 422.
#[utoipa::path(post, path = "/v1/recommend/batch", tag = "queries", operation_id = "recommend_batch",
    request_body(content = BatchRequest, content_type = "application/x-ndjson",
        description = "Requests as JSON, one on each line",
        example = json!({ "id": "first", "text": "robots that use tools", "limit": 3 })),
    responses(
        (status = 200, description = "A line for each request", body = BatchLine, content_type = "application/x-ndjson"),
        (status = 422, description = "No request could be answered; the lines say why", body = BatchLine,
         content_type = "application/x-ndjson")))]
async fn recommend_batch(State(app): State<AppState>, body: NdjsonBody) -> Response {
    let client = ClientAddress::current();
    let answer = move |line| ClientAddress::scope(client, answer_line(app.clone(), line));
    let answers = body.stream().map(answer).buffered(MAX_CONCURRENT);
    ndjson_response(answers, |line| matches!(line, BatchLine::Problem(_))).await
}

async fn answer_line(app: AppState, NdjsonLine { number: line, text, memory: _memory }: NdjsonLine) -> BatchLine {
    let answer = async {
        let mut request: Request =
            json_object(&text?).map_err(|reason| Problem::bad_request(format!("line {line}: {reason}")))?;
        bound_limit(&mut request, app.options().max_results)?;
        check_history(&request)?;
        let embeddings = app.embed_request(&request).await?;
        app.workers().run_of_stream(move |engine| engine.recommend_with(&request, &embeddings)).await
    };
    answer.await.map_or_else(|problem| BatchLine::Problem(BatchProblem { line, problem }), BatchLine::Answer)
}
