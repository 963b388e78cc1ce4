//! Is the probability that a result is relevant the share of such results that are? `labeled_sets --relevance FILE`.
//!
//! Judged are the first results of each query, those that a reader sees. What is off topic comes from asking the library
//! of one field for what the queries of another ask.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use paperkin::engine::{CandidatePool, LabeledQuery};
use paperkin::paper::PaperId;
use paperkin::recommend::{HistoryItem, PaperRef, RelevanceWord};
use paperkin::{Engine, EngineOptions, Paper, Request, Result};

use crate::sets::{Links, Part, Questions, SETS, Set};
use crate::{linked_copy, support};

/// Results of each query.
const SHOWN: usize = 20;
/// Bins of equal weight in the expected calibration error.
const BINS: usize = 10;
/// Queries of a field that other libraries are asked, and history papers of each, at most.
const MAX_FOREIGN: usize = 40;
const MAX_FOREIGN_HISTORY: usize = 20;
/// The name of all that is off topic: it counts as one set of each kind.
const OFF_TOPIC: &str = "off topic";
/// The names of the other results.
const RELEVANT: &str = "relevant";
const NOT_KNOWN: &str = "not known to be relevant";
/// Left out: the papers of the one set are those that a person had read, not those that a ranking shows, and the other
/// takes long.
const LEFT_OUT: [&str; 2] = ["reviewer_goldstandard", "arxiv_recent"];
/// Sets whose queries are asked of the library of another field.
const FOREIGN: [(&str, &str); 12] = [
    ("cisi", "chemical_space"),
    ("cisi", "curated_lists"),
    ("cacm/queries", "ecology_capture_recapture"),
    ("doris_mae_birco", "ecology_capture_recapture"),
    ("curated_lists/headings", "chemical_space"),
    ("curated_lists/headings", "ecology_capture_recapture"),
    ("ecology_capture_recapture/cites", "cacm"),
    ("cacm/related", "chemical_space"),
    ("chemical_space/cites", "curated_lists"),
    ("chemical_space/histories", "curated_lists"),
    ("curated_lists/topics", "chemical_space"),
    ("social_networks/histories", "chemical_space"),
];
/// Libraries on machine learning, which are asked for its topics and for what is off topic.
const MACHINE_LEARNING: [&str; 2] = ["hf_daily_papers", "curated_lists"];

/// A result with its judgment.
struct JudgedResult {
    set: String,
    query: String,
    kind: &'static str,
    half: usize,
    rank: usize,
    is_relevant: bool,
    similarity: f32,
    term_similarity: f32,
    probability: f64,
    word: RelevanceWord,
}

impl JudgedResult {
    /// What it is known to be.
    fn group(&self) -> &'static str {
        match (self.set == OFF_TOPIC, self.is_relevant) {
            (true, _) => OFF_TOPIC,
            (false, true) => RELEVANT,
            (false, false) => NOT_KNOWN,
        }
    }
}

/// Judges the first results of each query of the sets, writes them to a file, and prints how well the probabilities hold
/// on the half of the queries that chose nothing.
pub(crate) fn measure(
    folder: &Path,
    only: Option<&str>,
    file: &Path,
    options: impl Fn(&str, usize) -> EngineOptions,
) -> Result<()> {
    let is_used = |(name, ..): &&Set| {
        let is_only = only.is_none_or(|only| name.starts_with(only));
        is_only && !LEFT_OUT.contains(name) && folder.join(data_name(name)).is_dir()
    };
    let sets: Vec<&Set> = SETS.iter().filter(is_used).collect();
    let foreign: HashMap<&str, Vec<Request>> = sets
        .iter()
        .filter(|(name, ..)| FOREIGN.iter().any(|(from, _)| from == name))
        .map(|(name, _, _, parts)| (*name, foreign_requests(parts(&folder.join(data_name(name))))))
        .collect();
    let mut results = Vec::new();
    let mut libraries: Vec<&str> = Vec::new();
    for (name, _, pool, parts) in sets {
        let data = data_name(name);
        let is_new = !libraries.contains(&data);
        for (part, Part { papers, questions }) in parts(&folder.join(data)).into_iter().enumerate() {
            let mut engine = Engine::open(options(data, part))?;
            engine.add(papers)?;
            if let Questions::Linked(folds) = questions {
                judge_linked(&engine, name, folds, &mut results)?;
                continue;
            }
            let labeled = labeled_queries(&engine, questions, *pool)?;
            judge(&engine, name, &format!("{part}"), labeled, &mut results)?;
            if part == 0 && is_new {
                libraries.push(data);
                for (from, _) in FOREIGN.iter().filter(|(_, to)| *to == data) {
                    let requests = foreign.get(from).cloned().unwrap_or_default();
                    let labeled =
                        requests.into_iter().map(|request| LabeledQuery { request, ..LabeledQuery::default() });
                    judge(&engine, OFF_TOPIC, &format!("{from} in {data}"), labeled, &mut results)?;
                }
                if MACHINE_LEARNING.contains(&data) {
                    print_topics(&engine, data)?;
                }
            }
        }
    }
    write(file, &results);
    print_calibration(&results);
    Ok(())
}

/// The folder of a set.
fn data_name(set: &str) -> &str {
    set.split('/').next().expect("a folder")
}

/// Every so many requests of a set, with the papers as texts, so that any library can be asked.
fn foreign_requests(parts: Vec<Part>) -> Vec<Request> {
    let mut requests = Vec::new();
    for Part { papers, questions } in parts {
        let Questions::Labeled(labeled) = questions else { continue };
        let papers: HashMap<PaperId, Paper> = papers.flatten().map(|paper| (paper.id.clone(), paper)).collect();
        let inline = |item: &HistoryItem| {
            let PaperRef::Id(id) = &item.paper else { return None };
            let Paper { title, abstract_text, .. } = papers.get(id)?.clone();
            Some(HistoryItem { paper: PaperRef::Inline { title, abstract_text }, ..item.clone() })
        };
        let step = labeled.len().div_ceil(MAX_FOREIGN).max(1);
        requests.extend(labeled.into_iter().step_by(step).map(|LabeledQuery { request, .. }| {
            let positive = request.positive.iter().filter_map(inline).take(MAX_FOREIGN_HISTORY).collect();
            Request { text: request.text, positive, ..Request::default() }
        }));
    }
    requests
}

/// Queries with the candidates that an evaluation has.
fn labeled_queries(engine: &Engine, questions: Questions, pool: CandidatePool) -> Result<Vec<LabeledQuery>> {
    let mut labeled = match questions {
        Questions::Labeled(labeled) => labeled,
        // Their texts are those of another set.
        Questions::Rejected(_) | Questions::Linked(_) => Vec::new(),
        Questions::Histories(histories) => {
            let splits = histories.iter().filter_map(|picks| engine.temporal_split(picks, &[], 0.3).ok());
            splits.map(|held_out| held_out.query).collect()
        }
    };
    labeled.retain(|labeled| !labeled.judgments.is_empty());
    let dates: Vec<_> = match labeled.iter().any(|labeled| labeled.request.as_of.is_some()) {
        true => support::papers(engine)
            .expect("papers")
            .into_iter()
            .map(|paper| (paper.listed.or(paper.published), paper.id))
            .collect(),
        false => Vec::new(),
    };
    for LabeledQuery { request, judgments } in &mut labeled {
        if request.as_of.is_some() {
            let later = dates.iter().filter(|(date, _)| *date >= request.as_of);
            request.candidates = Some(later.map(|(_, id)| id.clone()).collect());
        } else if pool == CandidatePool::Judged {
            request.candidates = Some(judgments.keys().cloned().collect());
        }
    }
    Ok(labeled)
}

/// Histories of known references, and the citing papers alone, in libraries with links.
fn judge_linked(
    engine: &Engine,
    set: &str,
    folds: Vec<(Vec<LabeledQuery>, Links)>,
    results: &mut Vec<JudgedResult>,
) -> Result<()> {
    for (fold, (labeled, links)) in folds.into_iter().enumerate() {
        let copy = tempfile::tempdir().expect("a folder");
        let linked = linked_copy(engine, copy.path(), links)?;
        let citing_papers = labeled.iter().cloned().map(citing_paper).collect::<Vec<_>>();
        judge(&linked, set, &format!("fold {fold}"), labeled, results)?;
        judge(&linked, set, &format!("fold {fold}, paper"), citing_papers, results)?;
    }
    Ok(())
}

/// The query for all references of a citing paper, which is the last of the history that asks for half of them.
fn citing_paper(LabeledQuery { mut request, mut judgments }: LabeledQuery) -> LabeledQuery {
    let citing = request.positive.pop();
    for known in std::mem::take(&mut request.positive) {
        if let PaperRef::Id(id) = known.paper {
            judgments.insert(id, 1.0);
        }
    }
    request.positive.extend(citing);
    LabeledQuery { request, judgments }
}

fn judge(
    engine: &Engine,
    set: &str,
    source: &str,
    labeled: impl IntoIterator<Item = LabeledQuery>,
    results: &mut Vec<JudgedResult>,
) -> Result<()> {
    for (number, LabeledQuery { request, judgments }) in labeled.into_iter().enumerate() {
        let kind = match (&request.text, request.positive.len()) {
            (Some(_), _) => "text",
            (None, 1) => "paper",
            (None, _) => "history",
        };
        for result in engine.recommend(&Request { limit: Some(SHOWN), ..request })?.results {
            let (Some(similarity), Some(term_similarity)) = (result.similarity, result.term_similarity) else {
                continue;
            };
            let relevance = result.relevance.expect("a library with the built-in model");
            results.push(JudgedResult {
                set: set.to_owned(),
                query: format!("{source} {number}"),
                kind,
                half: number % 2,
                rank: result.rank,
                is_relevant: judgments.get(&result.paper.id).is_some_and(|judgment| *judgment >= 1.0),
                similarity,
                term_similarity,
                probability: relevance.probability.into(),
                word: relevance.word,
            });
        }
    }
    Ok(())
}

fn write(file: &Path, results: &[JudgedResult]) {
    let mut lines =
        "set\tkind\tquery\thalf\trank\trelevant\tsimilarity\tterm_similarity\tprobability\tword\n".to_owned();
    for JudgedResult { set, query, kind, half, rank, is_relevant, similarity, term_similarity, probability, word } in
        results
    {
        let relevant = u8::from(*is_relevant);
        let line = format!("{set}\t{kind}\t{query}\t{half}\t{rank}\t{relevant}\t{similarity}\t{term_similarity}");
        writeln!(lines, "{line}\t{probability:.7}\t{word}").expect("a string");
    }
    std::fs::write(file, lines).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// A set with those of its results that are looked at.
type JudgedSet<'r> = (&'r str, Vec<&'r JudgedResult>);

/// A probability, whether it came true, and how much that counts.
#[derive(Clone, Copy)]
struct Outcome {
    probability: f64,
    is_relevant: f64,
    weight: f64,
}

/// Prints the calibration of each kind and each set, on the second half of the queries.
fn print_calibration(results: &[JudgedResult]) {
    println!("| kind | set | results | relevant | probability | ECE |\n|---|---|---|---|---|---|");
    let mut words = String::new();
    for kind in ["text", "paper", "history"] {
        let mut sets: BTreeMap<&str, Vec<&JudgedResult>> = BTreeMap::new();
        for result in results.iter().filter(|result| result.half == 1 && result.kind == kind) {
            sets.entry(&result.set).or_default().push(result);
        }
        let sets: Vec<JudgedSet<'_>> = sets.into_iter().collect();
        print_calibration_line(kind, "all", &sets);
        sets.iter().for_each(|set| print_calibration_line(kind, set.0, std::slice::from_ref(set)));
        words.push_str(&word_lines(kind, &sets));
    }
    println!("\n| kind | results | close | related | far | nothing close |\n|---|---|---|---|---|---|\n{words}");
}

fn print_calibration_line(kind: &str, name: &str, sets: &[JudgedSet<'_>]) {
    let mut outcomes = Vec::new();
    for (_, results) in sets {
        // Each set counts the same.
        let weight = 1.0 / (results.len() * sets.len()) as f64;
        outcomes.extend(results.iter().map(|result| Outcome {
            probability: result.probability,
            is_relevant: f64::from(u8::from(result.is_relevant)),
            weight,
        }));
    }
    let relevant: f64 = outcomes.iter().map(|outcome| outcome.weight * outcome.is_relevant).sum();
    let probability: f64 = outcomes.iter().map(|outcome| outcome.weight * outcome.probability).sum();
    let (count, error) = (outcomes.len(), calibration_error(outcomes));
    println!("| {kind} | {name} | {count} | {relevant:.2} | {probability:.2} | {error:.3} |");
}

/// The expected calibration error: the mean difference of probability and outcome in bins of equal weight.
fn calibration_error(mut outcomes: Vec<Outcome>) -> f64 {
    outcomes.sort_by(|a, b| a.probability.total_cmp(&b.probability));
    let (mut differences, mut before) = ([0.0; BINS], 0.0);
    for Outcome { probability, is_relevant, weight } in outcomes {
        let bin = (before * BINS as f64) as usize;
        differences[bin.min(BINS - 1)] += weight * (probability - is_relevant);
        before += weight;
    }
    differences.iter().map(|difference| difference.abs()).sum()
}

/// The shares of the words among the results that are relevant, those that are not known to be, and those off topic, each
/// set counting the same; and the share of queries with nothing close.
fn word_lines(kind: &str, sets: &[JudgedSet<'_>]) -> String {
    let mut lines = String::new();
    for name in [RELEVANT, NOT_KNOWN, OFF_TOPIC] {
        let mut shares = [0.0; 3];
        let mut is_far: HashMap<(&str, &str), bool> = HashMap::new();
        for (set, results) in sets {
            for result in results.iter().filter(|result| result.group() == name) {
                shares[result.word as usize] += 1.0 / results.len() as f64;
            }
            for result in results.iter().filter(|_| (*set == OFF_TOPIC) == (name == OFF_TOPIC)) {
                *is_far.entry((set, &result.query)).or_insert(true) &= result.word == RelevanceWord::Far;
            }
        }
        let all: f64 = shares.iter().sum();
        let [close, related, far] = shares.map(|share| share / all);
        let nothing_close = is_far.values().filter(|is_far| **is_far).count() as f64 / is_far.len() as f64;
        writeln!(lines, "| {kind} | {name} | {close:.2} | {related:.2} | {far:.2} | {nothing_close:.2} |")
            .expect("a string");
    }
    lines
}

/// Prints how well topics of machine learning are told from what is off topic.
fn print_topics(engine: &Engine, library: &str) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/relevance");
    let [good, off] = ["machine_learning.txt", "off_topic.txt"].map(|name| {
        let lines = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        lines.lines().map(str::to_owned).collect::<Vec<String>>()
    });
    let answers = |texts: &[String]| -> Result<Vec<(f32, bool)>> {
        let answer = |text: &String| {
            let answer = engine.search(text)?;
            let probabilities = answer.results.iter().filter_map(|result| result.relevance);
            let best = probabilities.map(|relevance| relevance.probability).fold(0.0, f32::max);
            Ok((best, answer.nothing_close))
        };
        texts.iter().map(answer).collect()
    };
    let (good, off) = (answers(&good)?, answers(&off)?);
    let wins = good
        .iter()
        .flat_map(|(good, _)| off.iter().map(move |(off, _)| f64::from(good.total_cmp(off) as i8 + 1) / 2.0));
    let auc = wins.sum::<f64>() / (good.len() * off.len()) as f64;
    let nothing_close = |answers: &[(f32, bool)]| answers.iter().filter(|(_, nothing_close)| *nothing_close).count();
    println!(
        "{library}: AUC {auc:.4}; nothing close: {} of {} topics, {} of {} off topic\n",
        nothing_close(&good),
        good.len(),
        nothing_close(&off),
        off.len()
    );
    Ok(())
}
