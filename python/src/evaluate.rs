//! How well the ranking, and simple methods, find what is known to be relevant: as `paperkin eval` has it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use paperkin::engine::{
    CandidatePool, EvaluationOptions, EvaluationSummary, LabeledQuery, TemporalSplit, history_sides,
};
use paperkin::evaluate::{Baseline, DEFAULT_METRICS, Metric, QrelsLine, TrecError};
use paperkin::recommend::{HistoryItem, Strategy};
use paperkin::{Engine, Error, PaperId, Request, Result};
use serde::{Deserialize, Serialize};

use crate::encoder::parsed;
use crate::engine::bad;

/// What is evaluated: a profile, a history, or judged queries; and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluationRequest {
    profile: Option<String>,
    history: Vec<HistoryItem>,
    disliked: Vec<HistoryItem>,
    queries: Option<Vec<Request>>,
    judgments: HashMap<String, HashMap<PaperId, f64>>,
    metrics: Vec<String>,
    relevance_threshold: f64,
    judged_only: bool,
    seed: u64,
}

/// The outcome, with the table that the program prints.
#[derive(Serialize)]
pub(crate) struct Evaluation {
    /// How a history was split, when it was one.
    held_out: Option<TemporalSplit>,
    #[serde(flatten)]
    summary: EvaluationSummary,
    table: String,
}

/// Evaluates what is asked for.
pub(crate) fn evaluate(engine: &Engine, request: EvaluationRequest) -> Result<Evaluation> {
    let metrics = request.metrics.iter().map(|name| parsed("metrics", name)).collect::<Result<Vec<Metric>>>()?;
    let mut options = EvaluationOptions {
        metrics,
        relevance_threshold: request.relevance_threshold,
        pool: if request.judged_only { CandidatePool::Judged } else { CandidatePool::All },
        strategies: Strategy::ALONE.to_vec(),
        baselines: Baseline::ALL.to_vec(),
        seed: request.seed,
    };
    let (held_out, labeled) = match request.queries {
        Some(queries) => {
            if options.metrics.is_empty() {
                options.metrics = DEFAULT_METRICS.to_vec();
            }
            (None, labeled(queries, request.judgments)?)
        }
        None => {
            let [liked, disliked] = match &request.profile {
                Some(profile) => history_sides(&engine.profile(profile)?.history),
                None => [request.history, request.disliked],
            };
            let held_out = engine.temporal_split(&liked, &disliked, TemporalSplit::HELD_OUT_SHARE)?;
            options.metrics = held_out.metrics(&options.metrics)?;
            let query = held_out.query.clone();
            (Some(held_out), vec![query])
        }
    };
    let summary = engine.evaluate(&labeled, &options, &|_| ())?;
    Ok(Evaluation { table: summary.report.to_string(), held_out, summary })
}

/// Judged queries; those without judgments are left out.
fn labeled(queries: Vec<Request>, mut judgments: HashMap<String, HashMap<PaperId, f64>>) -> Result<Vec<LabeledQuery>> {
    let mut labeled = Vec::new();
    for request in queries {
        request.check()?;
        if request.text.is_none() && request.positive.is_empty() {
            return Err(bad("queries", "a query has neither `text` nor `history`"));
        }
        let judged = request.id.as_ref().and_then(|id| judgments.remove(id));
        labeled.extend(judged.map(|judgments| LabeledQuery { request, judgments }));
    }
    if labeled.is_empty() {
        return Err(bad("judgments", "none of the queries is judged: both name a query by its `id`"));
    }
    Ok(labeled)
}

/// Reads a file of judgments, whose first line may be a header: by query, the gains of papers.
pub(crate) fn read_judgments(path: &Path) -> Result<BTreeMap<String, BTreeMap<String, f64>>> {
    let text = fs::read_to_string(path).map_err(Error::io(path, "read"))?;
    let mut judgments: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let bad = |reason: String| Error::BadRecord {
            file: path.display().to_string(),
            place: paperkin::error::RecordPosition::Line(number),
            reason,
        };
        let QrelsLine { query, paper, gain } = match QrelsLine::parse(line.trim()) {
            Ok(judgment) => judgment,
            Err(_) if line.trim().is_empty() => continue,
            Err(TrecError::Number(_)) if number == 1 => continue,
            Err(malformed) => return Err(bad(malformed.to_string())),
        };
        let paper = PaperId::parse(&paper).map_err(|reason| bad(reason.to_string()))?;
        if judgments.entry(query).or_default().insert(paper.to_string(), gain).is_some() {
            return Err(bad("duplicate judgment of this paper for this query".to_owned()));
        }
    }
    Ok(judgments)
}
