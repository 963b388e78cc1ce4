//! Step 5 of a ranking: duplicates removed, diversity, scores calibrated, interests interleaved.

use std::collections::HashSet;

use super::citations::history_citations;
use super::resolve::ResolvedRequest;
use super::score::ScoredCandidate;
use super::{PreparedQuery, Searcher};
use crate::error::Result;
use crate::paper::PaperId;
use crate::recommend::{
    Contribution, InterestShare, NameMatch, Relevance, RelevanceFeatures, RelevanceWord, ScoreBreakdown, diversify,
    interleave_by_share,
};
use crate::vector::{RowId, dot};

/// Results that are given when all are far.
const NEAREST_SHOWN: usize = 3;

/// A ranking without the papers themselves: what is cached.
pub(super) struct CachedRanking {
    pub(super) results: Vec<RankedPaper>,
    /// Ids and titles of the history.
    pub(super) history: Vec<(Option<PaperId>, String)>,
    pub(super) not_found: Vec<String>,
    pub(super) note: Option<String>,
}

/// A result without the paper itself.
#[derive(Debug, Clone)]
pub(super) struct RankedPaper {
    /// The paper's key.
    pub(super) key: i64,
    pub(super) breakdown: ScoreBreakdown,
    pub(super) reasons: Vec<Contribution>,
    pub(super) interest: Option<InterestShare>,
    /// `None` without a text or a history.
    pub(super) relevance_features: Option<RelevanceFeatures>,
}

impl CachedRanking {
    /// About how many bytes of memory it takes.
    pub(super) fn size_bytes(&self) -> usize {
        let result = |result: &RankedPaper| size_of::<RankedPaper>() + size_of_val(result.reasons.as_slice());
        let paper = |(_, title): &(_, String)| size_of::<(Option<PaperId>, String)>() + title.len() + 24;
        self.results.iter().map(result).sum::<usize>() + self.history.iter().map(paper).sum::<usize>()
    }
}

/// Selects the results: for each query the best that differ from each other as far as the request asks for it, then
/// the lists of several interests interleaved by their shares of the history.
///
/// # Errors
/// When the index is corrupt.
pub(super) fn select(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    queries: &[PreparedQuery<'_>],
    scored: Vec<Vec<ScoredCandidate<'_>>>,
) -> Result<Vec<RankedPaper>> {
    let least = least_relevance(searcher, resolved)?;
    let mut lists = Vec::with_capacity(scored.len());
    for (scored, query) in scored.into_iter().zip(queries) {
        let scored = deduplicate(searcher, resolved.request.dedup_threshold, scored)?;
        let scored = match least {
            Some(least) => close_candidates(searcher, resolved, query, scored, least)?,
            None => scored,
        };
        lists.push(select_list(searcher, resolved, query, &scored)?);
    }
    let mut results = match lists.len() {
        1 => lists.remove(0),
        _ => interleave(queries, lists),
    };
    if let Some(least) = least {
        results = close_results(results, least);
    }
    results.truncate(resolved.request.result_count());
    Ok(results)
}

/// The relevance that results must have; `None` when the request asks for none, or the model has none.
fn least_relevance(searcher: &Searcher<'_>, resolved: &ResolvedRequest<'_>) -> Result<Option<RelevanceWord>> {
    let Some(least) = resolved.request.least_relevance() else { return Ok(None) };
    let model = searcher.library.model()?;
    Ok(model.is_some_and(|model| Relevance::is_fitted_to(&model.name)).then_some(least))
}

/// Whether a paper is at least this close, or by a followed author.
fn is_at_least(features: Option<RelevanceFeatures>, breakdown: &ScoreBreakdown, least: RelevanceWord) -> bool {
    let word = features.map(|features| Relevance::new(features).word);
    breakdown.authors > 0.0 || word.is_none_or(|word| word.is_at_least(least))
}

/// The candidates that are at least this close, of those with the best scores: a list is cut after the others are left out,
/// because the order of scores is not that of relevance. When all are far, the best.
fn close_candidates<'s>(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    query: &PreparedQuery<'_>,
    mut scored: Vec<ScoredCandidate<'s>>,
    least: RelevanceWord,
) -> Result<Vec<ScoredCandidate<'s>>> {
    scored.truncate(resolved.pool);
    let mut is_close = Vec::with_capacity(scored.len());
    for candidate in &scored {
        searcher.library.check_canceled()?;
        let features = relevance_features(resolved, query, candidate);
        is_close.push(is_at_least(features, &candidate.breakdown, least));
    }
    if is_close.contains(&true) {
        let mut is_close = is_close.into_iter();
        scored.retain(|_| is_close.next().unwrap_or_default());
    } else {
        scored.truncate(NEAREST_SHOWN);
    }
    Ok(scored)
}

/// The results that are at least this close, or by followed authors; when all are far, the nearest of them, so that a reader
/// can see how far.
fn close_results(mut results: Vec<RankedPaper>, least: RelevanceWord) -> Vec<RankedPaper> {
    let is_at_least = |paper: &RankedPaper, least| is_at_least(paper.relevance_features, &paper.breakdown, least);
    match results.iter().any(|paper| is_at_least(paper, RelevanceWord::Related)) {
        true => results.retain(|paper| is_at_least(paper, least)),
        false => results.truncate(NEAREST_SHOWN),
    }
    results
}

/// What the relevance of a candidate depends on.
fn relevance_features(
    resolved: &ResolvedRequest<'_>,
    query: &PreparedQuery<'_>,
    scored: &ScoredCandidate<'_>,
) -> Option<RelevanceFeatures> {
    let name_match = resolved.known_items.name_match(scored.row);
    let features = query.ranker.relevance_features(&scored.candidate);
    features.map(|features| RelevanceFeatures { name_match, ..features })
}

fn select_list(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    query: &PreparedQuery<'_>,
    scored: &[ScoredCandidate<'_>],
) -> Result<Vec<RankedPaper>> {
    let PreparedQuery { interest, ranker, citations } = query;
    let mut breakdowns: Vec<ScoreBreakdown> = scored.iter().map(|scored| scored.breakdown).collect();
    let vectors: Vec<&[f32]> = scored.iter().map(|scored| scored.candidate.vector).collect();
    let selected =
        diversify(&mut breakdowns, &vectors, resolved.request.diversity, resolved.request.result_count(), &|| {
            searcher.library.check_canceled()
        })?;
    let rows: Vec<RowId> = selected.iter().map(|index| scored[*index].row).collect();
    let links = match resolved.max_reasons {
        0 => rows.iter().map(|_| Vec::new()).collect(),
        _ => history_citations(searcher, resolved, citations, &rows)?,
    };
    let ranked = selected.into_iter().zip(links).map(|(index, links)| {
        let ScoredCandidate { row, breakdown, candidate } = &scored[index];
        // A paper that the text names by its id is the history itself, which is no reason.
        let name_match = resolved.known_items.name_match(*row);
        let is_history = name_match == NameMatch::Named && resolved.history_rows.contains(*row);
        let max_reasons = if is_history { 0 } else { resolved.max_reasons };
        let mut reasons = ranker.reasons(candidate, breakdown, &links, max_reasons);
        reasons.iter_mut().for_each(|reason| reason.history_index = interest.members[reason.history_index]);
        RankedPaper {
            key: searcher.snapshot.key(*row),
            breakdown: ranker.calibrate(&breakdowns[index]),
            reasons,
            interest: interest.interest.clone(),
            relevance_features: relevance_features(resolved, query, &scored[index]),
        }
    });
    let is_good = |paper: &RankedPaper| resolved.request.min_score.is_none_or(|min| paper.breakdown.total() >= min);
    Ok(ranked.filter(is_good).collect())
}

/// Of papers whose embeddings are at least as similar as the threshold, only the best.
fn deduplicate<'s>(
    searcher: &Searcher<'_>,
    threshold: Option<f32>,
    scored: Vec<ScoredCandidate<'s>>,
) -> Result<Vec<ScoredCandidate<'s>>> {
    let Some(threshold) = threshold else { return Ok(scored) };
    let mut unique: Vec<ScoredCandidate<'s>> = Vec::with_capacity(scored.len());
    for candidate in scored {
        searcher.library.check_canceled()?;
        let is_near =
            |other: &ScoredCandidate<'_>| dot(candidate.candidate.vector, other.candidate.vector) >= threshold;
        if !unique.iter().any(is_near) {
            unique.push(candidate);
        }
    }
    Ok(unique)
}

/// Merges the lists of all interests, so that each has its share of every prefix; a paper of several is listed once.
fn interleave(queries: &[PreparedQuery<'_>], lists: Vec<Vec<RankedPaper>>) -> Vec<RankedPaper> {
    let shares: Vec<f32> =
        queries.iter().map(|query| query.interest.interest.as_ref().map_or(1.0, |interest| interest.share)).collect();
    let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut taken = HashSet::new();
    let next = |list: usize| lists[list].find(|paper| taken.insert(paper.key));
    interleave_by_share(&shares, &lengths).into_iter().filter_map(next).collect()
}
