//! Step 3 of a ranking: candidates, found by embeddings, by terms, by citation links, by titles, and by followed authors.

use std::collections::HashMap;
use std::sync::Arc;

use super::paper_terms::corrupt_terms;
use super::resolve::{InterestQuery, ResolvedRequest};
use super::{PreparedQuery, Searcher};
use crate::error::Result;
use crate::index::SearchHit;
use crate::lexical::{PostingBlocks, TermQuery};
use crate::library::NearestQuery;
use crate::recommend::Ranker;
use crate::vector::{RowBitmap, RowId};

/// Candidates found near one of many papers of a history, at least.
const MIN_PER_SEED: usize = 10;
/// Papers that are never returned and are expected near one paper of a history.
pub(super) const EXPECTED_EXCLUDED: usize = 10;
/// Terms of a text or of a history that papers are found by, at most.
pub(super) const MAX_QUERY_TERMS: usize = 16;

/// Candidates of each query, in ascending order of rows: the candidates that the request names, or the papers that
/// pass its filters and are not in the history; of many, those that may be among the best.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn retrieve(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    queries: &[PreparedQuery<'_>],
) -> Result<Vec<Vec<RowId>>> {
    let retrieval = Retrieval { searcher, resolved };
    queries.iter().map(|query| retrieval.candidates(query)).collect()
}

struct Retrieval<'s, 'a> {
    searcher: &'s Searcher<'a>,
    resolved: &'s ResolvedRequest<'s>,
}

impl Retrieval<'_, '_> {
    fn candidates(&self, query: &PreparedQuery<'_>) -> Result<Vec<RowId>> {
        let PreparedQuery { interest, ranker, citations } = query;
        let ResolvedRequest { candidates, allowed, excluded, known_items, pool, .. } = self.resolved;
        if let Some(rows) = candidates {
            let passes = |row: &RowId| !excluded.contains(*row) && self.is_allowed(*row);
            return Ok(rows.iter().filter(passes).collect());
        }
        let all = self.searcher.snapshot.all();
        let passing = allowed.as_ref().map_or(all.len(), RowBitmap::len);
        if passing <= 2 * pool || !ranker.has_query() {
            return Ok(allowed.as_ref().unwrap_or(all).iter().filter(|row| self.is_candidate(*row)).collect());
        }
        let mut rows = self.dense(ranker)?;
        let known_items = known_items.tiers().flat_map(RowBitmap::iter).take(*pool).filter(|row| self.is_allowed(*row));
        let followed = self.resolved.signals.followed.iter().filter(|row| self.is_allowed(*row));
        let linked = citations.best(*pool, |row| self.is_allowed(row) && self.is_candidate(row));
        let others = self.lexical(interest)?.into_iter().chain(followed).chain(known_items).chain(linked);
        others.filter(|row| self.is_candidate(*row)).for_each(|row| rows.insert(row));
        Ok(rows.iter().collect())
    }

    fn is_allowed(&self, row: RowId) -> bool {
        self.resolved.allowed.as_ref().is_none_or(|allowed| allowed.contains(row))
    }

    fn is_candidate(&self, row: RowId) -> bool {
        let ResolvedRequest { seen, known_rows, .. } = self.resolved;
        !seen.contains(row) && known_rows.as_ref().is_none_or(|known| known.contains(row))
    }

    /// Rows near the vectors that papers with high scores are near to: as many as the pool near the first, which says
    /// most, and twice as many near the others together.
    fn dense(&self, ranker: &Ranker<'_>) -> Result<RowBitmap> {
        let ResolvedRequest { allowed, seen, pool, .. } = self.resolved;
        let seeds = ranker.retrieval_vectors();
        let mut rows = RowBitmap::default();
        let mut near: HashMap<RowId, f32> = HashMap::new();
        let per_seed = (2 * pool / seeds.len()).clamp(MIN_PER_SEED, *pool);
        let query = |(index, vector)| NearestQuery {
            vector,
            k: match index {
                0 => pool + seen.len(),
                _ => per_seed + seen.len().min(EXPECTED_EXCLUDED),
            },
        };
        let queries: Vec<NearestQuery<'_>> = seeds.iter().map(Vec::as_slice).enumerate().map(query).collect();
        let found = self.searcher.snapshot.nearest_to_each(&queries, allowed.as_ref())?;
        for (index, hits) in found.into_iter().enumerate() {
            for SearchHit { row, score } in hits.into_iter().filter(|hit| self.is_candidate(hit.row)) {
                if index == 0 {
                    rows.insert(row);
                } else {
                    let best = near.entry(row).or_insert(score);
                    *best = best.max(score);
                }
            }
        }
        let mut near: Vec<SearchHit> = near.into_iter().map(|(row, score)| SearchHit { row, score }).collect();
        near.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        near.iter().take(2 * pool).for_each(|hit| rows.insert(hit.row));
        Ok(rows)
    }

    fn lexical(&self, interest: &InterestQuery) -> Result<Vec<RowId>> {
        let ResolvedRequest { allowed, seen, pool, background, .. } = self.resolved;
        best_by_terms(
            self.searcher,
            self.resolved,
            interest.term_queries(background),
            allowed.as_ref(),
            pool + seen.len(),
        )
    }
}

/// Keys of the papers that were found by the terms of a query, of all papers.
pub(super) struct FoundByTerms {
    query: TermQuery,
    depth: usize,
    keys: Vec<i64>,
}

/// Rows with the highest BM25 for the terms of each query, of those that are allowed.
/// With [`ResolvedRequest::known`], as if there were no other papers.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn best_by_terms(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    queries: &[TermQuery],
    allowed: Option<&RowBitmap>,
    depth: usize,
) -> Result<Vec<RowId>> {
    let ResolvedRequest { known, pool, seen, .. } = resolved;
    let known = known.as_deref();
    let mut rows = Vec::new();
    let is_of_all = known.is_none() && allowed.is_none();
    for query in queries {
        let mut found = searcher.found_by_terms.borrow_mut();
        let before = found.iter().position(|found| is_of_all && found.query == *query && found.depth >= depth);
        let place = match before {
            Some(place) => place,
            None => {
                // As many as the candidates are later chosen from, so that nobody has to look again.
                let depth = if is_of_all { depth.max(pool + seen.len()) } else { depth };
                let keys = best_keys(searcher, query, known, allowed, depth)?;
                found.push(FoundByTerms { query: query.clone(), depth: if is_of_all { depth } else { 0 }, keys });
                found.len() - 1
            }
        };
        rows.extend(found[place].keys.iter().take(depth).filter_map(|key| searcher.snapshot.row(*key)));
    }
    Ok(rows)
}

fn best_keys(
    searcher: &Searcher<'_>,
    query: &TermQuery,
    known: Option<&[i64]>,
    allowed: Option<&RowBitmap>,
    depth: usize,
) -> Result<Vec<i64>> {
    let Searcher { library, snapshot, caches, .. } = searcher;
    let allows = |allowed: &RowBitmap, key| snapshot.row(key).is_some_and(|row| allowed.contains(row));
    let passes = allowed.map(|allowed| move |key| allows(allowed, key));
    let passes = passes.as_ref().map(|passes| passes as &dyn Fn(i64) -> bool);
    if let Some(index) = searcher.terms()?.index() {
        return index.best(&query.numbers(), known, depth, passes).map_err(corrupt_terms);
    }
    let stats = match known {
        None => caches.collection.get_or_build(snapshot.generation, || library.collection_stats(None))?,
        known => Arc::new(library.collection_stats(known)?),
    };
    let cached = caches.postings.get_or_build(snapshot.generation, || Ok(Default::default()))?;
    let postings = query.terms().map(|term| {
        let size = |blocks: &PostingBlocks| blocks.iter().map(|(_, bytes)| 64 + bytes.len()).sum();
        cached.get_or_read(term, size, || library.postings(term))
    });
    Ok(stats
        .score(query, &postings.collect::<Result<Vec<_>>>()?)
        .best(depth, |key| passes.is_none_or(|passes| passes(key))))
}
