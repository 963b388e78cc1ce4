//! Similarity reports: asked for, made in the background, and downloaded.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tower_http::services::ServeFile;
use utoipa_axum::routes;

use super::request_schemas::ProfileName;
use crate::engine::{Engine, PaperSelection, check_profile_name};
use crate::error::Error;
use crate::library::PaperFilter;
use crate::paper::PaperId;
use crate::recommend::{MAX_FILTER_VALUES, check_length, check_names};
use crate::report::{ReportOptions, ReportPart};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonBody, NDJSON_TYPE, PathParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, ReportJob, ReportOrder};

/// Neighbors of each paper, at most: a table of more would be larger than the library.
const MAX_NEIGHBORS: usize = 100;
/// The file that is a page.
const PAGE: &str = "report.html";
/// What a report's page may do in the frame of another page: run its own script, and open papers in tabs. It cannot read
/// what this server has for the reader.
const PAGE_POLICY: &str = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads; \
                           frame-ancestors 'self'";

pub(super) fn routes() -> GuardedRouter {
    let (read, write) = (RouteAccess::Private(Scope::Read), RouteAccess::Private(Scope::Write));
    GuardedRouter::new()
        .operation(write, routes!(order_report))
        .operation(read, routes!(list_reports))
        .operation(read, routes!(get_report))
        .operation(write, routes!(remove_report))
        .operation(read, routes!(get_report_file))
}

/// Which papers a report is of, and what it contains. The default is a report of the whole library.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ReportRequest {
    /// Only papers published, or else listed, on this day or later.
    after: Option<Date>,
    /// Only papers published, or else listed, on this day or before.
    before: Option<Date>,
    /// Only papers of these categories, or of those within them.
    #[schema(max_items = 100)]
    categories: Vec<String>,
    /// Only papers from these sources.
    #[schema(max_items = 100)]
    sources: Vec<String>,
    /// Only papers in the reading history of this profile.
    #[schema(value_type = Option<ProfileName>)]
    profile: Option<String>,
    /// Compare the papers with the reading history of this profile.
    #[schema(value_type = Option<ProfileName>)]
    against_profile: Option<String>,
    /// The parts: all but the embeddings if there are none.
    #[schema(max_items = 100)]
    include: Vec<ReportPart>,
    /// Neighbors of each paper; 10 if absent.
    #[schema(minimum = 1, maximum = 100)]
    neighbors: Option<usize>,
    /// The cosine from which on papers with different texts are duplicates; 0.95 if absent.
    #[schema(minimum = -1, maximum = 1)]
    threshold: Option<f32>,
}

impl ReportRequest {
    fn options(&self) -> Result<ReportOptions, Problem> {
        let defaults = ReportOptions::default();
        let bad = |field, reason: String| Problem::from(Error::BadRequest { field, reason });
        let neighbors = self.neighbors.unwrap_or(defaults.neighbors);
        if !(1..=MAX_NEIGHBORS).contains(&neighbors) {
            return Err(bad("neighbors", format!("must be from 1 to {MAX_NEIGHBORS}")));
        }
        let threshold = self.threshold.unwrap_or(defaults.threshold);
        if !(-1.0..=1.0).contains(&threshold) {
            return Err(bad("threshold", "must be from -1 to 1".to_owned()));
        }
        check_names("categories", &self.categories, MAX_FILTER_VALUES)?;
        check_names("sources", &self.sources, MAX_FILTER_VALUES)?;
        check_length("include", self.include.len(), MAX_FILTER_VALUES)?;
        let parts = if self.include.is_empty() { defaults.parts.clone() } else { self.include.clone() };
        Ok(ReportOptions { parts, neighbors, threshold, ..defaults })
    }

    fn selection(&self, engine: &Engine) -> Result<PaperSelection, Problem> {
        let filter = PaperFilter {
            published_after: self.after,
            published_before: self.before,
            categories: self.categories.clone(),
            sources: self.sources.clone(),
            ..PaperFilter::default()
        };
        let selection = PaperSelection::new(filter);
        match &self.profile {
            Some(name) => Ok(selection.within(history_ids(engine, name)?, &format!("in the history of `{name}`"))),
            None => Ok(selection),
        }
    }

    /// The history that the papers are compared with.
    fn against(&self, engine: &Engine) -> Result<Option<PaperSelection>, Problem> {
        let Some(name) = &self.against_profile else { return Ok(None) };
        let title = format!("the history of `{name}`");
        Ok(Some(PaperSelection { ids: Some(history_ids(engine, name)?), title, ..PaperSelection::default() }))
    }
}

fn history_ids(engine: &Engine, name: &str) -> Result<Vec<PaperId>, Problem> {
    let papers = engine.history_papers(check_profile_name(name)?)?;
    Ok(papers.into_iter().map(|paper| paper.entry.id).collect())
}

/// All reports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReportList {
    /// The reports, the newest first.
    reports: Vec<ReportJob>,
}

/// Make a similarity report
///
/// The report is made in the background, one after the other; `GET` says how far it is. The ten newest are kept.
#[utoipa::path(post, path = "/v1/reports", tag = "reports", operation_id = "order_report",
    request_body(content = ReportRequest, description = "The papers and the parts", example = json!({ "after": "2026-01-01" })),
    responses((status = 202, description = "It will be made", body = ReportJob,
        headers(("Location" = String, description = "Where it is asked for"))),
        (status = 429, description = "Four others wait: try again later", body = Problem,
         content_type = "application/problem+json")))]
async fn order_report(
    State(app): State<AppState>,
    JsonBody(request): JsonBody<ReportRequest>,
) -> Result<Response, Problem> {
    let options = request.options()?;
    let order = app.run(move |engine| {
        let (selection, against) = (request.selection(engine)?, request.against(engine)?);
        Ok::<_, Problem>(ReportOrder { selection, options, against })
    });
    let order = order.await?;
    let job = app.reports().order(order)?;
    let location = HeaderValue::try_from(format!("/v1/reports/{}", job.id)).map_err(|_| Problem::internal())?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(job)).into_response())
}

/// List the similarity reports
///
/// Returns those that wait or are made, and the ten newest of those that are finished.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", operation_id = "list_reports",
    responses((status = 200, description = "The reports", body = ReportList, example = json!({ "reports": [] }))))]
async fn list_reports(State(app): State<AppState>) -> Json<ReportList> {
    Json(ReportList { reports: app.reports().jobs() })
}

/// Get the state of a similarity report
///
/// Returns how far it is and, when it is finished, the names of its files.
#[utoipa::path(get, path = "/v1/reports/{id}", tag = "reports", operation_id = "get_report",
    params(("id" = String, Path, description = "The report's ID", example = "0f1e2d3c4b5a6978")),
    responses((status = 200, description = "The report", body = ReportJob)))]
async fn get_report(State(app): State<AppState>, PathParam(id): PathParam<String>) -> Result<Json<ReportJob>, Problem> {
    app.reports().job(&id).map(Json)
}

/// Cancel or delete a similarity report
///
/// Gives up a report that is not finished, and deletes the files of one that is.
#[utoipa::path(delete, path = "/v1/reports/{id}", tag = "reports", operation_id = "remove_report",
    params(("id" = String, Path, description = "The report's ID", example = "0f1e2d3c4b5a6978")),
    responses((status = 204, description = "It is gone")))]
async fn remove_report(State(app): State<AppState>, PathParam(id): PathParam<String>) -> Result<StatusCode, Problem> {
    let reports = app.clone();
    app.run(move |_| reports.reports().remove(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Download a file of a similarity report
///
/// The files are described in the documentation of reports: `report.html`, tables as Parquet, JSON lines and CSV, figures.
#[utoipa::path(get, path = "/v1/reports/{id}/files/{name}", tag = "reports", operation_id = "get_report_file",
    params(("id" = String, Path, description = "The report's ID", example = "0f1e2d3c4b5a6978"),
           ("name" = String, Path, description = "The file's name", example = "groups.csv")),
    responses((status = 200, description = "The file", content(
        (String = "text/html"), (String = "text/csv"), (String = "text/markdown"), (String = "application/x-ndjson"),
        (serde_json::Value = "application/json"), (String = "image/svg+xml"),
        (Vec<u8> = "application/vnd.apache.parquet")))))]
async fn get_report_file(
    State(app): State<AppState>,
    PathParam((id, name)): PathParam<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let path = app.reports().file(&id, &name)?;
    let media_type = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("jsonl") => NDJSON_TYPE,
        Some("csv") => "text/csv; charset=utf-8",
        Some("md") => "text/markdown; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/vnd.apache.parquet",
    };
    let media_type = media_type.parse().map_err(|_| Problem::internal())?;
    let served = ServeFile::new_with_mime(&path, &media_type).try_call(request).await;
    let mut response = served.map_err(|error| Problem::from(Error::io(&path, "read")(error)))?.into_response();
    let headers = response.headers_mut();
    match name.as_str() {
        PAGE => {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        }
        _ => {
            let attachment = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
            headers.insert(header::CONTENT_DISPOSITION, attachment.map_err(|_| Problem::internal())?);
        }
    }
    Ok(response)
}
