//! How well the ranking, and simple methods, find what is known to be relevant: as `paperkin eval` has it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use paperkin::engine::{CandidatePool, EvaluationOptions, EvaluationSummary, LabeledQuery, TemporalSplit};
use paperkin::evaluate::{Baseline, Metric, QrelsLine, TrecError};
use paperkin::library::{HistoryEntry, HistoryKind};
use paperkin::recommend::{HistoryItem, Strategy};
use paperkin::{Engine, Error, PaperId, Request, Result};
use serde::{Deserialize, Serialize};

use crate::encoder::parsed;
use crate::engine::bad;

/// The share of a history that is held out, and the most papers of a list that a reader sees: those of the program.
const HELD_OUT_SHARE: f64 = 0.3;
const MAX_CUTOFF: usize = 100;
/// Metrics of judged queries unless others are given: those of the program.
const DEFAULT_METRICS: [Metric; 5] =
    [Metric::AveragePrecision, Metric::Ndcg(10), Metric::Recall(50), Metric::ReciprocalRank, Metric::Pairs];

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
            let (liked, disliked) = match &request.profile {
                Some(profile) => profile_history(engine, profile)?,
                None => (request.history, request.disliked),
            };
            let held_out = split(engine, &liked, &disliked, &mut options)?;
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

/// Holds out the latest part of a history, and completes the metrics.
fn split(
    engine: &Engine,
    liked: &[HistoryItem],
    disliked: &[HistoryItem],
    options: &mut EvaluationOptions,
) -> Result<TemporalSplit> {
    let held_out = engine.temporal_split(liked, disliked, HELD_OUT_SHARE)?;
    if held_out.picks == 0 {
        let reason = format!("no held-out paper was published since the split on {}", held_out.day);
        return Err(bad("history", &reason));
    }
    let cutoff = held_out.candidates.div_ceil(10).min(MAX_CUTOFF);
    let defaults = [Metric::Recall(cutoff), Metric::Ndcg(cutoff), Metric::AveragePrecision, Metric::ReciprocalRank];
    if options.metrics.is_empty() {
        options.metrics = defaults.to_vec();
    } else if !options.metrics.contains(&defaults[0]) {
        options.metrics.insert(0, defaults[0]);
    }
    Ok(held_out)
}

/// What the history of a profile counts for and against.
fn profile_history(engine: &Engine, name: &str) -> Result<(Vec<HistoryItem>, Vec<HistoryItem>)> {
    let history = engine.profile(name)?.history;
    let items = |counts: fn(HistoryKind) -> bool| {
        let item = |entry: &HistoryEntry| HistoryItem {
            weight: entry.weight,
            at: Some(entry.at),
            ..HistoryItem::id(entry.id.clone())
        };
        history.iter().filter(|entry| counts(entry.kind)).map(item).collect()
    };
    Ok((items(HistoryKind::counts_for), items(HistoryKind::counts_against)))
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
