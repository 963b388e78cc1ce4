//! Questions: papers about a text, like a paper, for a history.

use axum::Json as Answered;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::body::JsonBody;
use super::cursor::{PagePlan, QueryRequest, ResultPage};
use super::papers::{paper_id, stored};
use super::path::PathParam;
use super::problem::{Problem, ProblemCode};
use super::query::QueryFields;
use super::stable::{CachedContent, ConditionalRequest};
use crate::engine::{Engine, TextEmbeddings};
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search)).routes(routes!(similar, similar_with)).routes(routes!(recommend))
}

/// Papers about a text
#[utoipa::path(post, path = "/v1/search", tag = "questions", request_body = QueryRequest,
    responses((status = 200, body = ResultPage)))]
async fn search(
    State(app): State<AppState>,
    JsonBody(asked): JsonBody<QueryRequest>,
) -> Result<Answered<ResultPage>, Problem> {
    if asked.request.text.is_none() {
        return Err(Problem::bad_request("`text`: say what the papers should be about"));
    }
    page(&app, asked).await
}

/// Papers for a reading history, for a text, or for both
#[utoipa::path(post, path = "/v1/recommend", tag = "questions", request_body = QueryRequest,
    responses((status = 200, body = ResultPage)))]
async fn recommend(
    State(app): State<AppState>,
    JsonBody(asked): JsonBody<QueryRequest>,
) -> Result<Answered<ResultPage>, Problem> {
    check_history(&asked.request)?;
    page(&app, asked).await
}

/// Papers like a paper of the library
#[utoipa::path(get, path = "/v1/papers/{id}/similar", tag = "questions",
    params(("id" = String, Path, description = "The paper's id, percent-encoded"),
           ("limit" = Option<usize>, Query, description = "How many papers; any other field of a request is read too")),
    responses((status = 200, body = ResultPage), (status = 304)))]
async fn similar(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    stable: ConditionalRequest,
    QueryFields(asked): QueryFields<QueryRequest>,
) -> Result<Response, Problem> {
    let like = SimilarQuery::new(&app, &id, asked).await?;
    stable.answer(&app, move |engine| CachedContent::json(&like.page(engine)?)).await
}

/// Papers like a paper of the library, with all fields of a request
#[utoipa::path(post, path = "/v1/papers/{id}/similar", tag = "questions", request_body = QueryRequest,
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 200, body = ResultPage)))]
async fn similar_with(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    JsonBody(asked): JsonBody<QueryRequest>,
) -> Result<Answered<ResultPage>, Problem> {
    let like = SimilarQuery::new(&app, &id, asked).await?;
    app.ask(move |engine| like.page(engine)).await.map(Answered)
}

async fn page(app: &AppState, asked: QueryRequest) -> Result<Answered<ResultPage>, Problem> {
    let plan = PagePlan::new(asked, app.settings().results)?;
    let answer = app.answer(plan.request.clone()).await?;
    plan.page(answer).map(Answered)
}

/// A question about one paper of the library.
struct SimilarQuery {
    id: PaperId,
    plan: PagePlan,
    embedded: TextEmbeddings,
}

impl SimilarQuery {
    async fn new(app: &AppState, id: &str, mut asked: QueryRequest) -> Result<SimilarQuery, Problem> {
        let id = paper_id(id)?;
        asked.request.positive.insert(0, HistoryItem::id(id.clone()));
        let plan = PagePlan::new(asked, app.settings().results)?;
        let embedded = app.embedded(&plan.request).await?;
        Ok(SimilarQuery { id, plan, embedded })
    }

    fn page(self, engine: &Engine) -> Result<ResultPage, Problem> {
        stored(engine, &self.id)?;
        let answer = engine.recommend_with(&self.plan.request, &self.embedded)?;
        self.plan.page(answer)
    }
}

/// Refuses a request that says nothing.
pub(super) fn check_history(request: &Request) -> Result<(), Problem> {
    match request.text.is_none() && request.positive.is_empty() && request.negative.is_empty() {
        true => Err(Problem::new(ProblemCode::HistoryTooShort, "give `positive`, `negative` or `text`")),
        false => Ok(()),
    }
}
