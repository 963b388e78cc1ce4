//! Questions: a request resolved to vectors, candidates scored, the best turned back into papers.

use std::collections::HashSet;
use std::time::Instant;

use jiff::civil::Date;

use super::Engine;
use super::snapshot::Snapshot;
use super::words::Words;
use crate::error::{Error, Result};
use crate::lexical::Terms;
use crate::library::{Filter, Stored};
use crate::paper::{PaperId, document};
use crate::recommend::{
    Answer, Because, Candidate, HistoryItem, PaperRef, Past, Recommendation, Request, Scored, Taste, Text, Weights,
    decay, diversify, score,
};
use crate::vector::{Row, RowSet};

/// Up to so many papers are all scored; of more, those that the index finds near to the text or to a liked paper, and
/// those that have most of their words.
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
        self.asking(|| self.library.at_once(|| self.answer_at_once(request, filter, today)))
    }

    /// Answers from one generation: what is in the snapshot is in the library, whatever another process removes.
    fn answer_at_once(&self, request: &Request, filter: &Filter, today: Date) -> Result<Answer> {
        let start = Instant::now();
        let today = request.as_of.unwrap_or(today);
        let snapshot = self.snapshot(1)?;
        let mut resolved = self.resolve(request, &snapshot, today)?;
        let mut weights = Weights { recency: request.recency, votes: request.votes, ..self.options.weights.clone() };
        let fallback = fallback(request, &resolved.taste);
        if fallback.is_some() {
            (weights.recency, weights.votes) = (COLD_START, COLD_START);
        }
        let pool = (POOL.0 * request.limit()).max(POOL.1);
        let rows = self.candidates(request, filter, &snapshot, &mut resolved, pool)?;
        let scored = self.score(rows, &snapshot, &resolved, &weights, today)?;
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

    /// Texts and histories as vectors and words.
    fn resolve(&self, request: &Request, snapshot: &Snapshot, today: Date) -> Result<Resolved> {
        let mut resolved = Resolved::default();
        let text = |text| Ok(Text { embedding: self.embed(text)?, terms: Terms::of(text) });
        let text = request.text.as_deref().map(text).transpose()?;
        let liked = self.resolve_history(&request.positive, request, snapshot, today, &mut resolved)?;
        let disliked = self.resolve_history(&request.negative, request, snapshot, today, &mut resolved)?;
        resolved.taste = Taste { text, liked, disliked }.balanced();
        let known = self.library.passing(&Filter { to: request.as_of, ..Filter::default() })?;
        resolved.words = self.words(&resolved.taste, known.as_deref())?;
        resolved.known = known.map(|keys| snapshot.row_set(&keys));
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
                    let document = document(title, abstract_text);
                    let (embedding, terms) = (self.embed(&document)?, Terms::of(&document));
                    resolved.titles.insert(title.clone());
                    Some(Past { id: None, title: title.clone(), embedding, terms, weight })
                }
                PaperRef::Id(id) => {
                    let stored = self.lookup(id)?;
                    match stored.and_then(|stored| Some((snapshot.row(stored.key)?, stored.paper))) {
                        None => None,
                        Some((row, paper)) => {
                            resolved.exclude.insert(row);
                            resolved.titles.insert(paper.title.clone());
                            let (embedding, terms) = (snapshot.embedding(row)?, Terms::of(&paper.document()));
                            Some(Past { id: Some(paper.id), title: paper.title, embedding, terms, weight })
                        }
                    }
                }
            };
            match (past, &item.paper) {
                (Some(past), _) => history.push(past),
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
        let versions = self.versions(&resolved.titles, snapshot)?;
        let out = |row: Row| {
            resolved.exclude.contains(row)
                || excluded.contains(row)
                || versions.contains(row)
                || resolved.known.as_ref().is_some_and(|known| !known.contains(row))
        };
        let passing = allowed.as_ref().map_or(snapshot.rows(), RowSet::len);
        if passing <= SCORE_ALL || resolved.taste.attractions().next().is_none() {
            let rows = allowed.unwrap_or_else(|| snapshot.all().clone());
            return Ok(rows.iter().filter(|row| !out(*row)).collect());
        }
        let depth = pool + resolved.exclude.len() + excluded.len() + versions.len();
        let mut rows = RowSet::default();
        for attraction in resolved.taste.attractions() {
            let hits = snapshot.nearest(attraction.as_slice(), depth, allowed.as_ref())?;
            hits.iter().filter(|hit| !out(hit.row)).for_each(|hit| rows.insert(hit.row));
        }
        let with_words = resolved.words.best(depth, allowed.as_ref(), snapshot);
        with_words.into_iter().filter(|row| !out(*row)).for_each(|row| rows.insert(row));
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
        Resolved { taste, words, .. }: &Resolved,
        weights: &Weights,
        today: Date,
    ) -> Result<Vec<(Row, Scored)>> {
        let with_facts = weights.recency > 0.0 || weights.votes > 0.0;
        let facts = if with_facts { self.library.facts()? } else { Default::default() };
        let mut scored: Vec<(Row, Scored)> = rows
            .into_iter()
            .map(|row| {
                let facts = facts.get(&snapshot.key(row)).copied().unwrap_or_default();
                let candidate = Candidate { vector: snapshot.vector(row)?, words: words.of(row, snapshot), facts };
                Ok((row, score(taste, weights, &candidate, today)))
            })
            .collect::<Result<_>>()?;
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
        let vectors = scored.iter().map(|(row, _)| snapshot.vector(*row)).collect::<Result<Vec<&[f32]>>>()?;
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
    /// What papers have of the taste's words.
    words: Words,
    /// The papers that there are on the day of the answer; `None`: all.
    known: Option<RowSet>,
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
