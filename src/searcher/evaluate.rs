//! How good the ranking is on this library, compared with baselines.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;

use super::{RequestScope, SearchContext, Searcher, metadata_file};
use crate::encoder::TextSide;
use crate::error::{Error, Result};
use crate::evaluate::{
    Baseline, EvalCollection, EvalQuery, EvaluationReport, JudgedRanking, MethodComparison, Metric, QueryMetrics,
    temporal_split,
};
use crate::library::{HistoryEntry, HistoryKind, Library};
use crate::paper::{PaperId, PaperMetadata, document};
use crate::recommend::{HistoryItem, PaperRef, Request, Strategy};
use crate::vector::{Embedding, RowId};

/// The name of paperkin's own ranking in tables.
const PAPERKIN_METHOD: &str = "paperkin";

/// A request, and how well papers answer it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabeledQuery {
    /// The request. With `as_of`, the candidates are the papers that appeared on that day or later, and nothing else of
    /// them is looked at.
    pub request: Request,
    /// Judgments: 0 is no answer at all.
    pub judgments: HashMap<PaperId, f64>,
}

/// Which papers are ranked for a request that has no `candidates` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidatePool {
    /// All that are not part of its history.
    All,
    /// Those that were judged.
    Judged,
}

/// How an evaluation is made.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationOptions {
    /// What is measured.
    pub metrics: Vec<Metric>,
    /// From which judgment on a paper is relevant.
    pub relevance_threshold: f64,
    /// What is ranked.
    pub pool: CandidatePool,
    /// The strategies that are measured beside the default, if any query is a history of several papers.
    pub strategies: Vec<Strategy>,
    /// The methods that the ranking is compared with: those of them that apply.
    pub baselines: Vec<Baseline>,
    /// The seed of all that is drawn.
    pub seed: u64,
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationSummary {
    /// Our ranking first, then what each strategy of it does alone, then the others.
    #[serde(flatten)]
    pub report: EvaluationReport,
    /// What our ranking gains over each other method, in the first metric.
    pub comparisons: Vec<MethodComparison>,
    /// What the report sums up: by method, one entry a request.
    #[serde(skip)]
    pub measured: Vec<(String, Vec<QueryMetrics>)>,
    /// Papers in the library.
    pub papers: usize,
    /// The model whose embeddings were compared.
    pub model: String,
    /// Papers of the requests and the judgments that are not in the library.
    pub not_found: BTreeSet<PaperId>,
}

/// A history split by date.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemporalSplit {
    /// The history before the day, and the picks since as judgments of 1.
    #[serde(skip)]
    pub query: LabeledQuery,
    /// The first day that is held out.
    pub day: Date,
    /// Picks before that day.
    pub known: usize,
    /// Papers that appeared on that day or later: the picks are looked for among them.
    pub candidates: usize,
    /// Picks among the candidates.
    pub picks: usize,
    /// Later picks of papers that had appeared before: no list of new papers can have them.
    pub older: Vec<PaperId>,
    /// Picks that are not in the library, or have no date.
    pub not_found: Vec<PaperId>,
}

impl TemporalSplit {
    /// The share of a history that is held out.
    pub const HELD_OUT_SHARE: f64 = 0.3;

    /// A reader sees the first tenth of a list of the candidates, and at most 100 papers.
    pub fn cutoff(&self) -> usize {
        self.candidates.div_ceil(10).min(100)
    }

    /// The metrics to measure: those that were asked for, or else the usual ones, and in any case the share of picks that a
    /// reader sees.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when there are no picks to look for.
    pub fn metrics(&self, asked: &[Metric]) -> Result<Vec<Metric>> {
        if self.picks == 0 {
            let reason = format!("no held-out paper was published since the split on {}", self.day);
            return Err(Error::BadRequest { field: "history", reason });
        }
        let seen = Metric::Recall(self.cutoff());
        Ok(match asked {
            [] => vec![seen, Metric::Ndcg(self.cutoff()), Metric::AveragePrecision, Metric::ReciprocalRank],
            asked if asked.contains(&seen) => asked.to_vec(),
            asked => [&[seen], asked].concat(),
        })
    }
}

/// The papers that a history counts for, and those that it counts against: what a [`TemporalSplit`] is made of.
pub fn history_sides(history: &[HistoryEntry]) -> [Vec<HistoryItem>; 2] {
    [HistoryKind::counts_for, HistoryKind::counts_against].map(|counts| {
        let entries = history.iter().filter(|entry| counts(entry.kind));
        let item = |HistoryEntry { id, weight, at, .. }: &HistoryEntry| HistoryItem {
            weight: *weight,
            at: Some(*at),
            ..HistoryItem::id(id.clone())
        };
        entries.map(item).collect()
    })
}

/// Ranks papers for labeled queries, by the default [`Strategy`] and others, and by [`Baseline`]s, and measures the rankings. `done`
/// is called with how many more queries are finished.
///
/// # Errors
/// As [`Searcher::answer`].
pub(crate) fn evaluate(
    context: SearchContext<'_>,
    labeled: &[LabeledQuery],
    evaluation: &EvaluationOptions,
    today: Date,
    done: &dyn Fn(usize),
) -> Result<EvaluationSummary> {
    let requests = labeled.iter().map(|labeled| &labeled.request);
    let embeddings = context.embedder.embed_requests(context.library, requests)?;
    context.search(&embeddings, |searcher| run(searcher, labeled, evaluation, today, done))
}

fn run(
    searcher: &Searcher<'_>,
    labeled: &[LabeledQuery],
    evaluation: &EvaluationOptions,
    today: Date,
    done: &dyn Fn(usize),
) -> Result<EvaluationSummary> {
    let mut papers = corpus(searcher)?;
    let mut not_found = BTreeSet::new();
    let count = papers.ids.len();
    let eval_queries = labeled
        .iter()
        .map(|labeled| eval_query(searcher, labeled, evaluation.pool, &mut papers, &mut not_found))
        .collect::<Result<Vec<EvalQuery>>>()?;
    let EvalCorpus { ids, collection, .. } = papers;
    let methods: Vec<Baseline> =
        evaluation.baselines.iter().copied().filter(|method| method.applies(&collection)).collect();
    let is_history = |labeled: &LabeledQuery| labeled.request.positive.len() > 1;
    let others: &[Strategy] = if labeled.iter().any(is_history) { &evaluation.strategies } else { &[] };
    let strategies = std::iter::once(Strategy::Auto).chain(others.iter().copied());
    let own = strategies.clone().map(|strategy| match strategy {
        Strategy::Auto => PAPERKIN_METHOD.to_owned(),
        other => format!("{PAPERKIN_METHOD} {other}"),
    });
    let names = own.chain(methods.iter().map(|method| method.name().to_owned()));
    let mut measured: Vec<(String, Vec<QueryMetrics>)> = names.map(|name| (name, Vec::new())).collect();
    for ((LabeledQuery { request, judgments: judged }, query), seed) in
        labeled.iter().zip(&eval_queries).zip(evaluation.seed..)
    {
        let candidates: Vec<PaperId> = query.candidates.iter().map(|place| ids[*place].clone()).collect();
        let measure = |ranked: &[(PaperId, f64)]| {
            QueryMetrics::new(&evaluation.metrics, &JudgedRanking::new(ranked, judged, evaluation.relevance_threshold))
        };
        let by_method = |method: &Baseline| {
            let scores = method.score(&collection, query, seed);
            let mut ranked: Vec<_> = candidates.iter().cloned().zip(scores).collect();
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
            measure(&ranked)
        };
        let others: Vec<QueryMetrics> = methods.par_iter().map(by_method).collect();
        let mut own = Vec::new();
        for strategy in strategies.clone() {
            let mut ranked = Vec::new();
            if !candidates.is_empty() {
                let candidates = Some(candidates.clone());
                let request = Request { candidates, limit: None, strategy, ..request.clone() };
                let results = searcher
                    .answer(&request, &RequestScope { without_reasons: true, ..RequestScope::default() }, today)?
                    .results;
                // Interests take turns, so that the order is not that of the scores.
                ranked.extend(results.into_iter().map(|result| (result.paper.id.clone(), -(result.rank as f64))));
            }
            own.push(measure(&ranked));
        }
        let row = own.into_iter().chain(others);
        measured.iter_mut().zip(row).for_each(|((_, queries), measured)| queries.push(measured));
        done(1);
    }
    let set = std::slice::from_ref(&measured);
    let comparison = |(name, _): &(String, _)| MethodComparison::new(set, PAPERKIN_METHOD, name, evaluation.seed);
    let comparisons = measured.iter().skip(1).filter_map(comparison).collect();
    Ok(EvaluationSummary {
        comparisons,
        report: EvaluationReport::new(&evaluation.metrics, &measured, evaluation.seed),
        measured,
        papers: count,
        model: searcher.library.model()?.map(|model| model.label()).unwrap_or_default(),
        not_found,
    })
}

/// Parts a history in time: its last `share` is held out, and is to be found among the papers that appeared since.
/// A pick is dated by its own day, or by its paper's where it has none, or where all have the same.
///
/// # Errors
/// [`Error::BadRequest`] when there are not two days to part.
pub(crate) fn split_history(
    library: &Library,
    liked: &[HistoryItem],
    disliked: &[HistoryItem],
    share: f64,
) -> Result<TemporalSplit> {
    let metadata = metadata_file::read(library)?;
    let mut days: Vec<Option<Date>> = liked.iter().map(|item| item.at).collect();
    days.dedup();
    let own_days = days.len() > 1;
    let mut not_found = Vec::new();
    let mut dated = |items: &[HistoryItem]| -> Result<Vec<(Date, DatedHistoryItem)>> {
        let mut dated = Vec::new();
        for item in items {
            let PaperRef::Id(id) = &item.paper else { continue };
            let stored = library.lookup(id)?;
            let appeared = stored.as_ref().and_then(|stored| metadata.get(stored.key).date);
            match (stored, item.at.filter(|_| own_days).or(appeared)) {
                (Some(stored), Some(day)) => {
                    let paper = PaperRef::Id(stored.paper.id);
                    dated.push((
                        day,
                        DatedHistoryItem { item: HistoryItem { paper, at: Some(day), ..item.clone() }, appeared },
                    ));
                }
                _ => not_found.push(id.clone()),
            }
        }
        Ok(dated)
    };
    let (liked, disliked) = (dated(liked)?, dated(disliked)?);
    let split = temporal_split(liked, share).ok_or_else(|| Error::BadRequest {
        field: "history",
        reason: "cannot be split by date: give papers of the library with at least two different dates".to_owned(),
    })?;
    let (mut judged, mut older) = (HashMap::new(), Vec::new());
    for DatedHistoryItem { item, appeared } in split.held_out {
        let PaperRef::Id(id) = item.paper else { continue };
        if appeared >= Some(split.day) {
            judged.insert(id, 1.0);
        } else {
            older.push(id);
        }
    }
    let request = Request {
        positive: split.known.into_iter().map(|pick| pick.item).collect(),
        negative: disliked.into_iter().filter(|(day, _)| *day < split.day).map(|(_, pick)| pick.item).collect(),
        as_of: Some(split.day),
        ..Request::default()
    };
    Ok(TemporalSplit {
        day: split.day,
        known: request.positive.len(),
        candidates: metadata.papers_since(split.day),
        picks: judged.len(),
        older,
        not_found,
        query: LabeledQuery { request, judgments: judged },
    })
}

/// All papers that have a vector.
fn corpus(searcher: &Searcher<'_>) -> Result<EvalCorpus> {
    let Searcher { library, snapshot, .. } = searcher;
    let metadata = metadata_file::read(library)?;
    let dimension = library.model()?.map_or(0, |model| model.dimension);
    let mut papers = EvalCorpus { ids: Vec::new(), places: HashMap::new(), collection: EvalCollection::new(dimension) };
    snapshot.load(&snapshot.all().iter().collect::<Vec<RowId>>())?;
    library.for_each_paper(|stored| {
        if let Some(row) = snapshot.row(stored.key) {
            let facts = metadata.get(stored.key);
            let place = papers.collection.push(&stored.paper.document(), &snapshot.embedding(row)?, facts);
            papers.places.insert(stored.paper.id.clone(), place);
            papers.ids.push(stored.paper.id);
        }
        Ok(())
    })?;
    Ok(papers)
}

/// A labeled request as places in the collection, which its texts are added to.
fn eval_query(
    searcher: &Searcher<'_>,
    LabeledQuery { request, judgments: judged }: &LabeledQuery,
    pool: CandidatePool,
    papers: &mut EvalCorpus,
    not_found: &mut BTreeSet<PaperId>,
) -> Result<EvalQuery> {
    let known = 0..papers.ids.len();
    let mut place = |id: &PaperId, papers: &EvalCorpus| -> Result<Option<usize>> {
        let place = match papers.places.get(id) {
            Some(place) => Some(*place),
            None => searcher.library.lookup(id)?.and_then(|stored| papers.places.get(&stored.paper.id).copied()),
        };
        if place.is_none() {
            not_found.insert(id.clone());
        }
        Ok(place)
    };
    let mut liked = Vec::new();
    if let Some(text) = &request.text {
        liked.push(papers.push_text(text, &searcher.embed(TextSide::Query, text)?));
    }
    let mut side = |items: &[HistoryItem], papers: &mut EvalCorpus| -> Result<Vec<usize>> {
        let is_known = |item: &&HistoryItem| request.as_of.is_none() || item.at <= request.as_of;
        let mut items: Vec<&HistoryItem> = items.iter().filter(is_known).collect();
        items.sort_by_key(|item| item.at);
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            match &item.paper {
                PaperRef::Id(id) => places.extend(place(id, papers)?),
                PaperRef::Inline { title, abstract_text } => {
                    let text = document(title, abstract_text);
                    places.push(papers.push_text(&text, &searcher.embed(TextSide::Document, &text)?));
                }
            }
        }
        Ok(places)
    };
    liked.extend(side(&request.positive, papers)?);
    let disliked = side(&request.negative, papers)?;
    let mut judged: Vec<&PaperId> = judged.keys().collect();
    judged.sort();
    let mut places = |ids: &mut dyn Iterator<Item = &PaperId>| -> Result<BTreeSet<usize>> {
        ids.filter_map(|id| place(id, papers).transpose()).collect()
    };
    let judged = places(&mut judged.into_iter())?;
    let taken = |place: &usize| liked.contains(place) || disliked.contains(place);
    let appeared = |place: &usize| papers.collection.facts(*place).date;
    let candidates = match (&request.candidates, pool) {
        (Some(ids), _) => places(&mut ids.iter())?.into_iter().collect(),
        (None, CandidatePool::Judged) => judged.into_iter().collect(),
        (None, CandidatePool::All) => {
            let Request { published_after, published_before, as_of, .. } = request;
            let (after, before) = (*published_after, *published_before);
            let passes = |place: &usize| match (after, before) {
                (None, None) => as_of.is_none() || appeared(place) >= *as_of,
                _ => appeared(place).is_some_and(|day| {
                    after.is_none_or(|after| day >= after) && before.is_none_or(|before| day <= before)
                }),
            };
            known.clone().filter(|place| passes(place) && !taken(place)).collect()
        }
    };
    let was_there = |place: &usize| match request.as_of {
        Some(day) => taken(place) || appeared(place).is_some_and(|appeared| appeared < day),
        None => true,
    };
    Ok(EvalQuery { known: known.filter(was_there).collect(), liked, disliked, candidates })
}

/// A paper of a history, and the day on which the paper appeared.
struct DatedHistoryItem {
    item: HistoryItem,
    appeared: Option<Date>,
}

/// The library as the methods see it: the papers come first in the collection.
struct EvalCorpus {
    ids: Vec<PaperId>,
    places: HashMap<PaperId, usize>,
    collection: EvalCollection,
}

impl EvalCorpus {
    fn push_text(&mut self, text: &str, embedding: &Embedding) -> usize {
        self.collection.push(text, embedding, PaperMetadata::default())
    }
}
