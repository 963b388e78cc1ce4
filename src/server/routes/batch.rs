//! Many requests in one: JSON lines in, JSON lines out, in the same order.

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::StreamExt;
use serde::Serialize;
use utoipa_axum::routes;

use super::pagination::{check_history, check_limit};
use crate::recommend::{Answer, Request};
use crate::server::access::RouteAccess;
use crate::server::extract::{NdjsonBody, NdjsonLine, json_object, ndjson_response};
use crate::server::guarded_router::GuardedRouter;
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
    Problem { line: u64, problem: Problem },
}

/// Answer many requests, one per line
///
/// The response has a line for each request, in the same order, sent as soon as it is ready.
#[utoipa::path(post, path = "/v1/recommend/batch", tag = "queries",
    request_body(content = Request, content_type = "application/x-ndjson"),
    responses((status = 200, body = BatchLine, content_type = "application/x-ndjson")))]
async fn recommend_batch(State(app): State<AppState>, body: NdjsonBody) -> Response {
    let answers = body.stream().map(move |line| answer_line(app.clone(), line)).buffered(MAX_CONCURRENT);
    ndjson_response(answers)
}

async fn answer_line(app: AppState, (line, text): NdjsonLine) -> BatchLine {
    let answer = async {
        let request: Request =
            json_object(&text?).map_err(|reason| Problem::bad_request(format!("line {line}: {reason}")))?;
        request.check()?;
        check_history(&request)?;
        check_limit(&request, app.options().max_results)?;
        let embeddings = app.embed_request(&request).await?;
        app.workers().run_when_free(move |engine| engine.recommend_with(&request, &embeddings)).await
    };
    answer.await.map_or_else(|problem| BatchLine::Problem { line, problem }, BatchLine::Answer)
}
