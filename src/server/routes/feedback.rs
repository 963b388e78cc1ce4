//! Feedback: what a person did with papers.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::request_schemas::ProfileName;
use crate::engine::{Engine, check_weight};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::recommend::{MAX_NAME_LENGTH, MAX_PROFILE_HISTORY, check_length, check_text};
use crate::server::access::{RouteAccess, Scope};
use crate::server::extract::{JsonBody, ProfileParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::{AppState, find_paper};

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().operation(RouteAccess::Profile(Scope::Write), routes!(post_feedback))
}

/// Kinds of feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum FeedbackKind {
    /// Counts in favor of the paper.
    Like,
    /// Counts against the paper.
    Dislike,
    /// Counts in favor of the paper.
    Read,
    /// Saved for later: counts in favor of the paper.
    Save,
    /// No feed shows the paper again.
    Hide,
    /// The paper was shown elsewhere: no feed shows it again.
    Seen,
    /// Removes the paper from the history.
    Undo,
}

/// Feedback on papers.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackRequest {
    kind: FeedbackKind,
    /// Ids of papers.
    #[schema(min_items = 1, max_items = 10_000)]
    papers: Vec<PaperId>,
    /// The weight, above 0.
    #[serde(default = "default_weight")]
    #[schema(exclusive_minimum = 0, maximum = 1_000_000)]
    weight: f64,
    /// The day; today by default.
    at: Option<Date>,
    /// The name of the interest that the papers belong to.
    #[schema(max_length = 1_000)]
    interest: Option<String>,
}

fn default_weight() -> f64 {
    1.0
}

/// The recorded feedback.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FeedbackResponse {
    profile: String,
    kind: FeedbackKind,
    /// Ids of the papers that it was recorded for.
    papers: Vec<PaperId>,
    /// Ids that are not in the library; for `undo`, not in the history.
    not_found: Vec<PaperId>,
}

/// Record feedback
///
/// Records what a person did with papers. The profile is created if it does not exist. Papers that are not in the library
/// are listed in the answer; if none of them is, nothing is recorded, and the status is 404.
#[utoipa::path(post, path = "/v1/profiles/{id}/feedback", tag = "profiles", operation_id = "record_feedback",
    request_body(content = FeedbackRequest, description = "What was done with which papers",
        example = json!({ "kind": "like", "papers": ["2401.12345"], "interest": "robots" })),
    params(("id" = ProfileName, Path, description = "The profile's name", example = "me")),
    responses((status = 200, description = "What was recorded", body = FeedbackResponse)))]
async fn post_feedback(
    State(app): State<AppState>,
    ProfileParam(name): ProfileParam,
    JsonBody(feedback): JsonBody<FeedbackRequest>,
) -> Result<Json<FeedbackResponse>, Problem> {
    if feedback.papers.is_empty() {
        return Err(Problem::bad_request("`papers` must not be empty"));
    }
    check_length("papers", feedback.papers.len(), MAX_PROFILE_HISTORY)?;
    check_text("interest", feedback.interest.as_deref().unwrap_or_default(), MAX_NAME_LENGTH)?;
    check_weight(feedback.weight)?;
    app.run(move |engine| record_feedback(engine, name, feedback)).await.map(Json)
}

fn record_feedback(
    engine: &mut Engine,
    profile: String,
    feedback: FeedbackRequest,
) -> Result<FeedbackResponse, Problem> {
    let FeedbackRequest { kind, papers, weight, at, interest } = feedback;
    let at = at.unwrap_or_else(|| engine.today());
    if kind == FeedbackKind::Undo {
        let removed = engine.remove_from_history(&profile, &papers)?;
        let gone: HashSet<&PaperId> = removed.iter().collect();
        let not_found = papers.into_iter().filter(|id| !gone.contains(id)).collect();
        return Ok(FeedbackResponse { profile, kind, papers: removed, not_found });
    }
    let (mut known, mut not_found) = (Vec::new(), Vec::new());
    for id in papers {
        match find_paper(engine, &id) {
            Ok(paper) => known.push(paper.id),
            Err(problem) if problem.code() == ProblemCode::PaperNotFound => not_found.push(id),
            Err(problem) => return Err(problem),
        }
    }
    if known.is_empty() {
        return Err(Problem::new(ProblemCode::PaperNotFound, "none of these papers is in the library"));
    }
    let history = |kind| {
        let entry = |id: &PaperId| HistoryEntry {
            weight,
            interest: interest.clone(),
            ..HistoryEntry::new(id.clone(), kind, at)
        };
        known.iter().map(entry).collect::<Vec<_>>()
    };
    match kind {
        FeedbackKind::Like => engine.add_to_history(&profile, &history(HistoryKind::Like))?,
        FeedbackKind::Dislike => engine.add_to_history(&profile, &history(HistoryKind::Dislike))?,
        FeedbackKind::Save => engine.add_to_history(&profile, &history(HistoryKind::Save))?,
        FeedbackKind::Hide => engine.add_to_history(&profile, &history(HistoryKind::Hide))?,
        FeedbackKind::Read => engine.add_to_history(&profile, &history(HistoryKind::Read))?,
        FeedbackKind::Seen => {
            engine.record_impressions(&profile, &known, at)?;
        }
        FeedbackKind::Undo => {}
    }
    Ok(FeedbackResponse { profile, kind, papers: known, not_found })
}
