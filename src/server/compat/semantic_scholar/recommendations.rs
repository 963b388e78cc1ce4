//! Semantic Scholar's recommendations API: for positive and negative papers, and for one paper. All papers come from the
//! library, whatever `from` says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::paper_fields::{S2FieldName, S2Fields, S2Paper, s2_paper_id};
use crate::engine::Engine;
use crate::paper::{Paper, PaperId};
use crate::recommend::{HistoryItem, Request, check_length};
use crate::server::access::RouteAccess;
use crate::server::extract::{JsonBody, PathParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};

/// Maximum number of papers, as in the original API.
const MAX_LIMIT: usize = 500;
/// Maximum number of positive, and of negative examples.
const MAX_EXAMPLES: usize = 500;
/// Number of papers without `limit`, as in the original API.
const DEFAULT_LIMIT: usize = 100;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(recommend_for_history))
        .operation(RouteAccess::PublicRead, routes!(recommend_for_paper))
        .post("/recommendations/v1/papers", RouteAccess::PublicRead, recommend_for_history)
}

/// Positive and negative examples.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2RecommendRequest {
    /// With or without a prefix: `ARXIV:2401.12345`, `DOI:10.1/x`, `URL:https://...`.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<PaperId>)]
    positive_paper_ids: Vec<String>,
    /// As `positivePaperIds`.
    #[serde(default)]
    #[schema(max_items = 500, value_type = Vec<PaperId>)]
    negative_paper_ids: Vec<String>,
}

/// The query string of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct S2RecommendQuery {
    fields: Vec<String>,
    limit: Option<usize>,
    /// Both pools are the whole library.
    from: Option<S2Pool>,
}

/// The papers that recommendations come from.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::server) enum S2Pool {
    /// Recent papers.
    Recent,
    /// All papers of computer science.
    AllCs,
}

/// Papers, best first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2RecommendResponse {
    recommended_papers: Vec<S2Paper>,
}

/// Recommend papers for several papers (Semantic Scholar)
///
/// All papers of the request must be in the library.
#[utoipa::path(post, path = "/recommendations/v1/papers/", tag = "compatible", operation_id = "s2_recommend_for_papers",
    request_body(content = S2RecommendRequest, description = "Positive and negative examples",
        example = json!({ "positivePaperIds": ["ARXIV:2401.12345"] })),
    params(("fields" = Option<Vec<S2FieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of papers to return; `paperId` always, and `title` without this parameter"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "Maximum number of papers; 100 by default")),
    responses((status = 200, description = "Papers, best first", body = S2RecommendResponse)))]
async fn recommend_for_history(
    State(app): State<AppState>,
    QueryFields(query): QueryFields<S2RecommendQuery>,
    JsonBody(history): JsonBody<S2RecommendRequest>,
) -> Result<Json<S2RecommendResponse>, Problem> {
    if history.positive_paper_ids.is_empty() {
        return Err(Problem::bad_request("`positivePaperIds` must not be empty"));
    }
    respond(&app, query, history).await
}

/// Recommend papers for one paper (Semantic Scholar)
///
/// All papers come from the library, whatever `from` says.
#[utoipa::path(get, path = "/recommendations/v1/papers/forpaper/{*paper_id}", tag = "compatible",
    operation_id = "s2_recommend_for_paper",
    params(("paper_id" = PaperId, Path, example = "ARXIV:2401.12345",
            description = "With or without a prefix: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`"),
           ("fields" = Option<Vec<S2FieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of papers to return; `paperId` always, and `title` without this parameter"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "Maximum number of papers; 100 by default"),
           ("from" = Option<S2Pool>, Query, description = "Both mean the whole library")),
    responses((status = 200, description = "Papers, best first", body = S2RecommendResponse)))]
async fn recommend_for_paper(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    QueryFields(query): QueryFields<S2RecommendQuery>,
) -> Result<Json<S2RecommendResponse>, Problem> {
    respond(&app, query, S2RecommendRequest { positive_paper_ids: vec![id], negative_paper_ids: Vec::new() }).await
}

async fn respond(
    app: &AppState,
    query: S2RecommendQuery,
    history: S2RecommendRequest,
) -> Result<Json<S2RecommendResponse>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit`: expected a number from 1 to {MAX_LIMIT}")));
    }
    let fields = S2Fields::of_recommendations(&query.fields)?;
    let positive = paper_ids("positivePaperIds", &history.positive_paper_ids)?;
    let negative = paper_ids("negativePaperIds", &history.negative_paper_ids)?;
    let papers = app.run(move |engine| recommend(engine, positive, negative, limit)).await?;
    let recommended_papers = papers.iter().map(|paper| fields.select(paper)).collect();
    Ok(Json(S2RecommendResponse { recommended_papers }))
}

fn paper_ids(field: &'static str, texts: &[String]) -> Result<Vec<PaperId>, Problem> {
    check_length(field, texts.len(), MAX_EXAMPLES)?;
    texts.iter().map(|text| s2_paper_id(text)).collect()
}

/// Recommends papers for a history; all its papers must be in the library.
fn recommend(
    engine: &mut Engine,
    positive: Vec<PaperId>,
    negative: Vec<PaperId>,
    limit: usize,
) -> Result<Vec<Paper>, Problem> {
    positive.iter().chain(&negative).try_for_each(|id| find_paper(engine, id).map(drop))?;
    let items = |ids: Vec<PaperId>| ids.into_iter().map(HistoryItem::id).collect();
    let request =
        Request { positive: items(positive), negative: items(negative), limit: Some(limit), ..Request::default() };
    Ok(engine.recommend(&request)?.results.into_iter().map(|result| Arc::unwrap_or_clone(result.paper)).collect())
}
