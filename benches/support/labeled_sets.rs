//! The labeled sets: how each is measured, and how its files become papers and queries.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;
use paperkin::engine::{CandidatePool, LabeledQuery};
use paperkin::evaluate::{Metric, QrelsLine, SplitMix64};
use paperkin::recommend::{HistoryItem, PaperRef};
use paperkin::{Paper, PaperId, Request, Result, formats};
use serde_json::Value;

use crate::SEED;

/// A set's name, which begins with that of its folder, how it is measured, and its parts: papers and what they are asked.
pub(crate) type Set = (&'static str, &'static [Metric], CandidatePool, fn(&Path) -> Vec<Part>);

/// Queries of one paper in each set of links, at most.
const SINGLE_PAPERS: usize = 300;

pub(crate) const SETS: [Set; 30] = [
    ("reviewer_goldstandard", &[Metric::Pairs], CandidatePool::Judged, goldstandard),
    ("citeulike", &[Metric::Recall(50), Metric::Ndcg(20)], CandidatePool::All, libraries),
    ("hf_daily_papers", &[Metric::Recall(100), Metric::Ndcg(100)], CandidatePool::All, submitters),
    ("doris_mae_birco", &[Metric::Ndcg(10)], CandidatePool::Judged, queries),
    ("cisi", &[Metric::AveragePrecision, Metric::Ndcg(10)], CandidatePool::All, queries),
    ("cisi/cocitation", &[Metric::Recall(20)], CandidatePool::All, cocitations),
    ("systematic_reviews", &[Metric::AveragePrecision], CandidatePool::All, |folder| reviews(folder, false)),
    ("systematic_reviews/rejected", &[Metric::AveragePrecision], CandidatePool::Judged, |folder| reviews(folder, true)),
    ("cacm/queries", &[Metric::AveragePrecision, Metric::Ndcg(10)], CandidatePool::All, queries),
    ("curated_lists/headings", &[Metric::AveragePrecision, Metric::Ndcg(10)], CandidatePool::All, headings),
    ("cacm/related", LINKS, CandidatePool::All, related),
    ("acl_tutorial_lists/colisted", LINKS, CandidatePool::All, |folder| links(folder, "colisted.dev.tsv", false)),
    ("curated_lists/links", LINKS, CandidatePool::All, |folder| links(folder, "links.dev.tsv", false)),
    ("vis_citations/cites", LINKS, CandidatePool::All, |folder| links(folder, "cites.dev.tsv", true)),
    ("vis_citations/cocited", LINKS, CandidatePool::All, |folder| links(folder, "cocited.dev.tsv", false)),
    ("ecology_capture_recapture/cites", LINKS, CandidatePool::All, |folder| links(folder, "cites.dev.tsv", true)),
    ("ecology_capture_recapture/cocited", LINKS, CandidatePool::All, |folder| links(folder, "cocited.dev.tsv", false)),
    ("chemical_space/cites", LINKS, CandidatePool::All, |folder| links(folder, "cites.dev.tsv", true)),
    ("chemical_space/cocited", LINKS, CandidatePool::All, |folder| links(folder, "cocited.dev.tsv", false)),
    ("social_networks/cites", LINKS, CandidatePool::All, |folder| links(folder, "cites.dev.tsv", true)),
    ("social_networks/cocited", LINKS, CandidatePool::All, |folder| links(folder, "cocited.dev.tsv", false)),
    ("curated_lists/topics", HISTORIES, CandidatePool::All, |folder| {
        cut_histories(folder, "topic_histories.dev.jsonl")
    }),
    ("vis_citations/histories", HISTORIES, CandidatePool::All, |folder| cut_histories(folder, "histories.dev.jsonl")),
    ("chemical_space/histories", HISTORIES, CandidatePool::All, |folder| cut_histories(folder, "histories.dev.jsonl")),
    ("social_networks/histories", HISTORIES, CandidatePool::All, |folder| cut_histories(folder, "histories.dev.jsonl")),
    ("vis_citations/references", REFERENCES, CandidatePool::All, references),
    ("ecology_capture_recapture/references", REFERENCES, CandidatePool::All, references),
    ("chemical_space/references", REFERENCES, CandidatePool::All, references),
    ("social_networks/references", REFERENCES, CandidatePool::All, references),
    ("arxiv_recent", &[Metric::Auc, Metric::RecallPercent(10)], CandidatePool::All, curated),
];

const LINKS: &[Metric] = &[Metric::Ndcg(20), Metric::Recall(20)];
const REFERENCES: &[Metric] = &[Metric::Recall(20), Metric::Ndcg(20)];
const HISTORIES: &[Metric] = &[Metric::Recall(100), Metric::Ndcg(20)];

/// Papers, and how to ask for them.
pub(crate) struct Part {
    pub(crate) papers: Box<dyn Iterator<Item = Result<Paper>>>,
    pub(crate) questions: Questions,
}

pub(crate) type Links = Vec<(PaperId, PaperId)>;

pub(crate) enum Questions {
    Labeled(Vec<LabeledQuery>),
    /// The same, with the first results that are not relevant disliked: what a reader meets and rejects.
    Rejected(Vec<LabeledQuery>),
    /// Queries for libraries that know what cites what, by the links of each: pairs of a citing and a cited paper.
    Linked(Vec<(Vec<LabeledQuery>, Links)>),
    /// Picks of persons, to be split by date.
    Histories(Vec<Vec<HistoryItem>>),
}

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzipped text"),
        false => bytes.as_slice().read_to_string(&mut text).expect("text"),
    };
    text
}

fn objects(path: &Path) -> Vec<Value> {
    text(path).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn papers(path: &Path) -> Box<dyn Iterator<Item = Result<Paper>>> {
    Box::new(formats::open(path, None).expect("a file of papers"))
}

fn id(value: &Value) -> PaperId {
    PaperId::parse(value.as_str().expect("a text")).expect("an id")
}

fn ids(value: &Value) -> Vec<PaperId> {
    value.as_array().expect("a list").iter().map(id).collect()
}

pub(crate) fn items(ids: impl IntoIterator<Item = PaperId>) -> Vec<HistoryItem> {
    ids.into_iter().map(HistoryItem::id).collect()
}

/// Judgments by query.
fn judgments(path: &Path) -> HashMap<String, HashMap<PaperId, f64>> {
    let mut judgments: HashMap<String, HashMap<PaperId, f64>> = HashMap::new();
    for line in text(path).lines().skip(1) {
        let QrelsLine { query, paper, gain } = QrelsLine::parse(line).expect("a judgment");
        judgments.entry(query).or_default().insert(PaperId::parse(&paper).expect("an id"), gain);
    }
    judgments
}

/// Pairs of papers, each with a grade.
fn graded_pairs(path: &Path) -> Vec<(PaperId, PaperId, f64)> {
    let pair = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let paper = |at: usize| PaperId::parse(fields[at]).expect("an id");
        (paper(0), paper(1), fields[2].parse().expect("a grade"))
    };
    text(path).lines().map(pair).collect()
}

/// Researchers' own papers, and how they rated others.
fn goldstandard(folder: &Path) -> Vec<Part> {
    let mut ratings = judgments(&folder.join("ratings.tsv"));
    let labeled = objects(&folder.join("histories.jsonl")).into_iter().filter_map(|person| {
        let judged = ratings.remove(person["user"].as_str().expect("a name"))?;
        Some(LabeledQuery {
            request: Request { positive: items(ids(&person["history"])), ..Request::default() },
            judgments: judged,
        })
    });
    let questions = Questions::Labeled(labeled.collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl")), questions }]
}

/// Texts and judgments.
fn queries(folder: &Path) -> Vec<Part> {
    let mut judgments = judgments(&folder.join("qrels.tsv"));
    let labeled = objects(&folder.join("queries.jsonl")).into_iter().filter_map(|query| {
        let judged = judgments.remove(query["qid"].as_str().expect("an id"))?;
        Some(LabeledQuery {
            request: Request { text: query["text"].as_str().map(str::to_owned), ..Request::default() },
            judgments: judged,
        })
    });
    let questions = Questions::Labeled(labeled.collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl")), questions }]
}

/// Papers, and those that are cited together with them: every third paper is asked for.
fn cocitations(folder: &Path) -> Vec<Part> {
    let mut together: BTreeMap<String, HashMap<PaperId, f64>> = BTreeMap::new();
    together.extend(judgments(&folder.join("cocitation.tsv")));
    let labeled = together.into_iter().step_by(3).map(|(paper, mut judged)| {
        let paper = PaperId::parse(&paper).expect("an id");
        judged.remove(&paper);
        LabeledQuery { request: Request { positive: items([paper]), ..Request::default() }, judgments: judged }
    });
    let questions = Questions::Labeled(labeled.collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl")), questions }]
}

/// Papers, and those that are linked to them: every so many is asked for. With `dated`, only papers that had appeared
/// when the paper did are candidates, as it cites no others.
fn links(folder: &Path, file: &str, dated: bool) -> Vec<Part> {
    let mut linked: BTreeMap<PaperId, HashMap<PaperId, f64>> = BTreeMap::new();
    for (paper, other, grade) in graded_pairs(&folder.join(file)) {
        linked.entry(paper).or_default().insert(other, grade);
    }
    let docs = folder.join("docs.jsonl.gz");
    let appeared: HashMap<PaperId, Option<Date>> =
        papers(&docs).map(|paper| paper.expect("a paper")).map(|paper| (paper.id, paper.published)).collect();
    let labeled = single_papers(linked).map(|mut labeled| {
        let PaperRef::Id(query) = labeled.request.positive[0].paper.clone() else { unreachable!("papers have ids") };
        if let Some(day) = appeared[&query].filter(|_| dated) {
            let is_earlier = |(id, date): (&PaperId, &Option<Date>)| {
                (*id != query && date.is_none_or(|date| date <= day)).then(|| id.clone())
            };
            let mut candidates: Vec<PaperId> = appeared.iter().filter_map(is_earlier).collect();
            candidates.sort();
            labeled.judgments.retain(|id, _| candidates.binary_search(id).is_ok());
            labeled.request.candidates = Some(candidates);
            labeled.request.as_of = Some(day);
        }
        labeled
    });
    let questions = Questions::Labeled(labeled.filter(|labeled| !labeled.judgments.is_empty()).collect());
    vec![Part { papers: papers(&docs), questions }]
}

/// Papers with half of their references known, and the other half to be found, among all papers. The library knows the
/// references of all papers that are not queries of the same fold.
fn references(folder: &Path) -> Vec<Part> {
    const QUERIES: usize = 200;
    const FOLDS: usize = 4;
    const MIN_REFERENCES: usize = 6;
    let mut lists: BTreeMap<PaperId, Vec<PaperId>> = BTreeMap::new();
    for (citing, cited, _) in graded_pairs(&folder.join("cites.dev.tsv")) {
        lists.entry(citing).or_default().push(cited);
    }
    let long: Vec<PaperId> =
        lists.iter().filter(|(_, list)| list.len() >= MIN_REFERENCES).map(|(citing, _)| citing.clone()).collect();
    let mut random = SplitMix64::new(SEED);
    let query = |citing: &PaperId| {
        let mut hidden = lists[citing].clone();
        random.shuffle(&mut hidden);
        let known = hidden.split_off(hidden.len().div_ceil(2));
        LabeledQuery {
            request: Request { positive: items(known.into_iter().chain([citing.clone()])), ..Request::default() },
            judgments: hidden.into_iter().map(|id| (id, 1.0)).collect(),
        }
    };
    let chosen: Vec<&PaperId> = long.iter().step_by(long.len().div_ceil(QUERIES)).collect();
    let labeled: Vec<LabeledQuery> = chosen.iter().copied().map(query).collect();
    let fold = |fold: usize| {
        let of_fold: HashSet<&PaperId> = chosen.iter().copied().skip(fold).step_by(FOLDS).collect();
        let known = lists.iter().filter(|(citing, _)| !of_fold.contains(citing));
        let links = known.flat_map(|(citing, list)| list.iter().map(|cited| (citing.clone(), cited.clone())));
        (labeled.iter().skip(fold).step_by(FOLDS).cloned().collect(), links.collect())
    };
    let questions = Questions::Linked((0..FOLDS).map(fold).collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl.gz")), questions }]
}

/// A query for every so many papers, with what is linked to it.
fn single_papers(linked: BTreeMap<PaperId, HashMap<PaperId, f64>>) -> impl Iterator<Item = LabeledQuery> {
    let step = linked.len().div_ceil(SINGLE_PAPERS);
    linked.into_iter().step_by(step).map(|(paper, mut judgments)| {
        judgments.remove(&paper);
        LabeledQuery { request: Request { positive: items([paper]), ..Request::default() }, judgments }
    })
}

/// Papers that cite each other, or are cited together, whichever way the link is written.
fn related(folder: &Path) -> Vec<Part> {
    let mut linked: BTreeMap<PaperId, HashMap<PaperId, f64>> = BTreeMap::new();
    for line in text(&folder.join("related.tsv")).lines().skip(1) {
        let paper = |text: &str| PaperId::parse(text).expect("an id");
        let mut fields = line.split('\t');
        let (one, other) = (paper(fields.next().expect("an id")), paper(fields.next().expect("an id")));
        linked.entry(one.clone()).or_default().insert(other.clone(), 1.0);
        linked.entry(other).or_default().insert(one, 1.0);
    }
    linked.retain(|_, others| others.len() >= 3);
    let questions = Questions::Labeled(single_papers(linked).collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl")), questions }]
}

/// What people read up to a time, and what they read afterwards.
fn cut_histories(folder: &Path, file: &str) -> Vec<Part> {
    let people = objects(&folder.join(file));
    let step = people.len().div_ceil(SINGLE_PAPERS / 3);
    let entry = |value: &Value| if value.is_string() { id(value) } else { id(&value["id"]) };
    let labeled = people.iter().step_by(step).map(|person| {
        let read: Vec<PaperId> = person["history"].as_array().expect("a list").iter().map(entry).collect();
        let judgments = ids(&person["test"]).into_iter().filter(|id| !read.contains(id)).map(|id| (id, 1.0)).collect();
        LabeledQuery { request: Request { positive: items(read), ..Request::default() }, judgments }
    });
    let questions = Questions::Labeled(labeled.filter(|labeled| !labeled.judgments.is_empty()).collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl.gz")), questions }]
}

/// Headings of lists as texts, and the papers that were put under them.
fn headings(folder: &Path) -> Vec<Part> {
    let labeled = objects(&folder.join("topic_histories.dev.jsonl")).into_iter().map(|topic| {
        let listed = [ids(&topic["history"]), ids(&topic["test"])].concat();
        LabeledQuery {
            request: Request { text: topic["topic"].as_str().map(str::to_owned), ..Request::default() },
            judgments: listed.into_iter().map(|id| (id, 1.0)).collect(),
        }
    });
    let questions = Questions::Labeled(labeled.collect());
    vec![Part { papers: papers(&folder.join("docs.jsonl.gz")), questions }]
}

/// Personal libraries without times: 30% of each held out at random.
fn libraries(folder: &Path) -> Vec<Part> {
    let mut random = SplitMix64::new(SEED);
    let labeled = objects(&folder.join("users.jsonl"))
        .iter()
        .map(|person| {
            let mut library = ids(&person["library"]);
            random.shuffle(&mut library);
            let held_out = library.split_off(library.len() - (library.len() as f64 * 0.3).round() as usize);
            LabeledQuery {
                request: Request { positive: items(library), ..Request::default() },
                judgments: held_out.into_iter().map(|id| (id, 1.0)).collect(),
            }
        })
        .collect();
    vec![Part { papers: papers(&folder.join("docs.jsonl.gz")), questions: Questions::Labeled(labeled) }]
}

/// Persons who submitted 5 to 60 Daily Papers over time.
fn submitters(folder: &Path) -> Vec<Part> {
    let histories = objects(&folder.join("submitter_histories.jsonl"))
        .iter()
        .map(|person| {
            let picks = person["history"].as_array().expect("a list").iter().map(|pick| HistoryItem {
                at: paperkin::paper::parse_date(pick["at"].as_str().expect("a day")),
                ..HistoryItem::id(id(&pick["id"]))
            });
            picks.collect::<Vec<HistoryItem>>()
        })
        .filter(|picks| (5..=60).contains(&picks.len()))
        .collect();
    vec![Part { papers: papers(&folder.join("papers.jsonl.gz")), questions: Questions::Histories(histories) }]
}

/// What was picked from a day's papers by those who had picked the Daily Papers before, on 100 days. Nothing is said of a
/// paper's listing and votes, which came later.
fn curated(folder: &Path) -> Vec<Part> {
    const BEGIN: Date = jiff::civil::date(2025, 7, 1);
    const DAYS: usize = 100;
    /// Papers of a day.
    const MOST: usize = 300;
    let day = |value: &Value| value.as_str().and_then(paperkin::paper::parse_date);
    let daily = objects(&folder.join("../hf_daily_papers/papers.jsonl.gz"));
    let mut picks: Vec<(Date, PaperId)> =
        daily.iter().filter_map(|paper| Some((day(&paper["daily_date"])?, id(&paper["id"])))).collect();
    picks.sort();
    let listed: HashMap<&PaperId, Date> = picks.iter().map(|(day, id)| (id, *day)).collect();
    let mut by_day: BTreeMap<Date, Vec<PaperId>> = BTreeMap::new();
    for paper in objects(&folder.join("papers.jsonl.gz")) {
        if let Some(day) = day(&paper["announced"]).or(day(&paper["published"])) {
            by_day.entry(day).or_default().push(id(&paper["id"]));
        }
    }
    let mut random = SplitMix64::new(SEED);
    let is_picked = |day: Date, id: &PaperId| listed.get(id).is_some_and(|listed| *listed >= day);
    let eligible: Vec<Date> = by_day
        .iter()
        .filter(|(day, ids)| {
            **day >= BEGIN && ids.len() >= 100 && ids.iter().filter(|id| is_picked(**day, id)).count() >= 3
        })
        .map(|(day, _)| *day)
        .collect();
    let labeled: Vec<LabeledQuery> = eligible
        .iter()
        .step_by((eligible.len() / DAYS).max(1))
        .take(DAYS)
        .map(|day| {
            let mut candidates = by_day[day].clone();
            candidates.retain(|id| listed.get(id).is_none_or(|listed| listed >= day));
            random.shuffle(&mut candidates);
            candidates.truncate(MOST);
            let before = picks.iter().take_while(|(listed, _)| listed < day);
            let judged = candidates.iter().map(|id| (id.clone(), f64::from(u8::from(is_picked(*day, id))))).collect();
            let request = Request {
                positive: before.map(|(at, id)| HistoryItem { at: Some(*at), ..HistoryItem::id(id.clone()) }).collect(),
                candidates: Some(candidates),
                half_life_days: Some(365.0),
                as_of: Some(*day),
                ..Request::default()
            };
            LabeledQuery { request, judgments: judged }
        })
        .collect();
    // An eighth of the papers of other days stands for all that was not picked.
    let others = by_day.values().flatten().step_by(8).cloned();
    let candidates = labeled.iter().flat_map(|labeled| labeled.request.candidates.iter().flatten().cloned());
    let used: HashSet<PaperId> = others.chain(candidates).collect();
    let of_arxiv = papers(&folder.join("papers.jsonl.gz"))
        .filter(move |paper| paper.as_ref().map_or(true, |paper| used.contains(&paper.id)));
    let of_before = |paper: Paper| Paper { votes: None, comments: None, listed: None, ..paper };
    let all = papers(&folder.join("../hf_daily_papers/papers.jsonl.gz")).chain(of_arxiv);
    let all = all.map(move |paper| paper.map(of_before));
    vec![Part { papers: Box::new(all), questions: Questions::Labeled(labeled) }]
}

/// Screenings of literature: 5 papers that were included and 5 that were not, drawn five times; each review is a part. With
/// `rejected`, those that were not are the first ones that a reader of the others would be shown.
fn reviews(folder: &Path, rejected: bool) -> Vec<Part> {
    let mut reviews: BTreeMap<String, Vec<(PaperId, bool, String)>> = BTreeMap::new();
    let path = folder.join("records.jsonl.gz");
    for (record, line) in objects(&path).iter().zip(text(&path).lines()) {
        let included = record["included"].as_bool().or(record["included"].as_i64().map(|n| n > 0)).expect("yes or no");
        let review = reviews.entry(record["review"].as_str().expect("a name").to_owned()).or_default();
        review.push((id(&record["id"]), included, line.to_owned()));
    }
    let mut random = SplitMix64::new(SEED);
    let part = |records: Vec<(PaperId, bool, String)>| {
        let labeled = (0..5).map(|_| {
            let mut order: Vec<&(PaperId, bool, String)> = records.iter().collect();
            random.shuffle(&mut order);
            let draw =
                |wanted| order.iter().filter(move |record| record.1 == wanted).take(5).map(|record| record.0.clone());
            let disliked = if rejected { Vec::new() } else { draw(false).collect() };
            let liked: Vec<PaperId> = draw(true).collect();
            let rest = records.iter().filter(|record| !liked.contains(&record.0) && !disliked.contains(&record.0));
            let judged = rest.map(|record| (record.0.clone(), f64::from(u8::from(record.1)))).collect();
            LabeledQuery {
                request: Request { positive: items(liked), negative: items(disliked), ..Request::default() },
                judgments: judged,
            }
        });
        let questions =
            if rejected { Questions::Rejected(labeled.collect()) } else { Questions::Labeled(labeled.collect()) };
        let lines = records.iter().map(|record| record.2.as_str()).collect::<Vec<_>>().join("\n");
        let papers = formats::read(std::io::Cursor::new(lines), "records", None).expect("papers");
        Part { papers: Box::new(papers), questions }
    };
    reviews.into_values().map(part).collect()
}
