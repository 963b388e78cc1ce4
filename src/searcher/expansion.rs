//! Step 2 of a ranking: pseudo-relevance feedback. A short history borrows from the papers that are nearest to it.

use super::Searcher;
use super::background::candidates;
use super::resolve::{InterestQuery, ResolvedRequest};
use super::retrieve::{EXPECTED_EXCLUDED, best_by_terms};
use crate::error::Result;
use crate::library::NearestQuery;
use crate::recommend::{Candidate, EXPANSION_SIZE, ExpansionPaper, ExpansionScorer, MAX_EXPANSION_HISTORY, Strategy};
use crate::vector::{Embedding, RowBitmap, RowId};

/// Papers that are compared with a history to find those nearest to it: so many by embeddings near each of its papers,
/// and so many by terms.
const POOL_SIZE: usize = 30;
/// Papers of a library for each that a history borrows: in a library of few papers, the nearest ones are not near.
const MIN_PAPERS_PER_EXPANSION: usize = 50;

/// Finds for each short history the papers nearest to it, among all that existed on the day of the answer: the candidates
/// of the request say what may be returned, not what is known.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn add_expansion(searcher: &Searcher<'_>, resolved: &mut ResolvedRequest<'_>) -> Result<()> {
    if !matches!(resolved.request.strategy, Strategy::Auto | Strategy::Interests) {
        return Ok(());
    }
    for index in 0..resolved.queries.len() {
        let interest = &resolved.queries[index];
        if (1..=MAX_EXPANSION_HISTORY).contains(&interest.query.liked.len()) {
            let expansion = nearest_papers(searcher, resolved, interest)?;
            resolved.queries[index].query.expansion = expansion;
        }
    }
    Ok(())
}

fn nearest_papers(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    interest: &InterestQuery,
) -> Result<Vec<ExpansionPaper>> {
    let query = &interest.query;
    let (snapshot, known) = (&searcher.snapshot, resolved.known_rows.as_ref());
    let known_count = known.map_or(snapshot.all().len(), RowBitmap::len);
    let size = EXPANSION_SIZE.min(known_count / MIN_PAPERS_PER_EXPANSION);
    if size == 0 {
        return Ok(Vec::new());
    }
    let depth = POOL_SIZE + resolved.history_rows.len();
    let mut pool = RowBitmap::default();
    // As many as the candidates are later chosen from, so that nobody has to look again.
    let k = depth.max(resolved.pool + EXPECTED_EXCLUDED);
    let queries = query.liked.iter().map(|past| NearestQuery { vector: past.embedding.as_slice(), k });
    let hits = snapshot.nearest_to_each(&queries.collect::<Vec<_>>(), known)?;
    hits.iter().flat_map(|hits| hits.iter().take(depth)).for_each(|hit| pool.insert(hit.row));
    let of_history = interest.term_queries(&resolved.background).last().map(std::slice::from_ref).unwrap_or_default();
    best_by_terms(searcher, resolved, of_history, known, depth)?.into_iter().for_each(|row| pool.insert(row));
    let scorer = ExpansionScorer::new(&resolved.background, &query.liked);
    let rows: Vec<RowId> = pool.iter().filter(|row| !resolved.history_rows.contains(*row)).collect();
    let candidates = candidates(searcher, resolved, &rows)?;
    let scores = scorer.score_each(&candidates);
    let candidates = rows.into_iter().zip(candidates).zip(scores);
    let mut scored: Vec<(f32, RowId, Candidate<'_>)> =
        candidates.map(|((row, candidate), score)| (score, row, candidate)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.truncate(size);
    let paper = |Candidate { vector, terms, .. }: Candidate<'_>| ExpansionPaper {
        embedding: Embedding::from_unit_slice(vector),
        terms: terms.into(),
    };
    Ok(scored.into_iter().map(|(_, _, candidate)| paper(candidate)).collect())
}
