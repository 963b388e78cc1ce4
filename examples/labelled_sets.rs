//! How well does paperkin rank papers that people have judged, beside TF-IDF?
//!
//! Two sets, each in a folder below the one that is given: `reviewer_goldstandard` (58 researchers rated papers that
//! they read; the history is what they wrote themselves) and `doris_mae_birco` (long research needs, graded pools).
//!
//! `cargo run --release --example labelled_sets -- FOLDER [--model MODEL] [--precision PRECISION]`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use paperkin::evaluate::{PairAccuracy, TfIdf, ndcg};
use paperkin::recommend::HistoryItem;
use paperkin::{Engine, Options, PaperId, Place, Request, Result, sources};
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().expect("give the folder of the labelled sets"));
    let mut options = Options::new(Place::Memory);
    while let Some(word) = words.next() {
        let value = words.next().expect("a value after each option");
        match word.as_str() {
            "--model" => options.model = Some(value.parse()?),
            "--precision" => options.runtime.precision = Some(value.parse().expect("f32, bf16 or int8")),
            _ => panic!("unknown option {word}"),
        }
    }
    let (ours, words) = goldstandard(&folder.join("reviewer_goldstandard"), &options)?;
    println!("reviewer_goldstandard, weighted pair accuracy: paperkin {ours:.4}, TF-IDF {words:.4}");
    let (ours, words) = research_needs(&folder.join("doris_mae_birco"), &options)?;
    println!("doris_mae_birco, nDCG@10: paperkin {ours:.4}, TF-IDF {words:.4}");
    Ok(())
}

/// Papers of a set in an engine of their own, and TF-IDF over the same texts.
struct Set {
    engine: Engine,
    tfidf: TfIdf,
    documents: HashMap<String, String>,
}

impl Set {
    fn open(folder: &Path, options: &Options) -> Result<Set> {
        let path = folder.join("docs.jsonl");
        let mut engine = Engine::open(options.clone())?;
        engine.add(sources::open(&path, None)?, &|_| ())?;
        let papers = sources::open(&path, None)?.collect::<Result<Vec<_>>>()?;
        let tfidf =
            TfIdf::fit(papers.iter().map(|paper| paper.document()).collect::<Vec<_>>().iter().map(String::as_str));
        let documents = papers.into_iter().map(|paper| (paper.id.to_string(), paper.document())).collect();
        Ok(Set { engine, tfidf, documents })
    }

    /// Scores of candidates by paperkin's ranking.
    fn scores(&self, request: &Request) -> Result<HashMap<String, f64>> {
        let answer = self.engine.recommend(request, jiff::civil::date(2026, 1, 1))?;
        assert!(answer.not_found.is_empty(), "every paper of the set is in the library");
        Ok(answer.results.iter().map(|result| (result.paper.id.to_string(), f64::from(result.score))).collect())
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect()
}

/// Judgments by query, as document and value.
fn judgments(path: &Path) -> HashMap<String, Vec<(String, f64)>> {
    let mut judgments: HashMap<String, Vec<(String, f64)>> = HashMap::new();
    for line in lines(path).iter().skip(1) {
        let [query, document, value] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        judgments.entry(query.to_owned()).or_default().push((document.to_owned(), value.parse().expect("a number")));
    }
    judgments
}

fn ids(texts: impl Iterator<Item = impl AsRef<str>>) -> Vec<PaperId> {
    texts.map(|text| PaperId::parse(text.as_ref()).expect("an id")).collect()
}

fn goldstandard(folder: &Path, options: &Options) -> Result<(f64, f64)> {
    let set = Set::open(folder, options)?;
    let ratings = judgments(&folder.join("ratings.tsv"));
    let (mut ours, mut words) = (PairAccuracy::default(), PairAccuracy::default());
    for line in lines(&folder.join("histories.jsonl")) {
        let person: Value = serde_json::from_str(&line).expect("JSON");
        let history: Vec<&str> =
            person["history"].as_array().expect("a list").iter().filter_map(|id| id.as_str()).collect();
        let Some(rated) = ratings.get(person["user"].as_str().expect("a name")) else { continue };
        let request = Request {
            positive: ids(history.iter()).into_iter().map(HistoryItem::id).collect(),
            candidates: Some(ids(rated.iter().map(|(id, _)| id))),
            ..Request::default()
        };
        let scores = set.scores(&request)?;
        ours.add(&rated.iter().map(|(id, rating)| (*rating, scores[id])).collect::<Vec<_>>());

        let vectors: Vec<_> = history.iter().map(|id| set.tfidf.vector(&set.documents[*id])).collect();
        let mean = TfIdf::mean(&vectors);
        let similarity = |id: &String| TfIdf::cosine(&mean, &set.tfidf.vector(&set.documents[id]));
        words.add(&rated.iter().map(|(id, rating)| (*rating, similarity(id))).collect::<Vec<_>>());
    }
    Ok((ours.value().expect("pairs"), words.value().expect("pairs")))
}

fn research_needs(folder: &Path, options: &Options) -> Result<(f64, f64)> {
    let set = Set::open(folder, options)?;
    let judgments = judgments(&folder.join("qrels.tsv"));
    let (mut ours, mut words) = (Vec::new(), Vec::new());
    for line in lines(&folder.join("queries.jsonl")) {
        let query: Value = serde_json::from_str(&line).expect("JSON");
        let text = query["text"].as_str().expect("a text");
        let judged = &judgments[query["qid"].as_str().expect("an id")];
        let all: Vec<f64> = judged.iter().map(|(_, gain)| *gain).collect();
        let request = Request {
            text: Some(text.to_owned()),
            candidates: Some(ids(judged.iter().map(|(id, _)| id))),
            ..Request::default()
        };
        let scores = set.scores(&request)?;
        ours.extend(ndcg(&ranked(judged, |id| scores[id]), &all, 10));
        let vector = set.tfidf.vector(text);
        let similarity = |id: &str| TfIdf::cosine(&vector, &set.tfidf.vector(&set.documents[id]));
        words.extend(ndcg(&ranked(judged, similarity), &all, 10));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Ok((mean(&ours), mean(&words)))
}

/// Gains in the order of falling scores.
fn ranked(judged: &[(String, f64)], score: impl Fn(&str) -> f64) -> Vec<f64> {
    let mut scored: Vec<(f64, f64)> = judged.iter().map(|(id, gain)| (score(id), *gain)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().map(|(_, gain)| gain).collect()
}
