//! Many requests in one: lines in, lines out, in the same order.

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::StreamExt;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::ask::check_history;
use super::body::object;
use super::lines::{self, NdjsonBody, NdjsonLine};
use super::problem::Problem;
use crate::recommend::{Answer, Request};

/// Requests of one batch that are at work or wait for it: enough to fill the workers and a batch of texts, and no more,
/// so that other clients find room.
const TOGETHER: usize = 16;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(recommend))
}

/// One line of the answer: what the line of the same number asked for, or what was wrong with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum BatchLine {
    Answer(Answer),
    Problem { line: u64, problem: Problem },
}

/// Many requests, one a line; as many lines come back, in the same order, each as soon as it is there
#[utoipa::path(post, path = "/v1/recommend/batch", tag = "questions",
    request_body(content = Request, content_type = "application/x-ndjson"),
    responses((status = 200, body = BatchLine, content_type = "application/x-ndjson")))]
async fn recommend(State(app): State<AppState>, lines: NdjsonBody) -> Response {
    let answers = lines.stream().map(move |line| answer(app.clone(), line)).buffered(TOGETHER);
    lines::answer(answers)
}

async fn answer(app: AppState, (line, text): NdjsonLine) -> BatchLine {
    let answer = async {
        let request: Request =
            object(&text?).map_err(|reason| Problem::bad_request(format!("line {line}: {reason}")))?;
        request.check()?;
        check_history(&request)?;
        let most = app.settings().results;
        if request.result_count() > most {
            return Err(Problem::bad_request(format!("`limit`: give a number from 1 to {most}")));
        }
        let embedded = app.embedded(&request).await?;
        let answer = app.workers().ask_patiently(move |engine| engine.recommend_with(&request, &embedded));
        answer.await
    };
    answer.await.map_or_else(|problem| BatchLine::Problem { line, problem }, BatchLine::Answer)
}
