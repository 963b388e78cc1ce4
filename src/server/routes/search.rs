//! Queries: papers about a text, similar to a paper, or for a reading history.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::routes;

use super::pagination::{PagePlan, QueryRequest, ResultPage, check_history};
use super::request_schemas::{RecommendRequest, SearchParameters, SearchRequest, SimilarParameters, SimilarRequest};
use super::search_fields::{ResultField, SearchQuery, SelectedPage};
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

/// Search for papers
///
/// Finds papers about a text, best first. The text is compared as it is; `GET` understands a search box's syntax too.
#[utoipa::path(post, path = "/v1/search", tag = "queries", operation_id = "search_papers",
    request_body(content = SearchRequest, description = "The text, filters and options",
        example = json!({ "text": "robots that use tools", "limit": 5 })),
    responses((status = 200, description = "One page of papers", body = ResultPage)))]
async fn search(
    State(app): State<AppState>,
    JsonBody(query): JsonBody<QueryRequest>,
) -> Result<Json<ResultPage>, Problem> {
    if query.request.text.is_none() {
        return Err(Problem::bad_request("`text` is required: say what the papers should be about"));
    }
    result_page(&app, query).await
}

/// Search for papers by URL
///
/// Finds papers about what a person typed in a search box, best first. The answer has an `ETag`.
#[utoipa::path(get, path = "/v1/search", tag = "queries", operation_id = "search_papers_by_url",
    params(("q" = String, Query, pattern = r#"[^\s\x85"“”]"#, example = "robots that use tools",
            description = "What the papers should be about, as typed in a search box: words, `\"phrases\"`, `-excluded`, `title:`, `author:`, `category:`, `year:2024..2025`"),
           ("fields" = Option<Vec<ResultField>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "score"]),
            description = "The fields of results and papers to return; without it, all. Without `authors`, lists of authors end after ten, and `author_count` has their number"),
           SearchParameters),
    responses((status = 200, description = "One page of papers", body = SelectedPage),
              (status = 304, description = "Nothing has changed since the answer with this `ETag`")))]
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

/// Recommend papers
///
/// Finds papers for a reading history (`positive` and `negative` papers), for a `text`, or for both.
#[utoipa::path(post, path = "/v1/recommend", tag = "queries", operation_id = "recommend_papers",
    request_body(content = RecommendRequest, description = "The history or the text, filters and options",
        example = json!({ "positive": ["2401.12345", { "title": "Gloves that feel", "weight": 0.5 }], "limit": 5 })),
    responses((status = 200, description = "One page of papers", body = ResultPage)))]
async fn recommend(
    State(app): State<AppState>,
    JsonBody(query): JsonBody<QueryRequest>,
) -> Result<Json<ResultPage>, Problem> {
    check_history(&query.request)?;
    result_page(&app, query).await
}

/// Get similar papers
///
/// Finds papers similar to a paper of the library. The answer has an `ETag`.
#[utoipa::path(get, path = "/v1/papers/{id}/similar", tag = "queries", operation_id = "get_similar_papers",
    params(("id" = PaperId, Path, description = "The paper's id, percent-encoded", example = "2401.12345"), SimilarParameters),
    responses((status = 200, description = "One page of papers", body = ResultPage),
              (status = 304, description = "Nothing has changed since the answer with this `ETag`")))]
async fn similar(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    conditional: ConditionalRequest,
    QueryFields(query): QueryFields<QueryRequest>,
) -> Result<Response, Problem> {
    let query = SimilarQuery::new(&app, &id, query).await?;
    conditional.answer(&app, move |engine| CachedContent::json(&query.result_page(engine)?)).await
}

/// Find similar papers
///
/// As with `GET`, with the fields of a request in the body. Papers of `positive` are added to the one of the path.
#[utoipa::path(post, path = "/v1/papers/{id}/similar", tag = "queries", operation_id = "find_similar_papers",
    request_body(content = SimilarRequest, description = "Filters and options", example = json!({ "limit": 5 })),
    params(("id" = PaperId, Path, description = "The paper's id, percent-encoded", example = "2401.12345")),
    responses((status = 200, description = "One page of papers", body = ResultPage)))]
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
