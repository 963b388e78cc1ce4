//! Semantic Scholar's recommendations: from positive and negative papers, and for one paper.
//!
//! Papers are those of the library, whatever `from` says; their `paperId` is the library's id.

use axum::Json as Answered;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::engine::Engine;
use crate::paper::{Paper, PaperId};
use crate::recommend::{HistoryItem, Request};
use crate::server::AppState;
use crate::server::body::JsonBody;
use crate::server::papers::stored;
use crate::server::path::PathParam;
use crate::server::problem::Problem;
use crate::server::query::QueryFields;

/// Most papers of one answer, as there.
const MOST: usize = 500;
/// Papers of an answer that does not say how many, as there.
const USUAL: usize = 100;
/// What is given without `fields`, as there.
const PLAIN: [&str; 2] = ["paperId", "title"];
/// What a paper can have; `null` where the library does not know it.
const KNOWN: [&str; 23] = [
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

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(for_history))
        .routes(routes!(for_paper))
        .route("/recommendations/v1/papers", axum::routing::post(for_history))
}

/// A problem in their words.
pub(super) fn error(problem: &Problem) -> Value {
    json!({ "error": problem.detail() })
}

/// Papers to go by.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct S2RecommendRequest {
    /// With or without a prefix: `ARXIV:2401.12345`, `DOI:10.1/x`, `URL:https://...`.
    positive_paper_ids: Vec<String>,
    #[serde(default)]
    negative_paper_ids: Vec<String>,
}

/// How papers are wanted.
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

/// Papers for positive and negative examples, as Semantic Scholar's API gives them
#[utoipa::path(post, path = "/recommendations/v1/papers/", tag = "compatible", request_body = S2RecommendRequest,
    params(("fields" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = S2RecommendResponse)))]
async fn for_history(
    State(app): State<AppState>,
    QueryFields(wanted): QueryFields<S2RecommendQuery>,
    JsonBody(history): JsonBody<S2RecommendRequest>,
) -> Result<Answered<S2RecommendResponse>, Problem> {
    if history.positive_paper_ids.is_empty() {
        return Err(Problem::bad_request("`positivePaperIds`: name one"));
    }
    answer(&app, wanted, history).await
}

/// Papers like one paper, as Semantic Scholar's API gives them
#[utoipa::path(get, path = "/recommendations/v1/papers/forpaper/{*paper_id}", tag = "compatible",
    params(("paper_id" = String, Path, description = "With or without a prefix such as `ARXIV:`"),
           ("fields" = Option<String>, Query), ("limit" = Option<usize>, Query), ("from" = Option<String>, Query)),
    responses((status = 200, body = S2RecommendResponse)))]
async fn for_paper(
    State(app): State<AppState>,
    PathParam(id): PathParam<String>,
    QueryFields(wanted): QueryFields<S2RecommendQuery>,
) -> Result<Answered<S2RecommendResponse>, Problem> {
    answer(&app, wanted, S2RecommendRequest { positive_paper_ids: vec![id], negative_paper_ids: Vec::new() }).await
}

async fn answer(
    app: &AppState,
    wanted: S2RecommendQuery,
    history: S2RecommendRequest,
) -> Result<Answered<S2RecommendResponse>, Problem> {
    let limit = wanted.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit`: give a number from 1 to {MOST}")));
    }
    if wanted.from.as_deref().is_some_and(|pool| !["recent", "all-cs"].contains(&pool)) {
        return Err(Problem::bad_request("`from`: give `recent` or `all-cs`; both are the whole library here"));
    }
    if let Some(field) = wanted.fields.iter().find(|field| !KNOWN.contains(&name(field))) {
        return Err(Problem::bad_request(format!("Unrecognized or unsupported fields: [{field}]")));
    }
    let positive = ids(&history.positive_paper_ids)?;
    let negative = ids(&history.negative_paper_ids)?;
    let _today = app.today();
    let found = app.ask(move |engine| recommend(engine, positive, negative, limit)).await?;
    let fields: Vec<&str> = match wanted.fields.is_empty() {
        true => PLAIN.to_vec(),
        false => ["paperId"].into_iter().chain(wanted.fields.iter().map(|field| name(field))).collect(),
    };
    Ok(Answered(S2RecommendResponse {
        recommended_papers: found.iter().map(|paper| of_fields(paper, &fields)).collect(),
    }))
}

/// A field without what is wanted of it: `authors` of `authors.name`.
fn name(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

fn ids(texts: &[String]) -> Result<Vec<PaperId>, Problem> {
    let id = |text: &String| {
        let plain =
            text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("url:")).map_or(&text[..], |_| &text[4..]);
        PaperId::parse(plain).map_err(|reason| Problem::bad_request(format!("`{text}`: {reason}")))
    };
    texts.iter().map(id).collect()
}

/// Papers for a history, all of which has to be there.
fn recommend(
    engine: &mut Engine,
    positive: Vec<PaperId>,
    negative: Vec<PaperId>,
    limit: usize,
) -> Result<Vec<Paper>, Problem> {
    positive.iter().chain(&negative).try_for_each(|id| stored(engine, id).map(drop))?;
    let items = |ids: Vec<PaperId>| ids.into_iter().map(HistoryItem::id).collect();
    let request =
        Request { positive: items(positive), negative: items(negative), limit: Some(limit), ..Request::default() };
    Ok(engine.recommend(&request)?.results.into_iter().map(|result| result.paper).collect())
}

fn of_fields(paper: &Paper, fields: &[&str]) -> Map<String, Value> {
    fields.iter().map(|field| ((*field).to_owned(), of_field(paper, field))).collect()
}

fn of_field(paper: &Paper, field: &str) -> Value {
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
