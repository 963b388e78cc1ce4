//! How well does paperkin rank papers that people have judged, beside TF-IDF, and what does each half of it add?
//!
//! The sets, each in a folder below the one that is given: `reviewer_goldstandard` (58 researchers rated papers that
//! they read; the history is what they wrote themselves), `doris_mae_birco` (long research needs, graded pools), `cisi`
//! (questions to a collection) and `citeulike` (libraries of which 30% are held out). Each is ranked by the embeddings
//! alone, by the words alone, and with each weight of the words that is asked for (the default one unless told
//! otherwise).
//!
//! `cargo run --release --example labelled_sets -- FOLDER [--model MODEL] [--precision PRECISION] [--words W,W,...]`

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use paperkin::evaluate::{PairAccuracy, TfIdf, ndcg};
use paperkin::recommend::{HistoryItem, Weights};
use paperkin::{Engine, Options, PaperId, Place, Request, Result, sources};
use serde_json::Value;
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A weight of the words beside which similarity only decides between equals.
const ALONE: f32 = 1e6;

/// Ranks a set and measures the rankings.
type Evaluate = fn(&Path, &Ranking) -> Result<Vec<f64>>;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().expect("give the folder of the labelled sets"));
    let mut options = Options::new(Place::Memory);
    let mut fused = vec![Weights::default().words];
    while let Some(word) = words.next() {
        let value = words.next().expect("a value after each option");
        match word.as_str() {
            "--model" => options.model = Some(value.parse()?),
            "--precision" => options.runtime.precision = Some(value.parse().expect("f32, bf16 or int8")),
            "--words" => fused = value.split(',').map(|weight| weight.parse().expect("a number")).collect(),
            _ => panic!("unknown option {word}"),
        }
    }
    let sets: [(&str, &str, Evaluate); 4] = [
        ("reviewer_goldstandard", "weighted pair accuracy", goldstandard),
        ("doris_mae_birco", "nDCG@10", research_needs),
        ("cisi", "mean average precision", questions),
        ("citeulike", "recall@50, nDCG@20", libraries),
    ];
    for (name, measure, evaluate) in sets {
        let folder = folder.join(name);
        let set = Set::read(&folder, &options)?;
        println!("{name}, {measure}");
        let show = |ranking: &str, values: Vec<f64>| {
            let values: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
            println!("  {ranking:20} {}", values.join("  "));
        };
        show("TF-IDF", evaluate(&folder, &Ranking::TfIdf(&set))?);
        show("embeddings alone", evaluate(&folder, &set.ranking(&options, 0.0)?)?);
        show("words alone", evaluate(&folder, &set.ranking(&options, ALONE)?)?);
        for weight in &fused {
            show(&format!("both, words {weight}"), evaluate(&folder, &set.ranking(&options, *weight)?)?);
        }
    }
    Ok(())
}

/// Papers of a set in a library of their own, and TF-IDF over the same texts.
struct Set {
    library: TempDir,
    tfidf: TfIdf,
    documents: HashMap<String, String>,
}

/// What scores the papers of a set.
enum Ranking<'a> {
    TfIdf(&'a Set),
    Paperkin(Box<Engine>),
}

impl Set {
    fn read(folder: &Path, options: &Options) -> Result<Set> {
        let path = ["docs.jsonl", "docs.jsonl.gz"].map(|name| folder.join(name)).into_iter().find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("{}: no docs.jsonl", folder.display()));
        let library = tempfile::tempdir().expect("a temporary directory");
        let place = Place::Create(library.path().to_owned());
        Engine::open(Options { place, ..options.clone() })?.add(sources::open(&path, None)?, &|_| ())?;
        let papers = sources::open(&path, None)?.collect::<Result<Vec<_>>>()?;
        let texts: Vec<String> = papers.iter().map(|paper| paper.document()).collect();
        let tfidf = TfIdf::fit(texts.iter().map(String::as_str));
        let documents = papers.into_iter().map(|paper| (paper.id.to_string(), paper.document())).collect();
        Ok(Set { library, tfidf, documents })
    }

    fn ranking(&self, options: &Options, words: f32) -> Result<Ranking<'_>> {
        let place = Place::Existing(self.library.path().to_owned());
        let weights = Weights { words, ..Weights::default() };
        Ok(Ranking::Paperkin(Box::new(Engine::open(Options { place, weights, ..options.clone() })?)))
    }
}

impl Ranking<'_> {
    /// Scores of candidates (of all papers but the history, when none are given) for a text or a history.
    fn scores(
        &self,
        text: Option<&str>,
        history: &[&str],
        candidates: Option<&[&str]>,
    ) -> Result<HashMap<String, f64>> {
        match self {
            Ranking::TfIdf(set) => {
                let vectors = history.iter().map(|id| set.tfidf.vector(&set.documents[*id]));
                let vectors: Vec<_> = vectors.chain(text.map(|text| set.tfidf.vector(text))).collect();
                let mean = TfIdf::mean(&vectors);
                let of = |id: &str| TfIdf::cosine(&mean, &set.tfidf.vector(&set.documents[id]));
                let all = || set.documents.keys().map(String::as_str).filter(|id| !history.contains(id)).collect();
                let candidates = candidates.map_or_else(all, <[&str]>::to_vec);
                Ok(candidates.into_iter().map(|id| (id.to_owned(), of(id))).collect())
            }
            Ranking::Paperkin(engine) => {
                let request = Request {
                    text: text.map(str::to_owned),
                    positive: history.iter().map(|id| HistoryItem::id(paper_id(id))).collect(),
                    candidates: candidates.map(|ids| ids.iter().map(|id| paper_id(id)).collect()),
                    limit: Some(candidates.map_or(100_000, <[&str]>::len)),
                    ..Request::default()
                };
                let answer = engine.recommend(&request, jiff::civil::date(2026, 1, 1))?;
                assert!(answer.not_found.is_empty(), "every paper of the set is in the library");
                Ok(answer.results.iter().map(|r| (r.paper.id.to_string(), f64::from(r.score))).collect())
            }
        }
    }
}

fn paper_id(text: &str) -> PaperId {
    PaperId::parse(text).expect("an id")
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect()
}

fn records(path: &Path) -> Vec<Value> {
    lines(path).iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().expect("a text")
}

fn texts<'a>(record: &'a Value, field: &str) -> Vec<&'a str> {
    record[field].as_array().expect("a list").iter().filter_map(|id| id.as_str()).collect()
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

fn goldstandard(folder: &Path, ranking: &Ranking) -> Result<Vec<f64>> {
    let ratings = judgments(&folder.join("ratings.tsv"));
    let mut accuracy = PairAccuracy::default();
    for person in records(&folder.join("histories.jsonl")) {
        let Some(rated) = ratings.get(text(&person, "user")) else { continue };
        let candidates: Vec<&str> = rated.iter().map(|(id, _)| id.as_str()).collect();
        let scores = ranking.scores(None, &texts(&person, "history"), Some(&candidates))?;
        accuracy.add(&rated.iter().map(|(id, rating)| (*rating, scores[id])).collect::<Vec<_>>());
    }
    Ok(vec![accuracy.value().expect("pairs")])
}

fn research_needs(folder: &Path, ranking: &Ranking) -> Result<Vec<f64>> {
    let judgments = judgments(&folder.join("qrels.tsv"));
    let mut values = Vec::new();
    for query in records(&folder.join("queries.jsonl")) {
        let judged: HashMap<&str, f64> =
            judgments[text(&query, "qid")].iter().map(|(id, gain)| (id.as_str(), *gain)).collect();
        let candidates: Vec<&str> = judged.keys().copied().collect();
        let ranked = ranked(ranking.scores(Some(text(&query, "text")), &[], Some(&candidates))?);
        let gains: Vec<f64> = ranked.iter().map(|id| judged[id.as_str()]).collect();
        values.extend(ndcg(&gains, &gains, 10));
    }
    Ok(vec![mean(&values)])
}

fn questions(folder: &Path, ranking: &Ranking) -> Result<Vec<f64>> {
    let judgments = judgments(&folder.join("qrels.tsv"));
    let mut values = Vec::new();
    for query in records(&folder.join("queries.jsonl")) {
        let Some(judged) = judgments.get(text(&query, "qid")) else { continue };
        let relevant: HashSet<&str> = judged.iter().map(|(id, _)| id.as_str()).collect();
        let mut found = 0.0;
        let mut sum = 0.0;
        for (place, id) in ranked(ranking.scores(Some(text(&query, "text")), &[], None)?).iter().enumerate() {
            if relevant.contains(id.as_str()) {
                found += 1.0;
                sum += found / (place + 1) as f64;
            }
        }
        values.push(sum / relevant.len() as f64);
    }
    Ok(vec![mean(&values)])
}

fn libraries(folder: &Path, ranking: &Ranking) -> Result<Vec<f64>> {
    let (mut recalls, mut gains) = (Vec::new(), Vec::new());
    // Numbers that look random and are the same every time.
    let mut state = 1u64;
    let mut below = |end: usize| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) as usize % end
    };
    for person in records(&folder.join("users.jsonl")) {
        let mut library = texts(&person, "library");
        (1..library.len()).rev().for_each(|last| library.swap(last, below(last + 1)));
        let (held_out, history) = library.split_at(library.len() * 3 / 10);
        let ranked = ranked(ranking.scores(None, history, None)?);
        let hits: Vec<f64> = ranked.iter().map(|id| f64::from(held_out.contains(&id.as_str()))).collect();
        recalls.push(hits.iter().take(50).sum::<f64>() / held_out.len() as f64);
        gains.extend(ndcg(&hits, &hits, 20));
    }
    Ok(vec![mean(&recalls), mean(&gains)])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Ids in the order of falling scores.
fn ranked(scores: HashMap<String, f64>) -> Vec<String> {
    let mut scored: Vec<(String, f64)> = scores.into_iter().collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    scored.into_iter().map(|(id, _)| id).collect()
}
