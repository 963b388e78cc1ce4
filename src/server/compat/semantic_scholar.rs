//! Semantic Scholar's recommendations API: for positive and negative papers, and for one paper.
//!
//! All papers come from the library, whatever `from` says; `paperId` is the library's id.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa_axum::routes;

use crate::engine::Engine;
use crate::paper::{Paper, PaperId};
use crate::recommend::{HistoryItem, Request};
use crate::server::access::RouteAccess;
use crate::server::extract::{JsonBody, PathParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};

/// Maximum number of papers, as in the original API.
const MAX_LIMIT: usize = 500;
/// Number of papers without `limit`, as in the original API.
const DEFAULT_LIMIT: usize = 100;
/// The fields of a paper without `fields`, as in the original API.
const DEFAULT_FIELDS: [&str; 2] = ["paperId", "title"];
/// All fields of a paper; those that the library does not know are `null`.
const KNOWN_FIELDS: [&str; 23] = [
    "paperId",
    "corpusId",
    "externalIds",
    "url",
    "title",
    "abstract",
    "venue",
    "publicationVenue",
    "year",
    "referenceCount",
    "citationCount",
    "influentialCitationCount",
    "isOpenAccess",
    "openAccessPdf",
    "fieldsOfStudy",
    "s2FieldsOfStudy",
    "publicationTypes",
    "publicationDate",
    "journal",
    "citationStyles",
    "authors",
    "embedding",
    "tldr",
];

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(recommend_for_history))
        .operation(RouteAccess::PublicRead, routes!(recommend_for_paper))
        .post("/recommendations/v1/papers", RouteAccess::PublicRead, recommend_for_history)
}

/// A problem in Semantic Scholar's error format.
pub(super) fn error_body(problem: &Problem) -> Value {
    json!({ "error": problem.detail() })
}

/// Positive and negative examples.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2RecommendRequest {
    /// With or without a prefix: `ARXIV:2401.12345`, `DOI:10.1/x`, `URL:https://...`.
    positive_paper_ids: Vec<String>,
    #[serde(default)]
    negative_paper_ids: Vec<String>,
}

/// The query string of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct S2RecommendQuery {
    fields: Vec<String>,
    limit: Option<usize>,
    from: Option<String>,
}

/// Papers, best first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2RecommendResponse {
    #[schema(value_type = Vec<Object>)]
    recommended_papers: Vec<Map<String, Value>>,
}

/// Recommend papers for positive and negative examples (Semantic Scholar API)
#[utoipa::path(post, path = "/recommendations/v1/papers/", tag = "compatible", request_body = S2RecommendRequest,
    params(("fields" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = S2RecommendResponse)))]
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

/// Recommend papers for one paper (Semantic Scholar API)
#[utoipa::path(get, path = "/recommendations/v1/papers/forpaper/{*paper_id}", tag = "compatible",
    params(("paper_id" = String, Path, description = "With or without a prefix such as `ARXIV:`"),
           ("fields" = Option<String>, Query), ("limit" = Option<usize>, Query), ("from" = Option<String>, Query)),
    responses((status = 200, body = S2RecommendResponse)))]
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
    if query.from.as_deref().is_some_and(|pool| !["recent", "all-cs"].contains(&pool)) {
        return Err(Problem::bad_request("`from`: give `recent` or `all-cs`; both mean the whole library"));
    }
    if let Some(field) = query.fields.iter().find(|field| !KNOWN_FIELDS.contains(&top_level(field))) {
        return Err(Problem::bad_request(format!("Unrecognized or unsupported fields: [{field}]")));
    }
    let positive = paper_ids(&history.positive_paper_ids)?;
    let negative = paper_ids(&history.negative_paper_ids)?;
    let papers = app.run(move |engine| recommend(engine, positive, negative, limit)).await?;
    let fields: Vec<&str> = match query.fields.is_empty() {
        true => DEFAULT_FIELDS.to_vec(),
        false => ["paperId"].into_iter().chain(query.fields.iter().map(|field| top_level(field))).collect(),
    };
    Ok(Json(S2RecommendResponse {
        recommended_papers: papers.iter().map(|paper| selected_fields(paper, &fields)).collect(),
    }))
}

/// Returns the top-level field: `authors` of `authors.name`.
fn top_level(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

fn paper_ids(texts: &[String]) -> Result<Vec<PaperId>, Problem> {
    let id = |text: &String| {
        let without_prefix =
            text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("url:")).map_or(&text[..], |_| &text[4..]);
        PaperId::parse(without_prefix).map_err(|reason| Problem::bad_request(format!("`{text}`: {reason}")))
    };
    texts.iter().map(id).collect()
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
    Ok(engine.recommend(&request)?.results.into_iter().map(|result| result.paper).collect())
}

fn selected_fields(paper: &Paper, fields: &[&str]) -> Map<String, Value> {
    fields.iter().map(|field| ((*field).to_owned(), field_value(paper, field))).collect()
}

fn field_value(paper: &Paper, field: &str) -> Value {
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    match field {
        "paperId" => paper.id.as_str().into(),
        "title" => text(&paper.title),
        "abstract" => text(&paper.abstract_text),
        "url" => paper.url.as_deref().map_or(Value::Null, text),
        "year" => paper.published.or(paper.listed).map_or(Value::Null, |date| date.year().into()),
        "publicationDate" => paper.published.map_or(Value::Null, |date| date.to_string().into()),
        "authors" => paper.authors.iter().map(|name| json!({ "authorId": null, "name": name })).collect(),
        "externalIds" => match paper.id.as_str().strip_prefix("doi:") {
            Some(doi) => json!({ "DOI": doi }),
            None if paper.id.is_arxiv() => json!({ "ArXiv": paper.id }),
            None => json!({}),
        },
        _ => Value::Null,
    }
}
