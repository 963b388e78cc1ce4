//! Semantic Scholar's academic graph API: what a paper cites, and what cites it, as far as the library knows.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::graph::no_paper;
use super::paper_fields::{LINK_ONLY_FIELDS, S2Fields, S2LinkFieldName, S2Paper, s2_paper_id};
use crate::paper::PaperId;
use crate::server::access::RouteAccess;
use crate::server::extract::{PathParam, QueryFields};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Maximum number of works of one page, as in the original API.
const MAX_LIMIT: usize = 1000;
/// Number of works without `limit`, as in the original API.
const DEFAULT_LIMIT: usize = 100;
/// Largest `offset`: no paper has more links.
const MAX_OFFSET: usize = 1_000_000;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .described(RouteAccess::PublicRead, routes!(s2_references))
        .described(RouteAccess::PublicRead, routes!(s2_citations))
}

/// The two directions of a citation link.
#[derive(Debug, Clone, Copy)]
pub(super) enum S2Link {
    /// What a paper cites.
    References,
    /// What cites a paper.
    Citations,
}

impl S2Link {
    pub(super) const ALL: [S2Link; 2] = [S2Link::References, S2Link::Citations];

    /// The end of the path, behind the id of the paper.
    pub(super) fn path_end(self) -> &'static str {
        match self {
            S2Link::References => "/references",
            S2Link::Citations => "/citations",
        }
    }
}

/// The query string of a request for links.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct S2LinkQuery {
    pub fields: Vec<String>,
    offset: usize,
    limit: Option<usize>,
}

/// A page of works.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct S2LinkPage {
    /// The position of the first work of this page, from 0.
    offset: usize,
    /// The `offset` of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    /// The works, in the order in which the library learned of them.
    data: Vec<S2LinkedPaper>,
}

/// A work at the other end of a link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum S2LinkedPaper {
    /// What the paper cites.
    #[serde(rename_all = "camelCase")]
    Cited { cited_paper: S2Paper },
    /// What cites the paper.
    #[serde(rename_all = "camelCase")]
    Citing { citing_paper: S2Paper },
}

/// List what a paper cites (Semantic Scholar)
///
/// Works that are not in the library have no `paperId`.
#[utoipa::path(get, path = "/graph/v1/paper/{paper_id}/references", tag = "compatible", operation_id = "s2_list_references",
    params(("paper_id" = PaperId, Path, example = "ARXIV:2401.12345",
            description = "With or without a prefix: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`"),
           ("fields" = Option<Vec<S2LinkFieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of works to return"),
           ("offset" = Option<usize>, Query, minimum = 0, maximum = 1_000_000, description = "The position of the first work of the page, from 0"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000, description = "Maximum number of works of the page; 100 by default")),
    responses((status = 200, description = "A page of works", body = S2LinkPage)))]
async fn s2_references(
    state: State<AppState>,
    PathParam(id): PathParam<String>,
    QueryFields(query): QueryFields<S2LinkQuery>,
) -> Result<Json<S2LinkPage>, Problem> {
    list_links(&state, S2Link::References, &id, query).await
}

/// List what cites a paper (Semantic Scholar)
///
/// Works that are not in the library have no `paperId`.
#[utoipa::path(get, path = "/graph/v1/paper/{paper_id}/citations", tag = "compatible", operation_id = "s2_list_citations",
    params(("paper_id" = PaperId, Path, example = "ARXIV:2401.12345",
            description = "With or without a prefix: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`"),
           ("fields" = Option<Vec<S2LinkFieldName>>, Query, min_items = 1, style = Form, explode = false, example = json!(["title", "year"]),
            description = "The fields of works to return"),
           ("offset" = Option<usize>, Query, minimum = 0, maximum = 1_000_000, description = "The position of the first work of the page, from 0"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000, description = "Maximum number of works of the page; 100 by default")),
    responses((status = 200, description = "A page of works", body = S2LinkPage)))]
async fn s2_citations(
    state: State<AppState>,
    PathParam(id): PathParam<String>,
    QueryFields(query): QueryFields<S2LinkQuery>,
) -> Result<Json<S2LinkPage>, Problem> {
    list_links(&state, S2Link::Citations, &id, query).await
}

/// Answers with one page of what is linked with a paper.
pub(super) async fn list_links(
    app: &AppState,
    link: S2Link,
    text: &str,
    query: S2LinkQuery,
) -> Result<Json<S2LinkPage>, Problem> {
    let S2LinkQuery { fields, offset, limit } = query;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit`: expected a number from 1 to {MAX_LIMIT}")));
    }
    if offset > MAX_OFFSET {
        return Err(Problem::bad_request(format!("`offset`: expected a number from 0 to {MAX_OFFSET}")));
    }
    let of_papers: Vec<String> = fields.into_iter().filter(|name| !LINK_ONLY_FIELDS.contains(&name.as_str())).collect();
    let fields = S2Fields::of_recommendations(&of_papers)?;
    let (id, text) = (s2_paper_id(text)?, text.to_owned());
    app.run(move |engine| {
        let stored = engine.paper(&id)?.ok_or_else(|| no_paper(&text))?;
        let works = match link {
            S2Link::References => engine.library().references(stored.key)?,
            S2Link::Citations => engine.library().citations(stored.key)?,
        };
        let page = works.iter().skip(offset).take(limit).map(|work| {
            let paper = fields.select_work(engine, work)?;
            Ok(match link {
                S2Link::References => S2LinkedPaper::Cited { cited_paper: paper },
                S2Link::Citations => S2LinkedPaper::Citing { citing_paper: paper },
            })
        });
        let data = page.collect::<Result<Vec<_>, Problem>>()?;
        let end = offset.saturating_add(limit);
        Ok::<_, Problem>(Json(S2LinkPage { offset, next: (end < works.len()).then_some(end), data }))
    })
    .await
}
