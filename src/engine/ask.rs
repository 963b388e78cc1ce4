//! Questions: a request resolved to vectors and words, and its answer.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::Engine;
use super::kept::Cache;
use super::question::{Ranked, Resolved, Scope};
use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::lexical::Terms;
use crate::library::{Filter, Stored};
use crate::paper::{PaperId, document};
use crate::recommend::{
    Answer, Because, HistoryItem, PaperRef, Past, Recommendation, Request, Taste, Text, Weights, decay,
};

/// The priors' weights when they are all there is to go by.
const COLD_START: f32 = 1.0;

impl Engine {
    /// Answers a request as of a day, which is the request's own if it names one.
    ///
    /// # Errors
    /// [`Error::BadRequest`]; errors of the library's file and, when a text has to be embedded, of the model.
    pub fn recommend(&self, request: &Request, today: Date) -> Result<Answer> {
        self.answer(request, &Scope::default(), today)
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

    pub(super) fn answer(&self, request: &Request, scope: &Scope, today: Date) -> Result<Answer> {
        request.check()?;
        self.asking(|| self.library.at_once(|| self.answer_at_once(request, scope, today)))
    }

    /// Answers from one generation: what is in the snapshot is in the library, whatever another process removes.
    fn answer_at_once(&self, request: &Request, scope: &Scope, today: Date) -> Result<Answer> {
        let start = Instant::now();
        let today = request.as_of.unwrap_or(today);
        let snapshot = self.snapshot(1)?;
        let rank = || self.rank(request, scope, &snapshot, today);
        let ranking = if scope.is_everything() {
            let question = serde_json::to_vec(&(Request { id: None, explain: false, ..request.clone() }, today));
            // A request can have whole abstracts in it: only its hash is kept.
            let question: [u8; 32] = Sha256::digest(question.expect("a request is JSON")).into();
            let rankings = self.kept.rankings.of(snapshot.stamp, || Ok(Cache::default()))?;
            rankings.of(&question, Ranking::size, rank)?
        } else {
            Arc::new(rank()?)
        };
        let mut results = self.recommendations(&ranking)?;
        if request.explain {
            self.explain(request.text.as_deref(), &mut results)?;
        }
        Ok(Answer {
            id: request.id.clone(),
            results,
            not_found: ranking.not_found.clone(),
            fallback: ranking.fallback.clone(),
            model: self.library.model()?.map(|model| model.label()).unwrap_or_default(),
            generation: snapshot.stamp.generation,
            took_ms: (start.elapsed().as_secs_f64() * 1e5).round() / 100.0,
        })
    }

    fn rank(&self, request: &Request, scope: &Scope, snapshot: &Snapshot, today: Date) -> Result<Ranking> {
        let mut resolved = self.resolve(request, snapshot, today)?;
        let mut weights = Weights { recency: request.recency, votes: request.votes, ..self.options.weights.clone() };
        let fallback = fallback(request, &resolved.taste);
        if fallback.is_some() {
            (weights.recency, weights.votes) = (COLD_START, COLD_START);
        }
        let taste = std::mem::take(&mut resolved.taste);
        let question = self.question(request, scope, snapshot, resolved, weights, today)?;
        let results = question.results(&taste)?;
        let history = taste.liked.into_iter().map(|past| (past.id, past.title)).collect();
        Ok(Ranking { results, history, not_found: question.not_found(), fallback })
    }

    /// A ranking with what is known of its papers.
    fn recommendations(&self, ranking: &Ranking) -> Result<Vec<Recommendation>> {
        let recommendation = |(rank, result): (usize, &Ranked)| {
            let because = result.because.iter().map(|contribution| {
                let (id, title) = ranking.history[contribution.liked].clone();
                Because { id, title, contribution: contribution.amount }
            });
            Ok(Recommendation {
                rank,
                score: result.parts.total(),
                paper: self.library.paper_at(result.key)?.paper,
                parts: result.parts,
                because: because.collect(),
                interest: result.interest.clone(),
                matched: None,
            })
        };
        (1..).zip(&ranking.results).map(recommendation).collect()
    }

    /// Texts and histories as vectors and words, and what is known on the day of the answer.
    fn resolve(&self, request: &Request, snapshot: &Snapshot, today: Date) -> Result<Resolved> {
        let mut resolved = Resolved::default();
        let text = |text| Ok(Text { embedding: self.embed(text)?, terms: Terms::of(text) });
        let text = request.text.as_deref().map(text).transpose()?;
        let liked = self.resolve_history(&request.positive, request, snapshot, today, &mut resolved)?;
        let disliked = self.resolve_history(&request.negative, request, snapshot, today, &mut resolved)?;
        resolved.taste = Taste { text, liked, disliked }.balanced();
        resolved.known = self.library.passing(&Filter { to: request.as_of, ..Filter::default() })?;
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
            let interest = item.interest.clone();
            let past = match &item.paper {
                PaperRef::Inline { title, abstract_text } => {
                    let document = document(title, abstract_text);
                    let (embedding, terms) = (self.embed(&document)?, Terms::of(&document));
                    resolved.titles.insert(title.clone());
                    Some(Past { id: None, title: title.clone(), embedding, terms, weight, interest })
                }
                PaperRef::Id(id) => {
                    let stored = self.lookup(id)?;
                    match stored.and_then(|stored| Some((snapshot.row(stored.key)?, stored.paper))) {
                        None => None,
                        Some((row, paper)) => {
                            resolved.exclude.insert(row);
                            resolved.titles.insert(paper.title.clone());
                            let (embedding, terms) = (snapshot.embedding(row)?, Terms::of(&paper.document()));
                            Some(Past { id: Some(paper.id), title: paper.title, embedding, terms, weight, interest })
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
}

/// An answer without what the library knows of its papers.
pub(super) struct Ranking {
    results: Vec<Ranked>,
    /// Ids and titles of the history.
    history: Vec<(Option<PaperId>, String)>,
    not_found: Vec<String>,
    fallback: Option<String>,
}

impl Ranking {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let result = |result: &Ranked| size_of::<Ranked>() + size_of_val(result.because.as_slice());
        let past = |(_, title): &(_, String)| size_of::<(Option<PaperId>, String)>() + title.len() + 24;
        self.results.iter().map(result).sum::<usize>() + self.history.iter().map(past).sum::<usize>()
    }
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
