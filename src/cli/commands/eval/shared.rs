//! What the three kinds of evaluation have in common: metrics, progress and messages.

use std::fmt::Display;
use std::io::{self, Write};

use crate::cli::args::EvalArgs;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, Severity};
use crate::engine::{CandidatePool, Engine, EvaluationOptions, EvaluationSummary, LabeledQuery};
use crate::error::Result;
use crate::evaluate::{Baseline, DEFAULT_METRICS, Metric};
use crate::recommend::Strategy;

/// Ids listed in a message.
const MAX_LISTED: usize = 5;

/// Returns the metrics given on the command line, or else the defaults.
pub(super) fn metrics(args: &EvalArgs) -> Vec<Metric> {
    if args.metrics.is_empty() { DEFAULT_METRICS.to_vec() } else { args.metrics.clone() }
}

/// Ranks papers for these queries with every method.
pub(super) fn evaluate(
    engine: &Engine,
    queries: &[LabeledQuery],
    args: &EvalArgs,
    metrics: Vec<Metric>,
) -> Result<EvaluationSummary> {
    let options = EvaluationOptions {
        strategies: Strategy::ALONE.to_vec(),
        metrics,
        relevance_threshold: args.relevance_threshold,
        pool: if args.judged_only { CandidatePool::Judged } else { CandidatePool::All },
        baselines: Baseline::ALL.to_vec(),
        seed: args.seed,
    };
    let bar = CommandProgress::of_count("ranking", queries.len());
    let evaluated = engine.evaluate(queries, &options, &|queries| bar.advance(queries));
    bar.finish();
    evaluated
}

/// Prints what the default ranking gains over each other method.
pub(super) fn write_comparisons(out: &mut dyn Write, summary: &EvaluationSummary) -> io::Result<()> {
    if !summary.comparisons.is_empty() {
        writeln!(out, "\npaperkin compared with, by the first metric:")?;
    }
    summary.comparisons.iter().try_for_each(|comparison| writeln!(out, "- {comparison}"))
}

/// Reports ids: how many there are, and the first of them. Silent, and complete, if there are none.
pub(super) fn report_ids(
    severity: Severity,
    what: &str,
    ids: impl IntoIterator<Item = impl Display>,
) -> CommandOutcome {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if !ids.is_empty() {
        let more = if ids.len() > MAX_LISTED { ", ..." } else { "" };
        let listed = ids[..ids.len().min(MAX_LISTED)].join(", ");
        output::diagnostic(severity, &format!("{what} ({}): {listed}{more}", ids.len()));
    }
    CommandOutcome::complete_if(ids.is_empty())
}
