//! How well does paperkin rank papers that people have judged, beside simple methods? Prints the tables of
//! `docs/evaluation.md`.
//!
//! The folder that is given holds those of the labeled sets; a set that is not there is left out.
//!
//! Constants are chosen on one half of the queries and reported on the other: `--half choose`, `--half report`.
//!
//! With `--keep`, the libraries stay in a folder, and the papers are embedded once.
//!
//! With `--relevance`, it measures instead how well the probabilities of relevance hold, and writes the results that they
//! are chosen by to a file.
//!
//! `cargo bench --bench labeled_sets -- FOLDER [--only SET] [--half HALF] [--baselines none] [--keep FOLDER]
//! [--disliked WEIGHT] [--smoothing SHARE] [--half-life DAYS] [--model MODEL] [--precision PRECISION] [--relevance FILE]`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use paperkin::engine::{CandidatePool, EvaluationOptions, LabeledQuery};
use paperkin::evaluate::{Baseline, EvaluationReport, MeasuredSet, Metric, QueryMetrics};
use paperkin::paper::WorkName;
use paperkin::recommend::Strategy;
use paperkin::{Clock, Engine, EngineOptions, LibraryLocation, PaperId, Request, Result};

use sets::{Links, Part, Questions, SETS, items};
use summary::Summary;

#[path = "support/relevance.rs"]
mod relevance;
#[path = "support/labeled_sets.rs"]
mod sets;
#[path = "support/summary.rs"]
mod summary;
mod support;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seed of what is drawn.
const SEED: u64 = 1;
const TODAY: Date = jiff::civil::date(2026, 9, 1);

/// The methods that single papers are ranked by for comparison: classifiers learn nothing from one paper.
const SINGLE_PAPER_BASELINES: [Baseline; 4] =
    [Baseline::DenseMean, Baseline::TfIdfMean, Baseline::Bm25, Baseline::Fusion];

/// The methods that short histories are ranked by for comparison.
const HISTORY_BASELINES: [Baseline; 4] =
    [Baseline::DenseMean, Baseline::NearestThree, Baseline::TfIdfMean, Baseline::Fusion];

fn main() -> Result<()> {
    let mut words = support::arguments().into_iter();
    let Some(folder) = words.next().map(PathBuf::from) else {
        support::print_usage(
            "labeled_sets",
            "FOLDER [--only SET] [--half HALF] [--baselines none] [--keep FOLDER] [--disliked WEIGHT] \
             [--smoothing SHARE] [--half-life DAYS] [--model MODEL] [--precision PRECISION] [--relevance FILE]",
        );
        return Ok(());
    };
    let mut options = EngineOptions::new(LibraryLocation::Memory);
    options.clock = Clock::Fixed(TODAY);
    let (mut only, mut keep, mut relevance) = (None, None, None);
    let mut protocol = Protocol { half: None, has_baselines: true, settings: Request::default() };
    while let Some(word) = words.next() {
        let value = words.next().expect("a value after each option");
        match word.as_str() {
            "--only" => only = Some(value),
            "--keep" => keep = Some(PathBuf::from(value)),
            "--smoothing" => protocol.settings.smoothing = value.parse().expect("a share"),
            "--half-life" => protocol.settings.half_life_days = Some(value.parse().expect("days")),
            "--disliked" => options.weights.disliked = value.parse().expect("a weight"),
            "--relevance" => relevance = Some(PathBuf::from(value)),
            "--half" => protocol.half = Some(if value == "choose" { 0 } else { 1 }),
            "--baselines" => protocol.has_baselines = value != "none",
            "--model" => options.model = Some(value.parse()?),
            "--precision" => options.encoder.precision = Some(value.parse().expect("f32, bf16 or int8")),
            _ => panic!("unknown option {word}"),
        }
    }
    let options = |data: &str, part: usize| {
        let mut options = options.clone();
        if let Some(keep) = &keep {
            options.location = LibraryLocation::Create(keep.join(format!("{data}-{part}")));
        }
        options
    };
    if let Some(file) = relevance {
        return relevance::measure(&folder, only.as_deref(), &file, options);
    }
    let mut summary = Summary::default();
    for (name, metrics, pool, parts) in SETS {
        let data = name.split('/').next().expect("a folder");
        let folder = folder.join(data);
        if folder.is_dir() && only.as_ref().is_none_or(|only| name.starts_with(only)) {
            let measured = measure(parts(&folder), metrics, pool, &protocol, |part| options(data, part))?;
            let report = EvaluationReport::new(metrics, &measured, SEED);
            println!("{name}\n\n{report}");
            summary.add(name, metrics[0], measured, &report);
        }
    }
    summary.print();
    Ok(())
}

/// Which queries are asked and how.
struct Protocol {
    /// Every second query: from the first or from the second on.
    half: Option<usize>,
    /// Whether strategies alone and simple methods are measured beside our own.
    has_baselines: bool,
    /// Whose smoothing and half-life all queries have.
    settings: Request,
}

/// All parts of a set together.
fn measure(
    parts: Vec<Part>,
    metrics: &[Metric],
    pool: CandidatePool,
    Protocol { half, has_baselines, settings }: &Protocol,
    options: impl Fn(usize) -> EngineOptions,
) -> Result<MeasuredSet> {
    let baselines = |all: &[Baseline]| if *has_baselines { all.to_vec() } else { Vec::new() };
    let metrics = metrics.to_vec();
    let strategies = if *has_baselines { Strategy::ALONE.to_vec() } else { Vec::new() };
    let mut evaluation = EvaluationOptions {
        metrics,
        relevance_threshold: 1.0,
        pool,
        strategies,
        baselines: baselines(&Baseline::ALL),
        seed: SEED,
    };
    let mut all = MeasuredSet::new();
    for (part, Part { papers, questions }) in parts.into_iter().enumerate() {
        let mut engine = Engine::open(options(part))?;
        engine.add(papers)?;
        let mut labeled = match questions {
            Questions::Labeled(labeled) => labeled,
            Questions::Rejected(labeled) => {
                labeled.into_iter().map(|query| with_rejected(&engine, query)).collect::<Result<_>>()?
            }
            Questions::Linked(folds) => {
                evaluation.baselines = baselines(&HISTORY_BASELINES);
                merge(&mut all, measure_linked(&engine, folds, *half, &evaluation)?);
                continue;
            }
            // Persons who picked all of their papers on one day, or nothing new later, have no answer.
            Questions::Histories(histories) => {
                let splits = histories.iter().filter_map(|picks| engine.temporal_split(picks, &[], 0.3).ok());
                splits.map(|held_out| held_out.query).filter(|labeled| !labeled.judgments.is_empty()).collect()
            }
        };
        if let Some(half) = half {
            labeled = labeled.into_iter().skip(*half).step_by(2).collect();
        }
        for LabeledQuery { request, .. } in &mut labeled {
            request.smoothing = settings.smoothing;
            request.half_life_days = settings.half_life_days.or(request.half_life_days);
        }
        if labeled.iter().all(|labeled| labeled.request.text.is_none() && labeled.request.positive.len() == 1) {
            evaluation.baselines = baselines(&SINGLE_PAPER_BASELINES);
        }
        merge(&mut all, engine.evaluate(&labeled, &evaluation, &|_| ())?.measured);
    }
    Ok(all)
}

/// A query with the first results that are not relevant among its disliked papers, and not judged any more.
fn with_rejected(engine: &Engine, mut labeled: LabeledQuery) -> Result<LabeledQuery> {
    const REJECTED: usize = 5;
    let mut candidates: Vec<PaperId> = labeled.judgments.keys().cloned().collect();
    candidates.sort();
    let request = Request { candidates: Some(candidates), limit: None, ..labeled.request.clone() };
    let results = engine.recommend(&request)?.results;
    let rejected: Vec<PaperId> = results
        .into_iter()
        .map(|result| result.paper.id.clone())
        .filter(|id| labeled.judgments.get(id).is_some_and(|judgment| *judgment < 1.0))
        .take(REJECTED)
        .collect();
    labeled.judgments.retain(|id, _| !rejected.contains(id));
    labeled.request.negative.extend(items(rejected));
    Ok(labeled)
}

/// Queries with the links of their library, beside the same without links.
fn measure_linked(
    engine: &Engine,
    folds: Vec<(Vec<LabeledQuery>, Links)>,
    half: Option<usize>,
    evaluation: &EvaluationOptions,
) -> Result<MeasuredSet> {
    let mut all = MeasuredSet::new();
    for (mut labeled, links) in folds {
        if let Some(half) = half {
            labeled = labeled.into_iter().skip(half).step_by(2).collect();
        }
        let mut measured = engine.evaluate(&labeled, evaluation, &|_| ())?.measured;
        measured[0].0 = "texts alone".to_owned();
        let copy = tempfile::tempdir().expect("a folder");
        let linked = linked_copy(engine, copy.path(), links)?;
        let own = EvaluationOptions { strategies: Vec::new(), baselines: Vec::new(), ..evaluation.clone() };
        let own = linked.evaluate(&labeled, &own, &|_| ())?.measured.into_iter().next();
        measured.insert(0, own.expect("our own ranking"));
        merge(&mut all, measured);
    }
    Ok(all)
}

/// A copy of an engine's library in a folder, with links: they cannot be taken back.
fn linked_copy(engine: &Engine, folder: &Path, links: Links) -> Result<Engine> {
    engine.library().back_up(&folder.join("library.sqlite3"))?;
    let mut linked = Engine::open(EngineOptions::new(LibraryLocation::Existing(folder.to_owned())))?;
    let name = WorkName::from_id;
    linked.add_links(links.into_iter().map(|(citing, cited)| Ok((name(citing), name(cited)))), &|_| ())?;
    Ok(linked)
}

/// Adds what was measured of another part, by the methods' names; a method that does not apply to all parts is left out,
/// since its mean would be that of other queries.
fn merge(all: &mut MeasuredSet, more: MeasuredSet) {
    if all.is_empty() {
        *all = more;
        return;
    }
    let mut more: HashMap<String, Vec<QueryMetrics>> = more.into_iter().collect();
    all.retain_mut(|(method, queries)| match more.remove(method) {
        Some(measured) => {
            queries.extend(measured);
            true
        }
        None => false,
    });
}
