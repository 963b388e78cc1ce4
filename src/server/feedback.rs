//! What a person did with papers.

use axum::Json as Answered;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::body::JsonBody;
use super::papers::stored;
use super::path::PathParam;
use super::problem::{Problem, ProblemCode};
use super::profiles::profile_name;
use crate::engine::Engine;
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(feedback))
}

/// Kinds of feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum FeedbackKind {
    /// Counts for a paper.
    Like,
    /// Counts against a paper.
    Dislike,
    /// Counts for a paper.
    Read,
    /// Counts for a paper, which is kept for later.
    Save,
    /// No feed has it again.
    Hide,
    /// It was shown: no feed has it again.
    Seen,
    /// Whatever was said of it is forgotten.
    Undo,
}

/// Feedback to some papers.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackRequest {
    kind: FeedbackKind,
    /// Ids of papers.
    papers: Vec<PaperId>,
    /// How much it counts, above 0.
    #[serde(default = "usual_weight")]
    weight: f64,
    /// The day; left out: today.
    at: Option<Date>,
    /// The name of the interest that they are of.
    interest: Option<String>,
}

fn usual_weight() -> f64 {
    1.0
}

/// What was entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FeedbackResponse {
    profile: String,
    kind: FeedbackKind,
    /// Ids of papers that it was entered for.
    papers: Vec<PaperId>,
    /// Ids that are not in the library; of `undo`, not in the history.
    not_found: Vec<PaperId>,
}

/// Say what a person did with papers; a new profile is made
#[utoipa::path(post, path = "/v1/profiles/{id}/feedback", tag = "profiles", request_body = FeedbackRequest,
    params(("id" = String, Path, description = "The profile's name")),
    responses((status = 200, body = FeedbackResponse)))]
async fn feedback(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
    JsonBody(feedback): JsonBody<FeedbackRequest>,
) -> Result<Answered<FeedbackResponse>, Problem> {
    let name = profile_name(&name)?;
    if feedback.papers.is_empty() {
        return Err(Problem::bad_request("`papers`: name one"));
    }
    if !(feedback.weight > 0.0 && feedback.weight.is_finite()) {
        return Err(Problem::bad_request("`weight`: give a number above 0"));
    }
    let today = app.today();
    app.ask(move |engine| enter(engine, name, feedback, today)).await.map(Answered)
}

fn enter(
    engine: &mut Engine,
    profile: String,
    feedback: FeedbackRequest,
    today: Date,
) -> Result<FeedbackResponse, Problem> {
    let FeedbackRequest { kind, papers, weight, at, interest } = feedback;
    let at = at.unwrap_or(today);
    if kind == FeedbackKind::Undo {
        let gone = engine.remove_from_history(&profile, &papers)?;
        let not_found = papers.into_iter().filter(|id| !gone.contains(id)).collect();
        return Ok(FeedbackResponse { profile, kind, papers: gone, not_found });
    }
    let (mut known, mut not_found) = (Vec::new(), Vec::new());
    for id in papers {
        match stored(engine, &id) {
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
