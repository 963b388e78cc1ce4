//! `paperkin eval`

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::{EvalArgs, GlobalArgs, SummaryFormat, TemporaryLibrary};
use super::input::TextLines;
use super::progress::CommandProgress;
use super::{CommandOutcome, history, input, output};
use crate::engine::{CandidatePool, Engine, EvaluationOptions, EvaluationSummary, LabeledQuery, TemporalSplit};
use crate::error::{Error, Result};
use crate::evaluate::{EvaluationReport, JudgedRanking, Metric, QrelsLine, QueryMetrics, RunLine, TrecError};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

/// The share of a history that is held out.
const HELD_OUT: f64 = 0.3;
/// How many papers of a list a person looks at: every tenth, and up to so many.
const LOOKED_AT: usize = 100;
/// How many of many ids a message names.
const NAMED: usize = 5;

type JudgmentSet = BTreeMap<String, HashMap<PaperId, f64>>;

pub(super) fn run(common: &GlobalArgs, command: EvalArgs) -> Result<CommandOutcome> {
    match (&command.queries, &command.run, &command.qrels) {
        (Some(queries), _, Some(qrels)) => labeled(common, &command, queries, qrels),
        (_, Some(run), Some(qrels)) => ranked(&command, run, qrels),
        _ => person(common, &command),
    }
}

/// Queries with judgments, ranked here.
fn labeled(common: &GlobalArgs, command: &EvalArgs, queries: &Path, qrels: &Path) -> Result<CommandOutcome> {
    let mut judgments = read_judgments(qrels)?;
    let (mut labeled, mut without) = (Vec::new(), Vec::new());
    for (id, request) in read_queries(queries)? {
        match judgments.remove(&id) {
            Some(judged) => labeled.push(LabeledQuery { request, judgments: judged }),
            None => without.push(id),
        }
    }
    name("note", "without judgments, left out", &without);
    let mut outcome = name("warning", "judged, but not among the queries", judgments.keys());
    if labeled.is_empty() {
        let reason = format!("none of its queries has judgments in {}", qrels.display());
        return Err(Error::BadFile { file: queries.display().to_string(), reason });
    }
    let (engine, complete) = input::engine(common, &TemporaryLibrary { papers: command.docs.clone() })?;
    outcome = outcome.and(complete);
    let usual = [Metric::AveragePrecision, Metric::Ndcg(10), Metric::Recall(50), Metric::ReciprocalRank, Metric::Pairs];
    let evaluated = evaluate(&engine, &labeled, command, &usual)?;
    outcome = outcome.and(name("warning", "not in the library", &evaluated.not_found));
    print(command.format, &evaluated, |out| {
        let (queries, papers) = (labeled.len(), evaluated.papers);
        writeln!(out, "{queries} queries, {papers} papers\n\n{}", evaluated.report)
    })?;
    Ok(outcome)
}

fn evaluate(
    engine: &Engine,
    labeled: &[LabeledQuery],
    command: &EvalArgs,
    usual: &[Metric],
) -> Result<EvaluationSummary> {
    let evaluation = EvaluationOptions {
        metrics: metrics(command, usual),
        relevance_threshold: command.relevant,
        pool: if command.judged { CandidatePool::Judged } else { CandidatePool::All },
        seed: command.seed,
    };
    let bar = CommandProgress::of_count("ranking", labeled.len());
    let evaluated = engine.evaluate(labeled, &evaluation, &|queries| bar.advance(queries));
    bar.finish();
    evaluated
}

fn metrics(command: &EvalArgs, usual: &[Metric]) -> Vec<Metric> {
    if command.metrics.is_empty() { usual.to_vec() } else { command.metrics.clone() }
}

/// A TREC run, ranked elsewhere.
fn ranked(command: &EvalArgs, run: &Path, qrels: &Path) -> Result<CommandOutcome> {
    let judgments = read_judgments(qrels)?;
    let mut rankings = read_run(run)?;
    let usual = [Metric::AveragePrecision, Metric::Ndcg(10), Metric::Recall(50), Metric::ReciprocalRank, Metric::Pairs];
    let metrics = metrics(command, &usual);
    let mut measured = Vec::new();
    let mut missing = Vec::new();
    for (query, judged) in &judgments {
        let mut ranked: Vec<(PaperId, f64)> = rankings.remove(query).unwrap_or_default().into_iter().collect();
        if ranked.is_empty() {
            missing.push(query);
        }
        // Ties as in trec_eval.
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
        measured.push(QueryMetrics::new(&metrics, &JudgedRanking::new(&ranked, judged, command.relevant)));
    }
    if missing.len() == judgments.len() {
        let reason = format!("none of its queries has judgments in {}", qrels.display());
        return Err(Error::BadFile { file: run.display().to_string(), reason });
    }
    name("note", "without judgments, left out", rankings.keys());
    let outcome = name("warning", "judged, but not in the run, which finds nothing for them", missing);
    let method = run.file_name().map_or("run".into(), |name| name.to_string_lossy().into_owned());
    let report = EvaluationReport::new(&metrics, &[(method, measured)], command.seed);
    print(command.format, &report, |out| writeln!(out, "{} queries\n\n{report}", report.queries))?;
    Ok(outcome)
}

/// What the evaluation of a person's history comes to.
#[derive(Serialize)]
struct ProfileEvaluation<'a> {
    #[serde(flatten)]
    held_out: &'a TemporalSplit,
    first: usize,
    verdict: String,
    #[serde(flatten)]
    evaluated: &'a EvaluationSummary,
}

fn person(common: &GlobalArgs, command: &EvalArgs) -> Result<CommandOutcome> {
    let (engine, mut outcome) = input::engine(common, &TemporaryLibrary { papers: command.docs.clone() })?;
    let (liked, disliked) = match (&command.profile, &command.history) {
        (Some(profile), _) => of_profile(&engine, profile)?,
        (None, Some(path)) => {
            let history = history::read(path)?;
            outcome = outcome.and(history.outcome);
            (history.liked, history.disliked)
        }
        (None, None) => unreachable!("one of the four is required"),
    };
    let held_out = engine.temporal_split(&liked, &disliked, HELD_OUT)?;
    outcome = outcome.and(name("warning", "not in the library, or without a date", &held_out.not_found));
    name("note", "picked later, but no news then", &held_out.older);
    if held_out.picks == 0 {
        let reason = format!("none of the papers picked since {} appeared since", held_out.day);
        return Err(Error::BadRequest { field: "history", reason });
    }
    let first = held_out.candidates.div_ceil(10).min(LOOKED_AT);
    let usual = [Metric::Recall(first), Metric::Ndcg(first), Metric::AveragePrecision, Metric::ReciprocalRank];
    let mut with_recall = metrics(command, &usual);
    if !with_recall.contains(&usual[0]) {
        with_recall.insert(0, usual[0]);
    }
    let labeled = std::slice::from_ref(&held_out.query);
    let evaluated = evaluate(&engine, labeled, command, &with_recall)?;
    let verdict = verdict(&evaluated.report, held_out.picks, first);
    let person = ProfileEvaluation { held_out: &held_out, first, verdict, evaluated: &evaluated };
    print(command.format, &person, |out| {
        let TemporalSplit { day, known, candidates, picks, .. } = held_out;
        writeln!(out, "{picks} picks to be found among {candidates} papers since {day}, by {known} picks before\n")?;
        writeln!(out, "{}\n{}", evaluated.report, person.verdict)
    })?;
    Ok(outcome)
}

fn of_profile(engine: &Engine, name: &str) -> Result<(Vec<HistoryItem>, Vec<HistoryItem>)> {
    let history = engine.library().profile(name)?.history;
    let side = |counts: fn(HistoryKind) -> bool| {
        let entries = history.iter().filter(|entry| counts(entry.kind));
        let item = |HistoryEntry { id, weight, at, .. }: &HistoryEntry| HistoryItem {
            weight: *weight,
            at: Some(*at),
            ..HistoryItem::id(id.clone())
        };
        entries.map(item).collect()
    };
    Ok((side(HistoryKind::counts_for), side(HistoryKind::counts_against)))
}

/// Who finds most of the picks, and what a list by date and our own ranking find.
fn verdict(report: &EvaluationReport, picks: usize, first: usize) -> String {
    let found = |method: &str| {
        report.value(method, Metric::Recall(first)).map(|recall| (recall * picks as f64).round() as usize)
    };
    let names = report.methods.iter().rev().map(|line| line.method.as_str());
    let best = names.max_by_key(|name| found(name)).unwrap_or_default();
    let mut verdict =
        format!("`{best}` finds {} of your last {picks} picks in its first {first}", found(best).unwrap_or_default());
    let own = found("paperkin").filter(|_| best != "paperkin").map(|own| format!("paperkin's own ranking finds {own}"));
    let by_date = found("recency").map(|by_date| format!("a list by date finds {by_date}"));
    for also in own.into_iter().chain(by_date) {
        verdict.push_str("; ");
        verdict.push_str(&also);
    }
    verdict
}

fn print(
    format: SummaryFormat,
    value: &impl Serialize,
    table: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> Result<()> {
    output::print(|out| match format {
        SummaryFormat::Table => table(out),
        SummaryFormat::Json => output::json(out, value),
    })
}

/// Says how many ids there are, and the first of them.
fn name(kind: &str, what: &str, ids: impl IntoIterator<Item = impl Display>) -> CommandOutcome {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if !ids.is_empty() {
        let more = if ids.len() > NAMED { ", ..." } else { "" };
        output::complain(kind, &format!("{} {what}: {}{more}", ids.len(), ids[..ids.len().min(NAMED)].join(", ")));
    }
    CommandOutcome::complete_if(ids.is_empty())
}

/// One line of the queries: an id, and what papers should be like.
#[derive(Deserialize)]
struct EvalQueryLine {
    #[serde(alias = "qid", alias = "_id", alias = "user")]
    id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default, alias = "positive")]
    history: Vec<HistoryItem>,
    #[serde(default, alias = "negative")]
    disliked: Vec<HistoryItem>,
    #[serde(default)]
    candidates: Option<Vec<PaperId>>,
    #[serde(default)]
    as_of: Option<jiff::civil::Date>,
}

/// The queries in their order. The first bad line ends it: figures of a part of them would be others.
fn read_queries(path: &Path) -> Result<Vec<(String, Request)>> {
    let mut queries: Vec<(String, Request)> = Vec::new();
    let mut lines = TextLines::open(path)?;
    while let Some(line) = lines.next() {
        let query: EvalQueryLine = serde_json::from_str(&line?).map_err(|error| lines.bad(error))?;
        let EvalQueryLine { id, text, history, disliked, candidates, as_of } = query;
        let request = Request {
            id: Some(id.clone()),
            text,
            positive: history,
            negative: disliked,
            candidates,
            as_of,
            ..Request::default()
        };
        request.check().map_err(|error| lines.bad(error))?;
        if request.text.is_none() && request.positive.is_empty() {
            return Err(lines.bad("no `text`, and no `history`"));
        }
        queries.push((id, request));
    }
    Ok(queries)
}

fn read_judgments(path: &Path) -> Result<JudgmentSet> {
    let mut lines = TextLines::open(path)?;
    let mut judgments = JudgmentSet::new();
    while let Some(line) = lines.next() {
        let QrelsLine { query, paper, gain } = match QrelsLine::parse(&line?) {
            Ok(judgment) => judgment,
            Err(TrecError::Number(_)) if lines.number() == 1 => continue,
            Err(malformed) => return Err(lines.bad(malformed)),
        };
        let paper = PaperId::parse(&paper).map_err(|reason| lines.bad(reason))?;
        if judgments.entry(query).or_default().insert(paper, gain).is_some() {
            return Err(lines.bad("this paper was judged for this query before"));
        }
    }
    if judgments.is_empty() {
        return Err(Error::BadFile { file: path.display().to_string(), reason: "no judgments in it".to_owned() });
    }
    Ok(judgments)
}

fn read_run(path: &Path) -> Result<JudgmentSet> {
    let mut lines = TextLines::open(path)?;
    let mut run = JudgmentSet::new();
    while let Some(line) = lines.next() {
        let RunLine { query, paper, score } = RunLine::parse(&line?).map_err(|reason| lines.bad(reason))?;
        let paper = PaperId::parse(&paper).map_err(|reason| lines.bad(reason))?;
        if run.entry(query).or_default().insert(paper, score).is_some() {
            return Err(lines.bad("this paper was ranked for this query before"));
        }
    }
    Ok(run)
}
