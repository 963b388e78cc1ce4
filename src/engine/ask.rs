//! Questions: a request resolved to vectors, candidates scored, the best turned back into papers.

use std::collections::HashSet;
use std::time::Instant;

use jiff::civil::Date;

use super::Engine;
use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::library::{Filter, Stored};
use crate::paper::{PaperId, document};
use crate::recommend::{
    Answer, Because, HistoryItem, PaperRef, Past, Recommendation, Request, Scored, Taste, Weights, decay, diversify,
    score,
};
use crate::vector::{Row, RowSet};

/// Up to so many papers are all scored; of more, those that the index finds near to the text or to a liked paper.
const SCORE_ALL: usize = 20_000;
/// What the ranking sees for each result that is wanted, and at least.
const POOL: (usize, usize) = (10, 100);
/// The priors' weights when they are all there is to go by.
const COLD_START: f32 = 0.5;

impl Engine {
    /// Answers a request as of a day, which is the request's own if it names one.
    ///
    /// # Errors
    /// [`Error::BadRequest`]; errors of the library's file and, when a text has to be embedded, of the model.
    pub fn recommend(&self, request: &Request, today: Date) -> Result<Answer> {
        self.answer(request, &Filter::default(), today)
    }

    /// Papers like one paper of the library, given by its id or title.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the titles that come close; else as [`Engine::recommend`].
    pub fn similar(&self, id_or_title: &str, request: &Request, today: Date) -> Result<Answer> {
        let paper = self.find(id_or_title)?;
        let positive = vec![HistoryItem::id(paper.paper.id)];
        self.recommend(&Request { positive, ..request.clone() }, today)
    }

    /// The paper of this id or title.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the titles that come close.
    pub fn find(&self, id_or_title: &str) -> Result<Stored> {
        let not_found = |hint| Error::NotFound { what: "paper", name: id_or_title.to_owned(), hint };
        let id = PaperId::parse(id_or_title).map_err(|reason| not_found(format!(": {reason}")))?;
        if let Some(stored) = self.lookup(&id)? {
            return Ok(stored);
        }
        let close = self.library.papers_titled_like(id_or_title, 3)?;
        if let [only] = close.as_slice() {
            return Ok(only.clone());
        }
        Err(not_found(match close.as_slice() {
            [] => ": for free text use `search`".to_owned(),
            close => {
                let titles: Vec<String> = close.iter().map(|stored| format!("`{}`", stored.paper.title)).collect();
                format!(": more than one title has these words: {}", titles.join(", "))
            }
        }))
    }

    /// The paper of this id, or else the first one of this title.
    pub(super) fn lookup(&self, id: &PaperId) -> Result<Option<Stored>> {
        match self.library.paper(id)? {
            Some(stored) => Ok(Some(stored)),
            None => Ok(self.library.papers_titled(id.as_str())?.into_iter().next()),
        }
    }

    pub(super) fn answer(&self, request: &Request, filter: &Filter, today: Date) -> Result<Answer> {
        request.check()?;
        self.library.at_once(|| self.answer_at_once(request, filter, today))
    }

    /// Answers from one generation: what is in the snapshot is in the library, whatever another process removes.
    fn answer_at_once(&self, request: &Request, filter: &Filter, today: Date) -> Result<Answer> {
        let start = Instant::now();
        let today = request.as_of.unwrap_or(today);
        let snapshot = self.snapshot(1)?;
        let mut resolved = self.resolve(request, &snapshot, today)?;
        let mut weights = Weights { recency: request.recency, votes: request.votes, ..Weights::default() };
        let fallback = fallback(request, &resolved.taste);
        if fallback.is_some() {
            (weights.recency, weights.votes) = (COLD_START, COLD_START);
        }
        let pool = (POOL.0 * request.limit()).max(POOL.1);
        let rows = self.candidates(request, filter, &snapshot, &mut resolved, pool)?;
        let scored = self.score(rows, &snapshot, &resolved.taste, &weights, today)?;
        let results = self.choose(scored, &snapshot, &resolved.taste, request, pool)?;
        Ok(Answer {
            id: request.id.clone(),
            results,
            not_found: resolved.not_found,
            fallback,
            model: self.library.model()?.map(|model| model.label()).unwrap_or_default(),
            generation: snapshot.stamp.generation,
            took_ms: (start.elapsed().as_secs_f64() * 1e5).round() / 100.0,
        })
    }

    /// Texts and histories as vectors.
    fn resolve(&self, request: &Request, snapshot: &Snapshot, today: Date) -> Result<Resolved> {
        let mut resolved = Resolved::default();
        let text = request.text.as_deref().map(|text| self.embed(text)).transpose()?;
        let liked = self.resolve_history(&request.positive, request, snapshot, today, &mut resolved)?;
        let disliked = self.resolve_history(&request.negative, request, snapshot, today, &mut resolved)?;
        resolved.taste = Taste { text, liked, disliked }.balanced();
        Ok(resolved)
    }

    fn resolve_history(
        &self,
        items: &[HistoryItem],
        request: &Request,
        snapshot: &Snapshot,
        today: Date,
        resolved: &mut Resolved,
    ) -> Result<Vec<Past>> {
        let mut history = Vec::with_capacity(items.len());
        for item in items {
            if request.as_of.is_some() && item.at > request.as_of {
                continue;
            }
            let weight = (item.weight * decay(item.at, today, request.half_life_days)) as f32;
            let past = match &item.paper {
                PaperRef::Inline { title, abstract_text } => {
                    let embedding = self.embed(&document(title, abstract_text))?;
                    resolved.titles.insert(title.clone());
                    Some((None, title.clone(), embedding))
                }
                PaperRef::Id(id) => self.lookup(id)?.and_then(|stored| {
                    let row = snapshot.row(stored.key)?;
                    resolved.exclude.insert(row);
                    resolved.titles.insert(stored.paper.title.clone());
                    let embedding = snapshot.index.vectors().embedding(row.index());
                    Some((Some(stored.paper.id), stored.paper.title, embedding))
                }),
            };
            match (past, &item.paper) {
                (Some((id, title, embedding)), _) => history.push(Past { id, title, embedding, weight }),
                (None, PaperRef::Id(id)) => resolved.not_found.push(id.to_string()),
                (None, PaperRef::Inline { .. }) => {}
            }
        }
        Ok(history)
    }

    /// The rows to score: those of the request's `candidates`, or those that pass the filters and are no part of the
    /// history.
    fn candidates(
        &self,
        request: &Request,
        filter: &Filter,
        snapshot: &Snapshot,
        resolved: &mut Resolved,
        pool: usize,
    ) -> Result<Vec<Row>> {
        let filter = Filter {
            from: request.published_after,
            to: request.published_before,
            categories: request.categories.clone(),
            sources: request.sources.clone(),
            ..filter.clone()
        };
        let allowed = self.library.passing(&filter)?.map(|keys| snapshot.row_set(&keys));
        let excluded = self.rows_of(&request.exclude, snapshot, &mut Vec::new())?;
        if let Some(ids) = &request.candidates {
            let rows = self.rows_of(ids, snapshot, &mut resolved.not_found)?;
            let passes =
                |row: &Row| !excluded.contains(*row) && allowed.as_ref().is_none_or(|allowed| allowed.contains(*row));
            return Ok(rows.iter().filter(passes).collect());
        }
        let as_of = Filter { to: request.as_of, ..Filter::default() };
        let known = self.library.passing(&as_of)?.map(|keys| snapshot.row_set(&keys));
        let versions = self.versions(&resolved.titles, snapshot)?;
        let out = |row: Row| {
            resolved.exclude.contains(row)
                || excluded.contains(row)
                || versions.contains(row)
                || known.as_ref().is_some_and(|known| !known.contains(row))
        };
        let passing = allowed.as_ref().map_or(snapshot.rows(), RowSet::len);
        if passing <= SCORE_ALL || resolved.taste.attractions().next().is_none() {
            let rows = allowed.unwrap_or_else(|| snapshot.all());
            return Ok(rows.iter().filter(|row| !out(*row)).collect());
        }
        let depth = pool + resolved.exclude.len() + excluded.len() + versions.len();
        let mut rows = RowSet::default();
        for attraction in resolved.taste.attractions() {
            let hits = snapshot.index.nearest(attraction.as_slice(), depth, allowed.as_ref());
            hits.iter().filter(|hit| !out(hit.row)).for_each(|hit| rows.insert(hit.row));
        }
        Ok(rows.iter().collect())
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

    /// Scores of rows, best first, ties by row.
    fn score(
        &self,
        rows: Vec<Row>,
        snapshot: &Snapshot,
        taste: &Taste,
        weights: &Weights,
        today: Date,
    ) -> Result<Vec<(Row, Scored)>> {
        let with_facts = weights.recency > 0.0 || weights.votes > 0.0;
        let facts = if with_facts { self.library.facts()? } else { Default::default() };
        let mut scored: Vec<(Row, Scored)> = rows
            .into_iter()
            .map(|row| {
                let facts = facts.get(&snapshot.key(row)).copied().unwrap_or_default();
                (row, score(taste, weights, snapshot.vector(row), facts, today))
            })
            .collect();
        scored.sort_by(|a, b| b.1.parts.total().total_cmp(&a.1.parts.total()).then(a.0.cmp(&b.0)));
        Ok(scored)
    }

    /// The best, different from each other as far as the request asks for it, as recommendations.
    fn choose(
        &self,
        mut scored: Vec<(Row, Scored)>,
        snapshot: &Snapshot,
        taste: &Taste,
        request: &Request,
        pool: usize,
    ) -> Result<Vec<Recommendation>> {
        scored.truncate(pool);
        let mut parts: Vec<_> = scored.iter().map(|(_, scored)| scored.parts).collect();
        let vectors: Vec<&[f32]> = scored.iter().map(|(row, _)| snapshot.vector(*row)).collect();
        let chosen = diversify(&mut parts, &vectors, request.diversity, request.limit());
        let recommendation = |(rank, place): (usize, usize)| {
            let (row, scored) = &scored[place];
            let because = scored.because.iter().map(|contribution| {
                let past = &taste.liked[contribution.liked];
                Because { id: past.id.clone(), title: past.title.clone(), contribution: contribution.amount }
            });
            Ok(Recommendation {
                rank: rank + 1,
                score: parts[place].total(),
                paper: self.library.paper_at(snapshot.key(*row))?.paper,
                parts: parts[place],
                because: because.collect(),
            })
        };
        chosen.into_iter().enumerate().map(recommendation).collect()
    }
}

/// A request's texts and papers, looked up.
#[derive(Default)]
struct Resolved {
    taste: Taste,
    /// Rows of the history: never recommended.
    exclude: RowSet,
    /// Titles of the history: nor are other records of these papers.
    titles: HashSet<String>,
    not_found: Vec<String>,
}

/// What is done when there is nothing that a paper could be near to.
fn fallback(request: &Request, taste: &Taste) -> Option<String> {
    if taste.text.is_some() || !taste.liked.is_empty() {
        return None;
    }
    let reason = match (request.positive.is_empty(), taste.disliked.is_empty()) {
        (false, _) => "none of the history papers can be used",
        (true, false) => "the history has only disliked papers",
        (true, true) => "there is no history to go by",
    };
    Some(format!("{reason}: recent and much voted papers instead"))
}
