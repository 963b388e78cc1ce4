//! `paperkin eval`: judged queries, a TREC run, or a reading history.

mod files;
mod history;
mod shared;

use std::path::Path;

use crate::cli::args::{EvalArgs, GlobalArgs, TemporaryLibrary};
use crate::cli::input;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::LabeledQuery;
use crate::error::{Error, Result};
use crate::evaluate::{EvaluationReport, JudgedRanking, QueryMetrics};
use crate::paper::PaperId;
use files::{read_judgments, read_queries, read_run};
use shared::{evaluate, metrics, report_ids, write_comparisons};

pub(in crate::cli) fn run(common: &GlobalArgs, args: EvalArgs) -> Result<CommandOutcome> {
    match (&args.queries, &args.run, &args.qrels) {
        (Some(queries), _, Some(qrels)) => evaluate_queries(common, &args, queries, qrels),
        (_, Some(run), Some(qrels)) => evaluate_run(&args, run, qrels),
        _ => history::run(common, &args),
    }
}

/// Ranks papers for judged queries and measures the rankings.
fn evaluate_queries(common: &GlobalArgs, args: &EvalArgs, queries: &Path, qrels: &Path) -> Result<CommandOutcome> {
    let mut judgments = read_judgments(qrels)?;
    let (mut labeled, mut unjudged) = (Vec::new(), Vec::new());
    for (id, request) in read_queries(queries)? {
        match judgments.remove(&id) {
            Some(judgments) => labeled.push(LabeledQuery { request, judgments }),
            None => unjudged.push(id),
        }
    }
    report_ids(Severity::Note, "queries without judgments, skipped", &unjudged);
    let mut outcome = report_ids(Severity::Warning, "judged queries missing from the file", judgments.keys());
    if labeled.is_empty() {
        return Err(no_judgments(queries, qrels));
    }
    let (engine, opened) = input::open_engine(common, &TemporaryLibrary { papers: args.docs.clone(), encoding: None })?;
    outcome = outcome.and(opened);
    let summary = evaluate(&engine, &labeled, args, metrics(args))?;
    outcome = outcome.and(report_ids(Severity::Warning, "papers not in the library", &summary.not_found));
    output::print_summary(args.format, &summary, |out, summary| {
        let (queries, papers) = (labeled.len(), summary.papers);
        writeln!(out, "{queries} queries, {papers} papers\n\n{}", summary.report)?;
        write_comparisons(out, summary)
    })?;
    Ok(outcome)
}

/// Measures a TREC run.
fn evaluate_run(args: &EvalArgs, run: &Path, qrels: &Path) -> Result<CommandOutcome> {
    let judgments = read_judgments(qrels)?;
    let mut rankings = read_run(run)?;
    let metrics = metrics(args);
    let mut measured = Vec::new();
    let mut missing = Vec::new();
    for (query, judged) in &judgments {
        let mut ranked: Vec<(PaperId, f64)> = rankings.remove(query).unwrap_or_default().into_iter().collect();
        if ranked.is_empty() {
            missing.push(query);
        }
        // Ties as in trec_eval.
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
        let ranking = JudgedRanking::new(&ranked, judged, args.relevance_threshold);
        measured.push(QueryMetrics::new(&metrics, &ranking));
    }
    if missing.len() == judgments.len() {
        return Err(no_judgments(run, qrels));
    }
    report_ids(Severity::Note, "queries without judgments, skipped", rankings.keys());
    let outcome = report_ids(Severity::Warning, "judged queries missing from the run, scored as empty", missing);
    let method = run.file_name().map_or("run".into(), |name| name.to_string_lossy().into_owned());
    let report = EvaluationReport::new(&metrics, &[(method, measured)], args.seed);
    output::print_summary(args.format, &report, |out, report| writeln!(out, "{} queries\n\n{report}", report.queries))?;
    Ok(outcome)
}

fn no_judgments(file: &Path, qrels: &Path) -> Error {
    let reason = format!("none of its queries have judgments in {}", qrels.display());
    Error::BadFile { file: file.display().to_string(), reason }
}
