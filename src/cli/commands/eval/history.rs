//! Evaluation on a reading history: the latest part of it is held out, and every method tries to find it.

use serde::Serialize;

use super::shared::{evaluate, report_ids};
use crate::cli::args::{EvalArgs, GlobalArgs, TemporaryLibrary};
use crate::cli::input::{self, HistoryFile, HistorySides};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{EvaluationSummary, TemporalSplit, history_sides};
use crate::error::Result;
use crate::evaluate::{EvaluationReport, Metric};

/// With fewer held-out papers, the standard error of a recall is above 0.11.
const FEW_PICKS: usize = 20;

/// The result of an evaluation on a history.
#[derive(Serialize)]
struct ProfileEvaluation<'a> {
    #[serde(flatten)]
    held_out: &'a TemporalSplit,
    first: usize,
    verdict: String,
    #[serde(flatten)]
    evaluated: &'a EvaluationSummary,
}

pub(super) fn run(common: &GlobalArgs, args: &EvalArgs) -> Result<CommandOutcome> {
    let (engine, mut outcome) =
        input::open_engine(common, &TemporaryLibrary { papers: args.docs.clone(), encoding: None })?;
    let [liked, disliked] = match (&args.profile, &args.history) {
        (Some(profile), _) => history_sides(&engine.profile(profile)?.history),
        (None, Some(path)) => {
            let history = HistoryFile::read(path)?;
            outcome = outcome.and(history.outcome);
            let HistorySides { liked, disliked } = history.sides(&engine)?;
            [liked, disliked]
        }
        (None, None) => unreachable!("clap requires one of the four"),
    };
    let held_out = engine.temporal_split(&liked, &disliked, TemporalSplit::HELD_OUT_SHARE)?;
    let not_found = "history papers not in the library, or without a date";
    outcome = outcome.and(report_ids(Severity::Warning, not_found, &held_out.not_found));
    report_ids(Severity::Note, "held-out papers published before the split, skipped", &held_out.older);
    let (metrics, cutoff) = (held_out.metrics(&args.metrics)?, held_out.cutoff());
    if held_out.picks < FEW_PICKS {
        let message = format!(
            "only {} held-out papers: one more or less found changes the figures; {FEW_PICKS} or more say something",
            held_out.picks
        );
        output::diagnostic(Severity::Warning, &message);
    }
    let summary = evaluate(&engine, std::slice::from_ref(&held_out.query), args, metrics)?;
    let verdict = verdict(&summary.report, held_out.picks, cutoff);
    let result = ProfileEvaluation { held_out: &held_out, first: cutoff, verdict, evaluated: &summary };
    output::print_summary(args.format, &result, |out, result| {
        let TemporalSplit { day, known, candidates, picks, .. } = result.held_out;
        writeln!(
            out,
            "{picks} held-out papers among {candidates} published since {day}; {known} in the history before\n"
        )?;
        writeln!(out, "{}\n{}", result.evaluated.report, result.verdict)
    })?;
    Ok(outcome)
}

/// Returns which method finds most of the held-out papers, and what paperkin and a list by date find.
fn verdict(report: &EvaluationReport, picks: usize, cutoff: usize) -> String {
    let found = |method: &str| {
        report.value(method, Metric::Recall(cutoff)).map(|recall| (recall * picks as f64).round() as usize)
    };
    let names = report.methods.iter().rev().map(|line| line.method.as_str());
    let best = names.max_by_key(|name| found(name)).unwrap_or_default();
    let mut verdict = format!(
        "`{best}` finds {} of the {picks} held-out papers in its first {cutoff} results",
        found(best).unwrap_or_default()
    );
    let paperkin = found("paperkin").filter(|_| best != "paperkin").map(|found| format!("paperkin finds {found}"));
    let by_date = found("recency").map(|found| format!("a list by date finds {found}"));
    for clause in paperkin.into_iter().chain(by_date) {
        verdict.push_str("; ");
        verdict.push_str(&clause);
    }
    verdict
}
