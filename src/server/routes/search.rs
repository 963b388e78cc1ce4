//! Queries: papers about a text, similar to a paper, or for a reading history.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::routes;

use super::pagination::{PagePlan, QueryRequest, ResultPage, check_history};
use super::search_fields::{SearchQuery, SelectedPage};
use crate::engine::{Engine, TextEmbeddings};
use crate::paper::PaperId;
use crate::recommend::HistoryItem;
use crate::server::access::RouteAccess;
use crate::server::extract::{ConditionalRequest, JsonBody, PathParam, QueryFields, paper_id};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, CachedContent, find_paper};

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(search, search_by_query))
        .operation(RouteAccess::PublicRead, routes!(similar, similar_with_options))
        .operation(RouteAccess::PublicRead, routes!(recommend))
}

/// Search for papers about a text
#[utoipa::path(post, path = "/v1/search", tag = "queries", request_body = QueryRequest,
    responses((status = 200, body = ResultPage)))]
async fn search(
    State(app): State<AppState>,
    JsonBody(query): JsonBody<QueryRequest>,
) -> Result<Json<ResultPage>, Problem> {
    if query.request.text.is_none() {
        return Err(Problem::bad_request("`text` is required: say what the papers should be about"));
    }
    result_page(&app, query).await
}

/// Search for papers about a text, with the fields of a request in the query string
#[utoipa::path(get, path = "/v1/search", tag = "queries",
    params(("q" = String, Query, description = "What the papers should be about, as typed in a search box: words, `\"phrases\"`, `-excluded`, `title:`, `author:`, `category:`, `year:2024..2025`"),
           ("fields" = Option<String>, Query, description = "The fields of results and papers to return, separated by commas: `title,authors,score`. Without `authors`, lists of authors end after ten, and `author_count` has their number"),
           ("limit" = Option<usize>, Query, description = "Maximum number of papers; all other fields of a request are accepted too"),
           ("published_after" = Option<String>, Query, description = "Only papers of this day or later"),
           ("published_before" = Option<String>, Query, description = "Only papers of this day or before"),
           ("categories" = Option<String>, Query, description = "Only papers of these categories, separated by commas"),
           ("sources" = Option<String>, Query, description = "Only papers from these sources, separated by commas"),
           ("cursor" = Option<String>, Query, description = "The `next_cursor` of the previous page")),
    responses((status = 200, body = SelectedPage), (status = 304)))]
async fn search_by_query(
    State(app): State<AppState>,
    conditional: ConditionalRequest,
    QueryFields(SearchQuery { query, fields }): QueryFields<SearchQuery>,
) -> Result<Response, Problem> {
    fields.check()?;
    let plan = PagePlan::new(query, app.options().max_results)?;
    let embeddings = app.embed_request(&plan.request).await?;
    let answer = move |engine: &mut Engine| {
        let answer = engine.recommend_with(&plan.request, &embeddings)?;
        CachedContent::json(&fields.select(plan.result_page(answer)?)?)
    };
    conditional.answer(&app, answer).await
}

/// Recommend papers for a reading history, a text, or both
#[utoipa::path(post, path = "/v1/recommend", tag = "queries", request_body = QueryRequest,
    responses((status = 200, body = ResultPage)))]
async fn recommend(
    State(app): State<AppState>,
    JsonBody(query): JsonBody<QueryRequest>,
) -> Result<Json<ResultPage>, Problem> {
    check_history(&query.request)?;
    result_page(&app, query).await
}

/// Find papers similar to a paper of the library
#[utoipa::path(get, path = "/v1/papers/{id}/similar", tag = "queries",
    params(("id" = String, Path, description = "The paper's id, percent-encoded"),
           ("limit" = Option<usize>, Query, description = "Maximum number of papers; all other fields of a request are accepted too")),
    responses((status = 200, body = ResultPage), (status = 304)))]
async fn similar(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    conditional: ConditionalRequest,
    QueryFields(query): QueryFields<QueryRequest>,
) -> Result<Response, Problem> {
    let query = SimilarQuery::new(&app, &id, query).await?;
    conditional.answer(&app, move |engine| CachedContent::json(&query.result_page(engine)?)).await
}

/// Find papers similar to a paper of the library, with the fields of a request in the body
#[utoipa::path(post, path = "/v1/papers/{id}/similar", tag = "queries", request_body = QueryRequest,
    params(("id" = String, Path, description = "The paper's id, percent-encoded")),
    responses((status = 200, body = ResultPage)))]
async fn similar_with_options(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    JsonBody(query): JsonBody<QueryRequest>,
) -> Result<Json<ResultPage>, Problem> {
    let query = SimilarQuery::new(&app, &id, query).await?;
    app.run(move |engine| query.result_page(engine)).await.map(Json)
}

async fn result_page(app: &AppState, query: QueryRequest) -> Result<Json<ResultPage>, Problem> {
    let plan = PagePlan::new(query, app.options().max_results)?;
    let answer = app.recommend(plan.request.clone()).await?;
    plan.result_page(answer).map(Json)
}

/// A query for papers similar to one paper of the library.
struct SimilarQuery {
    id: PaperId,
    plan: PagePlan,
    embeddings: TextEmbeddings,
}

impl SimilarQuery {
    async fn new(app: &AppState, id: &str, mut query: QueryRequest) -> Result<SimilarQuery, Problem> {
        let id = paper_id(id)?;
        query.request.positive.insert(0, HistoryItem::id(id.clone()));
        let plan = PagePlan::new(query, app.options().max_results)?;
        let embeddings = app.embed_request(&plan.request).await?;
        Ok(SimilarQuery { id, plan, embeddings })
    }

    fn result_page(self, engine: &Engine) -> Result<ResultPage, Problem> {
        find_paper(engine, &self.id)?;
        let answer = engine.recommend_with(&self.plan.request, &self.embeddings)?;
        self.plan.result_page(answer)
    }
}
