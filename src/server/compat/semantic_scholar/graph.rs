//! Semantic Scholar's academic graph API: a paper, many papers, and search.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::links::{S2Link, S2LinkQuery, list_links};
use super::paper_fields::{S2Fields, S2GraphFieldName, S2Paper, s2_paper_id};
use crate::engine::Engine;
use crate::library::PaperFilter;
use crate::paper::PaperId;
use crate::recommend::{Request, check_names};
use crate::server::access::RouteAccess;
use crate::server::extract::{JsonBody, PathParam, QueryFields, has_search_text};
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

/// Get a paper (Semantic Scholar)
///
/// Fields that the library does not have are `null`.
#[utoipa::path(get, path = "/graph/v1/paper/{*paper_id}", tag = "compatible", operation_id = "s2_get_paper",
    params(("paper_id" = PaperId, Path, example = "ARXIV:2401.12345",
            description = "With or without a prefix: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`"),
           ("fields" = Option<Vec<S2GraphFieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of papers to return; `paperId` always, and `title` without this parameter")),
    responses((status = 200, description = "The paper", body = S2Paper)))]
async fn get_paper(
    state: State<AppState>,
    PathParam(text): PathParam<String>,
    QueryFields(query): QueryFields<S2LinkQuery>,
) -> Result<Response, Problem> {
    // Behind a wildcard, the router knows no routes; ids may have slashes, so there is a wildcard.
    let link = S2Link::ALL.into_iter().find_map(|link| Some((link, text.strip_suffix(link.path_end())?)));
    if let Some((link, id)) = link {
        return list_links(&state, link, id, query).await.map(IntoResponse::into_response);
    }
    let app = state.0;
    let fields = S2Fields::of_graph(&query.fields)?;
    let id = s2_paper_id(&text)?;
    app.run(move |engine| match engine.paper(&id)? {
        Some(stored) => fields.select_stored(engine, &stored).map(|paper| Json(paper).into_response()),
        None => Err(no_paper(&text)),
    })
    .await
}

/// Ids of papers.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct S2BatchRequest {
    /// With or without a prefix: `ARXIV:2401.12345`, `DOI:10.1/x`, `CorpusId:1`.
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<String>,
}

/// Get many papers (Semantic Scholar)
///
/// The answer has a paper for each id, in their order; `null` for those that the library does not have.
#[utoipa::path(post, path = "/graph/v1/paper/batch", tag = "compatible", operation_id = "s2_get_papers",
    request_body(content = S2BatchRequest, description = "The ids", example = json!({ "ids": ["ARXIV:2401.12345"] })),
    params(("fields" = Option<Vec<S2GraphFieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of papers to return; `paperId` always, and `title` without this parameter")),
    responses((status = 200, description = "A paper for each id", body = Vec<Option<S2Paper>>)))]
async fn get_papers(
    State(app): State<AppState>,
    QueryFields(query): QueryFields<S2PaperQuery>,
    JsonBody(S2BatchRequest { ids }): JsonBody<S2BatchRequest>,
) -> Result<Json<Vec<Option<S2Paper>>>, Problem> {
    let fields = S2Fields::of_graph(&query.fields)?;
    if ids.is_empty() || ids.len() > MAX_BATCH {
        return Err(Problem::bad_request(format!("`ids`: give 1 to {MAX_BATCH} ids")));
    }
    check_names("ids", &ids, MAX_BATCH)?;
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
    /// The number of papers that the search ranks: all that its filters let pass. Pages have the first 1,000 of them.
    total: usize,
    /// The position of the first paper of this page, from 0.
    offset: usize,
    /// The `offset` of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    /// Best first.
    data: Vec<S2Paper>,
}

/// Search for papers (Semantic Scholar)
///
/// Returns up to 1,000 papers on all pages, best first.
#[utoipa::path(get, path = "/graph/v1/paper/search", tag = "compatible", operation_id = "s2_search_papers",
    params(("query" = String, Query, pattern = r#"[^\s\x85"“”]"#, example = "robots that use tools",
            description = "What the papers should be about, as typed in a search box"),
           ("fields" = Option<Vec<S2GraphFieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of papers to return; `paperId` always, and `title` without this parameter"),
           ("offset" = Option<usize>, Query, minimum = 0, maximum = 1000, description = "The position of the first paper of the page, from 0"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Maximum number of papers of the page; 100 by default")),
    responses((status = 200, description = "A page of papers", body = S2SearchResponse)))]
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
    if offset > MAX_RESULTS {
        return Err(Problem::bad_request(format!("`offset`: expected a number from 0 to {MAX_RESULTS}")));
    }
    if !has_search_text(&query) {
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
        let total = if results.len() < count { results.len() } else { matching_papers(engine, &request)? };
        Ok::<_, Problem>(Json(S2SearchResponse { total, offset, next, data }))
    })
    .await
}

/// The number of papers that a search ranks: all that pass its filters.
fn matching_papers(engine: &Engine, request: &Request) -> Result<usize, Problem> {
    let Request { published_after, published_before, categories, by, titles, phrases, without, .. } = request.clone();
    let filter = PaperFilter {
        published_after,
        published_before,
        categories,
        authors: by,
        titles,
        phrases,
        without,
        ..PaperFilter::default()
    };
    match engine.library().matching_keys(&filter)? {
        Some(keys) => Ok(keys.len()),
        None => Ok(engine.index_status()?.papers),
    }
}

/// The problem of an id that is of no paper of the library.
pub(super) fn no_paper(id: &str) -> Problem {
    Problem::new(ProblemCode::PaperNotFound, format!("Paper with id {id} not found"))
}
