//! Semantic Scholar's academic graph API: a paper, many papers, and search.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::paper_fields::{S2Fields, S2Paper, s2_paper_id};
use crate::engine::Engine;
use crate::recommend::Request;
use crate::server::access::RouteAccess;
use crate::server::extract::{JsonBody, PathParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::AppState;

/// Maximum number of papers of a batch, as in the original API.
const MAX_BATCH: usize = 500;
/// Maximum number of papers of one page of a search and without `limit`, as in the original API.
const MAX_LIMIT: usize = 100;
/// Maximum number of papers of all pages of a search, as in the original API.
const MAX_RESULTS: usize = 1000;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(search_papers))
        .operation(RouteAccess::PublicRead, routes!(get_papers))
        .operation(RouteAccess::PublicRead, routes!(get_paper))
}

/// The query string of a request for papers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct S2PaperQuery {
    fields: Vec<String>,
}

/// Get a paper (Semantic Scholar API)
#[utoipa::path(get, path = "/graph/v1/paper/{*paper_id}", tag = "compatible",
    params(("paper_id" = String, Path, description = "With or without a prefix: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`"),
           ("fields" = Option<String>, Query)),
    responses((status = 200, body = S2Paper)))]
async fn get_paper(
    State(app): State<AppState>,
    PathParam(text): PathParam<String>,
    QueryFields(query): QueryFields<S2PaperQuery>,
) -> Result<Json<S2Paper>, Problem> {
    let fields = S2Fields::of_graph(&query.fields)?;
    let id = s2_paper_id(&text)?;
    app.run(move |engine| match engine.paper(&id)? {
        Some(stored) => fields.select_stored(engine, &stored).map(Json),
        None => Err(Problem::new(ProblemCode::PaperNotFound, format!("Paper with id {text} not found"))),
    })
    .await
}

/// Ids of papers.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct S2BatchRequest {
    /// With or without a prefix: `ARXIV:2401.12345`, `DOI:10.1/x`, `CorpusId:1`.
    ids: Vec<String>,
}

/// Get many papers; `null` for those that the library does not have (Semantic Scholar API)
#[utoipa::path(post, path = "/graph/v1/paper/batch", tag = "compatible", request_body = S2BatchRequest,
    params(("fields" = Option<String>, Query)),
    responses((status = 200, body = Vec<Option<S2Paper>>)))]
async fn get_papers(
    State(app): State<AppState>,
    QueryFields(query): QueryFields<S2PaperQuery>,
    JsonBody(S2BatchRequest { ids }): JsonBody<S2BatchRequest>,
) -> Result<Json<Vec<Option<S2Paper>>>, Problem> {
    let fields = S2Fields::of_graph(&query.fields)?;
    if ids.is_empty() || ids.len() > MAX_BATCH {
        return Err(Problem::bad_request(format!("`ids`: give 1 to {MAX_BATCH} ids")));
    }
    let find = move |engine: &Engine, text: &str| {
        // What can be no id is no paper of the library.
        let Ok(id) = s2_paper_id(text) else { return Ok(None) };
        engine.paper(&id)?.map(|stored| fields.select_stored(engine, &stored)).transpose()
    };
    app.run(move |engine| ids.iter().map(|text| find(engine, text)).collect::<Result<Vec<_>, Problem>>())
        .await
        .map(Json)
}

/// The query string of a search. Filters of the original API are refused, because the library does not know what they
/// are about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct S2SearchQuery {
    query: String,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

/// A page of a search.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct S2SearchResponse {
    /// The number of papers on all pages.
    total: usize,
    /// The position of the first paper of this page, from 0.
    offset: usize,
    /// The `offset` of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    /// Best first.
    data: Vec<S2Paper>,
}

/// Search for papers about a text (Semantic Scholar API)
#[utoipa::path(get, path = "/graph/v1/paper/search", tag = "compatible",
    params(("query" = String, Query), ("fields" = Option<String>, Query), ("offset" = Option<usize>, Query),
           ("limit" = Option<usize>, Query)),
    responses((status = 200, body = S2SearchResponse)))]
async fn search_papers(
    State(app): State<AppState>,
    QueryFields(search): QueryFields<S2SearchQuery>,
) -> Result<Json<S2SearchResponse>, Problem> {
    let S2SearchQuery { query, fields, offset, limit } = search;
    let fields = S2Fields::of_graph(&fields)?;
    let limit = limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit`: expected a number from 1 to {MAX_LIMIT}")));
    }
    if offset.saturating_add(limit) > MAX_RESULTS {
        return Err(Problem::bad_request(format!("`offset` and `limit` must not add up to more than {MAX_RESULTS}")));
    }
    if query.trim().is_empty() {
        return Err(Problem::bad_request("`query` is empty"));
    }
    let count = MAX_RESULTS.min(app.options().max_results);
    let request = Request { limit: Some(count), ..Request::search(&query)? };
    let embeddings = app.embed_request(&request).await?;
    app.run(move |engine| {
        let results = engine.recommend_with(&request, &embeddings)?.results;
        let select = |id| match engine.paper(id)? {
            Some(stored) => fields.select_stored(engine, &stored).map(Some),
            // Removed since by another process.
            None => Ok(None),
        };
        let page = results.iter().skip(offset).take(limit);
        let data = page.filter_map(|result| select(&result.paper.id).transpose()).collect::<Result<_, Problem>>()?;
        let end = offset + limit;
        let next = (end < results.len()).then_some(end);
        Ok::<_, Problem>(Json(S2SearchResponse { total: results.len(), offset, next, data }))
    })
    .await
}
