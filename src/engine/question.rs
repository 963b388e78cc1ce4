//! From a request that is looked up to results: candidates found, scored and chosen.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::Engine;
use super::kept::Cache;
use super::snapshot::Snapshot;
use super::standing::Standings;
use crate::error::Result;
use crate::index::Hit;
use crate::lexical::Bag;
use crate::library::Filter;
use crate::paper::PaperId;
use crate::recommend::{
    Background, Candidate, Contribution, Interest, Parts, Ranker, Request, Standing, Strategy, Taste, Weights,
    diversify, interests, label, turns,
};
use crate::vector::{Row, RowSet, Vectors, dot};

/// What the ranking sees for each result that is wanted, and at least: of more papers, those that the index finds near to
/// what is asked for, and those that have most of its words.
const POOL: (usize, usize) = (5, 100);
/// What is found near to one of many papers of a history, at least.
const NEAR_ONE: usize = 10;
/// Papers that are never given which are expected near to one paper.
const IN_THE_WAY: usize = 10;
/// Papers that stand for all: enough for the mean and the shrunk covariance of embeddings, and for document frequencies.
const BACKGROUND: usize = 1_000;
/// History papers that are named as reasons.
const REASONS: usize = 3;

/// Which papers a request is about, beyond what it says itself.
#[derive(Default, PartialEq)]
pub(super) struct Scope {
    /// Only these.
    pub filter: Filter,
    /// Papers that were shown before: what is like them is no news.
    pub shown: Vec<PaperId>,
    /// Leave out the reasons.
    pub bare: bool,
}

impl Scope {
    /// Whether the request says all there is to say.
    pub(super) fn is_everything(&self) -> bool {
        *self == Scope::default()
    }
}

/// A request's texts and papers, looked up.
#[derive(Default)]
pub(super) struct Resolved {
    pub taste: Taste,
    /// Keys of the papers that there are on the day of the answer; `None`: all.
    pub known: Option<Vec<i64>>,
    /// Rows of the history: never recommended.
    pub exclude: RowSet,
    /// Titles of the history: nor are other records of these papers.
    pub titles: HashSet<String>,
    pub not_found: Vec<String>,
}

/// A request in one generation of the library.
pub(super) struct Question<'a> {
    engine: &'a Engine,
    request: &'a Request,
    snapshot: &'a Snapshot,
    background: Arc<Background>,
    known: Option<Vec<i64>>,
    /// What passes the filters; `None`: all.
    allowed: Option<RowSet>,
    /// What is never given, unless it is one of the request's `candidates`.
    out: RowSet,
    /// What is never given.
    excluded: RowSet,
    not_found: RefCell<Vec<String>>,
    standings: Standings,
    weights: Weights,
    today: Date,
    pool: usize,
    reasons: usize,
}

/// A result, without what the library knows of its paper.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    /// The paper's key.
    pub key: i64,
    pub parts: Parts,
    pub because: Vec<Contribution>,
    pub interest: Option<Interest>,
}

/// A candidate with its score.
struct Scored {
    row: Row,
    /// In deviations.
    parts: Parts,
    text: Arc<Bag>,
}

impl Engine {
    /// Prepares to answer a request that is looked up.
    pub(super) fn question<'a>(
        &'a self,
        request: &'a Request,
        scope: &Scope,
        snapshot: &'a Snapshot,
        resolved: Resolved,
        weights: Weights,
        today: Date,
    ) -> Result<Question<'a>> {
        let filter = Filter {
            from: request.published_after,
            to: request.published_before,
            categories: request.categories.clone(),
            sources: request.sources.clone(),
            ..scope.filter.clone()
        };
        let background = self.background(snapshot, resolved.known.as_deref())?;
        let allowed = self.library.passing(&filter)?.map(|keys| snapshot.row_set(&keys));
        let excluded = self.rows_of(&request.exclude, snapshot, &mut Vec::new())?;
        let shown = self.rows_of(&scope.shown, snapshot, &mut Vec::new())?;
        let with_facts = weights.recency > 0.0 || weights.votes > 0.0;
        let standings = self.standings(request, with_facts, &shown, snapshot)?;
        let mut out = resolved.exclude;
        let versions = self.versions(&resolved.titles, snapshot)?;
        [&excluded, &versions].into_iter().for_each(|rows| rows.iter().for_each(|row| out.insert(row)));
        Ok(Question {
            engine: self,
            request,
            snapshot,
            background,
            known: resolved.known,
            allowed,
            out,
            excluded,
            not_found: RefCell::new(resolved.not_found),
            standings,
            weights,
            today,
            pool: (POOL.0 * request.limit()).max(POOL.1),
            reasons: if scope.bare { 0 } else { REASONS },
        })
    }

    /// Rows of ids; ids that are not there go to `not_found`.
    fn rows_of(&self, ids: &[PaperId], snapshot: &Snapshot, not_found: &mut Vec<String>) -> Result<RowSet> {
        let mut rows = RowSet::default();
        for id in ids {
            match self.lookup(id)?.and_then(|stored| snapshot.row(stored.key)) {
                Some(row) => rows.insert(row),
                None => not_found.push(id.to_string()),
            }
        }
        Ok(rows)
    }

    /// Rows of papers with one of these titles: other records of the same paper.
    fn versions(&self, titles: &HashSet<String>, snapshot: &Snapshot) -> Result<RowSet> {
        let mut rows = RowSet::default();
        for title in titles.iter().filter(|title| !title.is_empty()) {
            let papers = self.library.papers_titled(title)?;
            papers.iter().filter_map(|stored| snapshot.row(stored.key)).for_each(|row| rows.insert(row));
        }
        Ok(rows)
    }

    /// What is usual: of all papers, or of those with these keys.
    fn background(&self, snapshot: &Snapshot, known: Option<&[i64]>) -> Result<Arc<Background>> {
        match known {
            None => self.kept.background.of(snapshot.stamp, || self.read_background(snapshot, None)),
            Some(_) => self.read_background(snapshot, known).map(Arc::new),
        }
    }

    fn read_background(&self, snapshot: &Snapshot, known: Option<&[i64]>) -> Result<Background> {
        let rows = known.map_or_else(|| snapshot.all().clone(), |keys| snapshot.row_set(keys));
        let rows = sample(rows.iter().collect(), |row| snapshot.key(*row));
        let dimension = rows.first().map_or(Ok(0), |row| snapshot.vector(*row).map(<[f32]>::len))?;
        let mut vectors = Vectors::with_capacity(dimension, rows.len());
        let mut texts = Vec::with_capacity(rows.len());
        for row in rows {
            vectors.push(&snapshot.embedding(row)?);
            texts.push(self.text_of(row, snapshot)?);
        }
        Ok(Background::new(vectors, texts))
    }

    /// The terms of the paper in a row.
    fn text_of(&self, row: Row, snapshot: &Snapshot) -> Result<Arc<Bag>> {
        let key = snapshot.key(row);
        let texts = self.kept.texts.of(snapshot.stamp, || Ok(Cache::default()))?;
        texts.of(&key, Bag::size, || self.library.bag_at(key))
    }
}

impl Question<'_> {
    /// Ids that are not in the library.
    pub(super) fn not_found(&self) -> Vec<String> {
        self.not_found.take()
    }

    /// The best papers for a taste, as the request wants them.
    pub(super) fn results(&self, taste: &Taste) -> Result<Vec<Ranked>> {
        let by_interests = self.request.strategy == Strategy::Interests && taste.liked.len() > 1;
        let mut results = if by_interests { self.by_interests(taste)? } else { self.ranked(taste)? };
        results.truncate(self.request.limit());
        Ok(results)
    }

    /// A list for each interest, taking turns by their shares of the history.
    fn by_interests(&self, taste: &Taste) -> Result<Vec<Ranked>> {
        let whole: f32 = taste.liked.iter().map(|past| past.weight).sum();
        let mut lists = Vec::new();
        for group in interests(&taste.liked) {
            let papers = group.iter().map(|place| &taste.liked[*place]);
            let label = label(&papers.clone().collect::<Vec<_>>(), &self.background);
            let share = papers.clone().map(|past| past.weight).sum::<f32>() / whole;
            let liked = papers.cloned().collect();
            let ranked = self.ranked(&Taste { liked, ..taste.clone() }.balanced())?;
            let interest = Some(Interest { label, share });
            let of_interest = move |mut result: Ranked| {
                result.because.iter_mut().for_each(|contribution| contribution.liked = group[contribution.liked]);
                Ranked { interest: interest.clone(), ..result }
            };
            lists.push((share, ranked.into_iter().map(of_interest)));
        }
        let shares: Vec<f32> = lists.iter().map(|(share, _)| *share).collect();
        let lengths: Vec<usize> = lists.iter().map(|(_, list)| list.len()).collect();
        let mut taken = HashSet::new();
        let next = |list: usize| lists[list].1.find(|result| taken.insert(result.key));
        Ok(turns(&shares, &lengths).into_iter().filter_map(next).collect())
    }

    /// The best papers for a taste.
    fn ranked(&self, taste: &Taste) -> Result<Vec<Ranked>> {
        let ranker = Ranker::new(&self.background, taste, self.request.strategy, self.weights.clone(), self.today);
        let rows = self.candidates(taste, &ranker)?;
        let scored = self.scored(rows, &ranker)?;
        self.chosen(scored, &ranker)
    }

    /// The rows to score: those of the request's `candidates`, or those that pass the filters and are no part of the
    /// history; of many, those that may be among the best.
    fn candidates(&self, taste: &Taste, ranker: &Ranker<'_>) -> Result<Vec<Row>> {
        let Question { snapshot, allowed, .. } = self;
        if let Some(ids) = &self.request.candidates {
            let rows = self.engine.rows_of(ids, snapshot, &mut self.not_found.borrow_mut())?;
            let passes = |row: &Row| {
                !self.excluded.contains(*row) && allowed.as_ref().is_none_or(|allowed| allowed.contains(*row))
            };
            return Ok(rows.iter().filter(passes).collect());
        }
        let known = self.known.as_ref().map(|keys| snapshot.row_set(keys));
        let passes = |row: &Row| !self.out.contains(*row) && known.as_ref().is_none_or(|known| known.contains(*row));
        let passing = allowed.as_ref().map_or(snapshot.rows(), RowSet::len);
        if passing <= 2 * self.pool || !ranker.has_interest() {
            let rows = allowed.as_ref().unwrap_or(snapshot.all());
            return Ok(rows.iter().filter(passes).collect());
        }
        let attractions = ranker.attractions();
        let mut rows = RowSet::default();
        let mut near: HashMap<Row, f32> = HashMap::new();
        let each = (2 * self.pool / attractions.len()).clamp(NEAR_ONE, self.pool);
        for (place, attraction) in attractions.iter().enumerate() {
            let depth = match place {
                0 => self.pool + self.out.len(),
                _ => each + self.out.len().min(IN_THE_WAY),
            };
            let hits = snapshot.nearest(attraction, depth, allowed.as_ref())?;
            for Hit { row, score } in hits.into_iter().filter(|hit| passes(&hit.row)) {
                if place == 0 {
                    rows.insert(row);
                } else {
                    let best = near.entry(row).or_insert(score);
                    *best = best.max(score);
                }
            }
        }
        let mut near: Vec<Hit> = near.into_iter().map(|(row, score)| Hit { row, score }).collect();
        near.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        near.iter().take(2 * self.pool).for_each(|hit| rows.insert(hit.row));
        let depth = self.pool + self.out.len();
        let known = self.known.as_deref();
        let with_words = self.engine.with_words(taste, &self.background, depth, known, allowed.as_ref(), snapshot)?;
        let followed = self.standings.followed.iter();
        let followed = followed.filter(|row| allowed.as_ref().is_none_or(|allowed| allowed.contains(*row)));
        with_words.into_iter().chain(followed).filter(passes).for_each(|row| rows.insert(row));
        Ok(rows.iter().collect())
    }

    /// Scores of rows, best first, ties by row: as many as the pool has.
    fn scored(&self, mut rows: Vec<Row>, ranker: &Ranker<'_>) -> Result<Vec<Scored>> {
        let standing = |row: Row| self.standings.of(row, self.snapshot);
        if !ranker.has_interest() && rows.len() > self.pool {
            // Without anything to be like, dates and votes are most of the score.
            let mut priors = Vec::with_capacity(rows.len());
            for row in rows {
                priors.push((ranker.prior(standing(row)?), row));
            }
            priors.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            rows = priors.into_iter().take(self.pool).map(|(_, row)| row).collect();
        }
        let mut scored = Vec::with_capacity(rows.len());
        for row in rows {
            let text = self.engine.text_of(row, self.snapshot)?;
            let candidate = Candidate { vector: self.snapshot.vector(row)?, text: &text, standing: standing(row)? };
            scored.push(Scored { row, parts: ranker.score(&candidate), text });
        }
        scored.sort_by(|a, b| b.parts.total().total_cmp(&a.parts.total()).then(a.row.cmp(&b.row)));
        scored.truncate(self.pool);
        Ok(scored)
    }

    /// The best, different from each other as far as the request asks for it.
    fn chosen(&self, scored: Vec<Scored>, ranker: &Ranker<'_>) -> Result<Vec<Ranked>> {
        let scored = self.distinct(scored)?;
        let mut parts: Vec<Parts> = scored.iter().map(|scored| scored.parts).collect();
        let vector = |scored: &Scored| self.snapshot.vector(scored.row);
        let vectors = scored.iter().map(vector).collect::<Result<Vec<&[f32]>>>()?;
        let chosen = diversify(&mut parts, &vectors, self.request.diversity, self.request.limit());
        let ranked = chosen.into_iter().map(|place| {
            let Scored { row, text, parts: undiversified } = &scored[place];
            let candidate = Candidate { vector: vectors[place], text, standing: Standing::default() };
            Ranked {
                key: self.snapshot.key(*row),
                parts: ranker.finish(&parts[place]),
                because: ranker.because(&candidate, undiversified, self.reasons),
                interest: None,
            }
        });
        let good = |result: &Ranked| self.request.min_score.is_none_or(|least| result.parts.total() >= least);
        Ok(ranked.filter(good).collect())
    }

    /// Of papers that are the same, the best only, if the request wants that.
    fn distinct(&self, scored: Vec<Scored>) -> Result<Vec<Scored>> {
        let Some(same) = self.request.distinct else { return Ok(scored) };
        let mut kept: Vec<Scored> = Vec::with_capacity(scored.len());
        for candidate in scored {
            let vector = self.snapshot.vector(candidate.row)?;
            let mut is_new = true;
            for other in &kept {
                is_new &= dot(vector, self.snapshot.vector(other.row)?) < same;
            }
            if is_new {
                kept.push(candidate);
            }
        }
        Ok(kept)
    }
}

/// At most [`BACKGROUND`] of the items, in order: always the same ones as long as they are there, whatever is added.
fn sample<T: Ord>(mut items: Vec<T>, key: impl Fn(&T) -> i64) -> Vec<T> {
    if items.len() > BACKGROUND {
        let number = |item: &T| crc32fast::hash(&key(item).to_le_bytes());
        items.select_nth_unstable_by_key(BACKGROUND, number);
        items.truncate(BACKGROUND);
        items.sort_unstable();
    }
    items
}
