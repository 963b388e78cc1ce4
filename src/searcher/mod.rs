//! Answers questions from one generation of the library.
//!
//! A [`Searcher`] is an immutable view: whatever other processes write meanwhile, it answers from the generation that
//! it was opened on. A ranking passes through these files once each, in this order:
//!
//! 1. `typed_text` and `resolve`: what a typed text stands for; texts and ids become embeddings, terms, and rows of the index;
//! 2. `known_items`, `expansion` and `classifier`: the papers that a text names; the papers that a short history borrows from;
//!    what is fitted to a long one;
//! 3. `citations` and `retrieve`: citation links with the history; candidates, by embeddings, by terms, by links, and by
//!    followed authors;
//! 4. `score`: a score breakdown for each candidate;
//! 5. `select`: duplicates removed, diversity, scores calibrated, interests interleaved;
//! 6. `explain`: papers, reasons, and matching sentences for what is returned.

mod background;
mod background_file;
mod cache;
mod citations;
mod classifier;
mod cosines;
mod derived_file;
mod evaluate;
mod expansion;
mod explain;
mod feed;
mod generation_file;
mod graph_file;
mod known_items;
mod link_file;
mod metadata_file;
mod metadata_table;
mod paper_terms;
mod report;
mod resolve;
mod retrieve;
mod score;
mod select;
mod self_recall;
mod server_vectors;
mod signals;
mod snapshot;
mod starters;
mod term_index_file;
mod typed_text;

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::embedder::{Embedder, TextEmbeddings};
use crate::encoder::TextSide;
use crate::error::{Error, Result};
use crate::index::IndexKind;
use crate::library::Library;
use crate::paper::PaperId;
use crate::recommend::{Answer, Ranker, RankingWeights, RelevanceWord, Request};
use crate::vector::Embedding;
use citations::{CitationTable, SnapshotCitations};
use paper_terms::PaperTerms;
use resolve::{InterestQuery, ResolvedRequest};
use retrieve::FoundByTerms;
use select::CachedRanking;
use snapshot::{IndexSnapshot, SnapshotReader};
use typed_text::TypedText;

pub(crate) use background_file::{check_background_file, remove_background_file, write_background_file};
pub(crate) use cache::SharedCaches;
#[cfg(feature = "server")]
pub(crate) use cache::{BoundedCache, PerGeneration};
pub(crate) use cosines::cosines;
pub(crate) use derived_file::{MIN_PAPERS_FOR_FILES, begin_write, index_bytes};
pub use evaluate::{CandidatePool, EvaluationOptions, EvaluationSummary, LabeledQuery, TemporalSplit, history_sides};
pub(crate) use evaluate::{evaluate, split_history};
pub use feed::{FeedMode, FeedOptions};
pub(crate) use feed::{feed, interests, renamed_papers};
pub(crate) use graph_file::{check_graph_file, corrupt_index, graph_path, remove_graph, source_id};
pub(crate) use link_file::{check_link_file, remove_link_file, write_link_file};
pub(crate) use metadata_file::{check_metadata_file, remove_metadata_file, write_metadata_file};
pub use report::PaperSelection;
pub(crate) use report::collection;
pub(crate) use resolve::RequestScope;
pub(crate) use self_recall::{has_all_papers, self_recall};
pub use starters::StarterPage;
pub(crate) use starters::starter_page;
pub(crate) use term_index_file::{check_term_file, remove_term_file, write_term_file};

/// Files of the index that can be corrupt: the graph of neighbors, the citation graph, and the terms.
const INDEX_FILES: usize = 3;

/// What a [`Searcher`] is opened with: the library, the embedder, shared caches, and settings.
#[derive(Clone, Copy)]
pub(crate) struct SearchContext<'a> {
    pub(crate) library: &'a Library,
    pub(crate) embedder: &'a Embedder,
    pub(crate) caches: &'a SharedCaches,
    pub(crate) index_kind: IndexKind,
    pub(crate) weights: &'a RankingWeights,
}

impl<'a> SearchContext<'a> {
    /// Calls `search` with a searcher of the current generation, within one read transaction.
    ///
    /// If the graph on disk turns out to be corrupt, discards it and calls `search` once more.
    ///
    /// # Errors
    /// Those of reading the vectors and of `search`.
    pub(crate) fn search<T>(
        self,
        embeddings: &'a TextEmbeddings,
        search: impl Fn(&Searcher<'a>) -> Result<T>,
    ) -> Result<T> {
        let SearchContext { library, embedder, caches, weights, .. } = self;
        self.retry_without_corrupt_file(|| {
            library.read_transaction(|| {
                let opened_at = Instant::now();
                let snapshot = self.snapshot(1)?;
                let (terms, found_by_terms) = Default::default();
                search(&Searcher {
                    library,
                    embedder,
                    caches,
                    snapshot,
                    terms,
                    found_by_terms,
                    weights,
                    embeddings,
                    opened_at,
                })
            })
        })
    }

    /// Calls `attempt`. When a file of the index turns out to be corrupt, discards it and calls `attempt` once more, for
    /// each of the files; and once more when the connection to a server was lost.
    fn retry_without_corrupt_file<T>(self, attempt: impl Fn() -> Result<T>) -> Result<T> {
        for _ in 0..INDEX_FILES {
            match attempt() {
                Err(Error::DamagedIndex { reason }) => self.discard_corrupt_file(&reason),
                Err(Error::Library { .. }) if self.library.is_connection_lost() => {}
                result => return result,
            }
        }
        attempt()
    }

    /// Discards the citation graph if that is the corrupt file, or else the graph of neighbors, which takes long to build.
    fn discard_corrupt_file(self, reason: &str) {
        let SearchContext { library, caches, .. } = self;
        if let Some(Err(corruption)) = check_link_file(library) {
            tracing::warn!("{corruption}: reading the links from the library");
            remove_link_file(library);
        } else if let Some(Err(corruption)) = check_term_file(library) {
            tracing::warn!("{corruption}: reading the terms from the library");
            remove_term_file(library);
        } else {
            graph_file::discard_graph(library, caches, reason);
        }
        caches.clear_index();
    }

    /// Whether the server of the library finds neighbors.
    pub(crate) fn asks_server(self) -> bool {
        match self.index_kind {
            IndexKind::Auto => self.library.is_on_server(),
            kind => kind == IndexKind::Server,
        }
    }

    /// The vectors of the current generation, indexed.
    ///
    /// The first call in a generation reads them; about `queries` searches are expected of it, which decides whether
    /// building a graph in memory pays.
    ///
    /// # Errors
    /// When the library's file cannot be read or the graph is corrupt.
    pub(crate) fn snapshot(self, queries: usize) -> Result<SnapshotReader<'a>> {
        let SearchContext { library, caches, index_kind, .. } = self;
        library.read_transaction(|| {
            let read = || match self.asks_server() {
                true => IndexSnapshot::of_server(library),
                false => IndexSnapshot::read(library, graph_file::open(library, caches), index_kind, queries),
            };
            let snapshot = caches.snapshot.get_or_build(library.generation_id()?, read)?;
            if snapshot.is_full() {
                // Those who use it keep it; the next question reads another.
                caches.snapshot.clear();
            }
            Ok(SnapshotReader::new(snapshot, library))
        })
    }
}

/// A query with its ranker and its citation links.
struct PreparedQuery<'r> {
    interest: &'r InterestQuery,
    ranker: Ranker<'r>,
    citations: CitationTable,
}

/// An immutable view of one generation of the library.
pub(crate) struct Searcher<'a> {
    library: &'a Library,
    embedder: &'a Embedder,
    caches: &'a SharedCaches,
    snapshot: SnapshotReader<'a>,
    /// See [`Searcher::terms`].
    terms: OnceCell<Arc<PaperTerms>>,
    /// What was found by terms for this question: a ranking looks more than once.
    found_by_terms: RefCell<Vec<FoundByTerms>>,
    weights: &'a RankingWeights,
    /// Embeddings that the caller has computed already.
    embeddings: &'a TextEmbeddings,
    /// When it was opened: answers report the time since, which includes reading the vectors.
    opened_at: Instant,
}

impl<'a> Searcher<'a> {
    /// Answers a request, as of its `as_of` day or else as of `today`.
    ///
    /// # Errors
    /// [`Error::BadRequest`]; errors of the library's file and, when a text has to be embedded, of the model.
    pub(crate) fn answer(&self, request: &Request, scope: &RequestScope, today: Date) -> Result<Answer> {
        self.library.check_canceled()?;
        let ranking = self.ranking(request, scope, request.as_of.unwrap_or(today))?;
        let model = self.library.model()?;
        let results = explain::explain(self, request, &ranking, model.as_ref())?;
        let nothing_close = Answer::is_nothing_close(&results);
        let place = if scope.filter.added_after.is_some() { "among the new papers" } else { "in this library" };
        let stop =
            (nothing_close && request.least_relevance().is_some()).then(|| format!("nothing close {place}; nearest:"));
        let only_related = results.is_empty() && request.min_relevance == Some(RelevanceWord::Close);
        let only_related = only_related.then(|| format!("nothing close {place}: ask for papers that are related"));
        let notes: Vec<String> = ranking.note.iter().cloned().chain(stop).chain(only_related).collect();
        let milliseconds = self.opened_at.elapsed().as_secs_f64() * 1e3;
        Ok(Answer {
            id: request.id.clone(),
            nothing_close,
            results,
            best_of_library: Vec::new(),
            not_found: ranking.not_found.clone(),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            model: model.map(|model| model.label()).unwrap_or_default(),
            generation: self.snapshot.generation.generation,
            took_ms: (milliseconds * 100.0).round() / 100.0,
        })
    }

    /// The ranking of a request. In the default scope, it is cached for the generation.
    fn ranking(&self, request: &Request, scope: &RequestScope, as_of: Date) -> Result<Arc<CachedRanking>> {
        if !scope.is_default() {
            return self.rank(request, scope, as_of).map(Arc::new);
        }
        // The id and `explain` do not change a ranking.
        let key = serde_json::to_vec(&(Request { id: None, explain: false, ..request.clone() }, as_of));
        // A request can hold whole abstracts: only its hash is stored.
        let key: [u8; 32] = Sha256::digest(key.expect("a request is JSON")).into();
        let rankings = self.caches.rankings.get_or_build(self.snapshot.generation, || Ok(Default::default()))?;
        rankings.get_or_read(&key, CachedRanking::size_bytes, || self.rank(request, scope, as_of))
    }

    /// Runs steps 1 to 5 of the module documentation.
    fn rank(&self, request: &Request, scope: &RequestScope, as_of: Date) -> Result<CachedRanking> {
        let TypedText { request, identified, unknown_ids, note } = TypedText::new(self, request)?;
        let unknown_ids: Vec<String> = unknown_ids.iter().map(PaperId::to_string).collect();
        if identified.is_empty() && !unknown_ids.is_empty() {
            let not_found = unknown_ids;
            return Ok(CachedRanking { results: Vec::new(), history: Vec::new(), not_found, note });
        }
        let mut resolved = resolve::resolve(self, &request, scope, as_of)?;
        known_items::add_known_items(self, &mut resolved, &identified)?;
        resolved.not_found.extend(unknown_ids);
        // A name is understood, whatever its words are.
        let is_named = !resolved.known_items.named.is_empty();
        resolved.note = resolved.note.or(note.filter(|_| !is_named));
        expansion::add_expansion(self, &mut resolved)?;
        classifier::add_classifier(self, &mut resolved)?;
        let rankers = resolved.rankers();
        let citations = citations::citation_tables(self, &resolved, &rankers)?;
        let queries = resolved.queries.iter().zip(rankers).zip(citations);
        let queries: Vec<PreparedQuery<'_>> = queries
            .map(|((interest, ranker), citations)| {
                let ranker = ranker.with_citations(citations.share_with_references);
                PreparedQuery { interest, ranker, citations }
            })
            .collect();
        let candidates = retrieve::retrieve(self, &resolved, &queries)?;
        let scored = score::score(self, &resolved, &queries, candidates)?;
        let results = select::select(self, &resolved, &queries, scored)?;
        // They borrow `resolved`, which is taken apart next.
        drop(queries);
        let ResolvedRequest { history, not_found, note, .. } = resolved;
        // Filters that nothing passes are not answered with other papers.
        let is_of_filters = results.is_empty() && request.text.is_none() && history.is_empty();
        let note = match results.is_empty() {
            true => typed_text::unknown_authors_note(self.library, &request.by)?.or(note.filter(|_| !is_of_filters)),
            false => note,
        };
        Ok(CachedRanking { results, history, not_found, note })
    }

    /// The citation links of the generation; `None` if there are none.
    fn citations(&self) -> Result<Option<Arc<SnapshotCitations>>> {
        let Searcher { library, snapshot, caches, .. } = self;
        let read = || SnapshotCitations::new(link_file::read(library)?, snapshot);
        let citations = caches.citations.get_or_build(snapshot.generation, read)?;
        Ok(Some(citations).filter(|citations| citations.graph.links() > 0))
    }

    /// The terms of the papers of the generation.
    fn terms(&self) -> Result<&PaperTerms> {
        if let Some(terms) = self.terms.get() {
            return Ok(terms);
        }
        let Searcher { library, snapshot, caches, .. } = self;
        let terms = caches.terms.get_or_build(snapshot.generation, || PaperTerms::new(library, snapshot))?;
        if terms.is_full() {
            // Those who use it keep it; the next question reads another.
            caches.terms.clear();
        }
        Ok(self.terms.get_or_init(|| terms))
    }

    /// The embedding of a text: the caller's, or else computed now.
    fn embed(&self, side: TextSide, text: &str) -> Result<Embedding> {
        self.library.check_canceled()?;
        match self.embeddings.get(side, text) {
            Some(embedding) => Ok(embedding.clone()),
            None => self.embedder.embed(self.library, side, text),
        }
    }
}
