//! Step 4 of a ranking: a score breakdown for each candidate.

use super::background::candidates;
use super::known_items::KnownItems;
use super::resolve::ResolvedRequest;
use super::{PreparedQuery, Searcher};
use crate::error::Result;
use crate::recommend::{Candidate, Request, ScoreBreakdown, smooth};
use crate::vector::{RowBitmap, RowId};

/// How far a paper that the text names is before all others, at least, in deviations.
const NAME_LEAD: f32 = 0.1;
/// Candidates whose scores are smoothed, at most: the time is quadratic, 20 ms for these.
const MAX_SMOOTHED: usize = 1_000;

/// Candidates that are scored before somebody can stop the ranking.
const SCORED_TOGETHER: usize = 48;

/// A candidate with its score.
pub(super) struct ScoredCandidate<'s> {
    pub(super) row: RowId,
    /// In standard deviations of the background's scores.
    pub(super) breakdown: ScoreBreakdown,
    pub(super) candidate: Candidate<'s>,
}

/// Scores the candidates of each query: best first, ties by row, at most as many as the pool holds.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn score<'s>(
    searcher: &'s Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    queries: &[PreparedQuery<'_>],
    candidates: Vec<Vec<RowId>>,
) -> Result<Vec<Vec<ScoredCandidate<'s>>>> {
    candidates.into_iter().zip(queries).map(|(rows, query)| score_rows(searcher, resolved, query, rows)).collect()
}

fn score_rows<'s>(
    searcher: &'s Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    PreparedQuery { ranker, citations, .. }: &PreparedQuery<'_>,
    mut rows: Vec<RowId>,
) -> Result<Vec<ScoredCandidate<'s>>> {
    let ResolvedRequest { signals, known_items, pool, .. } = resolved;
    let signals = |row: RowId| signals.signals(row, &searcher.snapshot);
    if !ranker.has_query() && rows.len() > *pool {
        // Without a query, dates and votes are most of the score: they select what is scored in full.
        let mut priors = Vec::with_capacity(rows.len());
        for row in rows {
            priors.push((ranker.prior_score(signals(row)?), row));
        }
        priors.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        rows = priors.into_iter().take(*pool).map(|(_, row)| row).collect();
    }
    let mut candidates = candidates(searcher, resolved, &rows)?;
    for (row, candidate) in rows.iter().zip(&mut candidates) {
        (candidate.signals, candidate.citations) = (signals(*row)?, citations.evidence(*row));
    }
    let mut scored = Vec::with_capacity(rows.len());
    for (rows, candidates) in rows.chunks(SCORED_TOGETHER).zip(candidates.chunks(SCORED_TOGETHER)) {
        // A long history and many candidates take seconds.
        searcher.library.check_canceled()?;
        let of_chunk = rows.iter().zip(candidates).zip(ranker.score_each(candidates));
        scored.extend(of_chunk.map(|((row, candidate), breakdown)| ScoredCandidate {
            row: *row,
            breakdown,
            candidate: *candidate,
        }));
    }
    sort(&mut scored);
    smooth_scores(resolved.request, &mut scored);
    raise_known_items(&mut scored, known_items);
    scored.truncate(*pool);
    Ok(scored)
}

/// Smooths the scores of the best candidates, if the request asks for it, and sorts these again.
fn smooth_scores(request: &Request, scored: &mut [ScoredCandidate<'_>]) {
    if request.smoothing == 0.0 {
        return;
    }
    let best = scored.len().min(MAX_SMOOTHED);
    let scored = &mut scored[..best];
    let vectors: Vec<&[f32]> = scored.iter().map(|scored| scored.candidate.vector).collect();
    let mut breakdowns: Vec<ScoreBreakdown> = scored.iter().map(|scored| scored.breakdown).collect();
    smooth(&mut breakdowns, &vectors, request.smoothing);
    scored.iter_mut().zip(breakdowns).for_each(|(scored, breakdown)| scored.breakdown = breakdown);
    sort(scored);
}

fn sort(scored: &mut [ScoredCandidate<'_>]) {
    scored.sort_by(|a, b| b.breakdown.total().total_cmp(&a.breakdown.total()).then(a.row.cmp(&b.row)));
}

/// Puts the papers that the text names before all others, tier by tier, those of a tier in the order of their scores.
fn raise_known_items(scored: &mut [ScoredCandidate<'_>], known_items: &KnownItems) {
    let mut union = RowBitmap::default();
    let mut unions = Vec::new();
    for tier in known_items.tiers().filter(|tier| !tier.is_empty()) {
        tier.iter().for_each(|row| union.insert(row));
        unions.push(union.clone());
    }
    unions.iter().rev().for_each(|rows| raise(scored, rows));
}

/// Puts some papers before all others.
fn raise(scored: &mut [ScoredCandidate<'_>], rows: &RowBitmap) {
    let total = |scored: &ScoredCandidate<'_>| scored.breakdown.total();
    let best_other = scored.iter().find(|scored| !rows.contains(scored.row)).map(total);
    let least = scored.iter().rfind(|scored| rows.contains(scored.row)).map(total);
    if let (Some(best_other), Some(least)) = (best_other, least)
        && least < best_other
    {
        let raise = best_other - least + NAME_LEAD;
        let named = scored.iter_mut().filter(|scored| rows.contains(scored.row));
        named.for_each(|scored| scored.breakdown.named += raise);
        sort(scored);
    }
}
