//! Step 4 of a ranking: a score breakdown for each candidate.

use std::sync::Arc;

use super::background::{term_profile, term_vector};
use super::resolve::ResolvedRequest;
use super::{PreparedQuery, Searcher};
use crate::error::Result;
use crate::lexical::TermVector;
use crate::recommend::{Candidate, CitationEvidence, Request, ScoreBreakdown, TermProfile, smooth};
use crate::vector::{RowBitmap, RowId};

/// How far a paper whose title contains the text of the request is before all others, at least.
const TITLE_LEAD: f32 = 0.1;
/// Candidates whose scores are smoothed, at most: the time is quadratic, 20 ms for these.
const MAX_SMOOTHED: usize = 1_000;

/// A candidate with its score.
pub(super) struct ScoredCandidate {
    pub(super) row: RowId,
    /// In standard deviations of the background's scores.
    pub(super) breakdown: ScoreBreakdown,
    pub(super) terms: Arc<TermVector>,
    pub(super) profile: Arc<TermProfile>,
    pub(super) citations: CitationEvidence,
}

/// Scores the candidates of each query: best first, ties by row, at most as many as the pool holds.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn score(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    queries: &[PreparedQuery<'_>],
    candidates: Vec<Vec<RowId>>,
) -> Result<Vec<Vec<ScoredCandidate>>> {
    candidates.into_iter().zip(queries).map(|(rows, query)| score_rows(searcher, resolved, query, rows)).collect()
}

fn score_rows(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    PreparedQuery { ranker, citations, .. }: &PreparedQuery<'_>,
    mut rows: Vec<RowId>,
) -> Result<Vec<ScoredCandidate>> {
    let ResolvedRequest { signals, titled, pool, .. } = resolved;
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
    let mut scored = Vec::with_capacity(rows.len());
    for row in rows {
        let terms = term_vector(searcher, row)?;
        let profile = term_profile(searcher, resolved, row, &terms)?;
        let citations = citations.evidence(row);
        let vector = searcher.snapshot.vector(row)?;
        let candidate = Candidate { vector, terms: &terms, profile: &profile, signals: signals(row)?, citations };
        scored.push(ScoredCandidate { row, breakdown: ranker.score(&candidate), terms, profile, citations });
    }
    sort(&mut scored);
    smooth_scores(searcher, resolved.request, &mut scored)?;
    raise_titled(&mut scored, titled);
    scored.truncate(*pool);
    Ok(scored)
}

/// Smooths the scores of the best candidates, if the request asks for it, and sorts these again.
fn smooth_scores(searcher: &Searcher<'_>, request: &Request, scored: &mut [ScoredCandidate]) -> Result<()> {
    if request.smoothing == 0.0 {
        return Ok(());
    }
    let best = scored.len().min(MAX_SMOOTHED);
    let scored = &mut scored[..best];
    let vectors = scored.iter().map(|scored| searcher.snapshot.vector(scored.row)).collect::<Result<Vec<&[f32]>>>()?;
    let mut breakdowns: Vec<ScoreBreakdown> = scored.iter().map(|scored| scored.breakdown).collect();
    smooth(&mut breakdowns, &vectors, request.smoothing);
    scored.iter_mut().zip(breakdowns).for_each(|(scored, breakdown)| scored.breakdown = breakdown);
    sort(scored);
    Ok(())
}

fn sort(scored: &mut [ScoredCandidate]) {
    scored.sort_by(|a, b| b.breakdown.total().total_cmp(&a.breakdown.total()).then(a.row.cmp(&b.row)));
}

/// Puts the papers whose titles contain the text of the request before all others, in the order of their scores.
fn raise_titled(scored: &mut [ScoredCandidate], titled: &RowBitmap) {
    let total = |scored: &ScoredCandidate| scored.breakdown.total();
    let best_other = scored.iter().find(|scored| !titled.contains(scored.row)).map(total);
    let least_titled = scored.iter().rfind(|scored| titled.contains(scored.row)).map(total);
    if let (Some(other), Some(titled_total)) = (best_other, least_titled)
        && titled_total < other
    {
        let raise = other - titled_total + TITLE_LEAD;
        scored
            .iter_mut()
            .filter(|scored| titled.contains(scored.row))
            .for_each(|scored| scored.breakdown.words += raise);
        sort(scored);
    }
}
