//! Pseudo-relevance feedback: a short history borrows from the papers of the library that are nearest to it.
//!
//! One paper says little of what its reader is after, and its nearest papers say more of the same (Rocchio 1971; Lavrenko
//! and Croft 2001). From about five papers on, the history itself says more.

use super::background::{Background, PaperFeatures};
use super::features::{FeatureSet, SIMILARITY, TERM_SIMILARITY};
use super::history_model::{HistoryModel, term_weight};
use super::ranker::Candidate;
use super::resolved_query::HistoryPaper;

/// Papers that a short history borrows from.
pub const EXPANSION_SIZE: usize = 10;
/// The longest history that borrows.
pub const MAX_EXPANSION_HISTORY: usize = 3;
/// What all expansion papers count together in the centroid, where the history counts 1.
const EXPANSION_WEIGHT: f32 = 0.8;
/// History papers that a paper is compared with.
const NEAREST_COUNT: usize = 3;

/// Scores papers by their similarity to a short history, to find those that it borrows from.
pub struct ExpansionScorer<'a> {
    background: &'a Background,
    history: HistoryModel<'a>,
}

impl<'a> ExpansionScorer<'a> {
    /// Prepares to score. The weights of the history must be normalized.
    pub fn new(background: &'a Background, history: &'a [HistoryPaper]) -> ExpansionScorer<'a> {
        ExpansionScorer {
            background,
            history: HistoryModel::new(background, history, &[], None, NEAREST_COUNT, FeatureSet::Similarities),
        }
    }

    /// The similarity of each of some papers to the history, by its text.
    pub fn score_each(&self, candidates: &[Candidate<'_>]) -> Vec<f32> {
        let papers: Vec<PaperFeatures<'_>> = candidates.iter().map(Candidate::features).collect();
        let term_weight = term_weight(self.history.size());
        let features = self.history.features(self.background, &papers);
        features.iter().map(|features| features[SIMILARITY] + term_weight * features[TERM_SIMILARITY]).collect()
    }
}

/// What each of so many expansion papers counts in the centroid: 1, 1/2, 1/3, ..., scaled.
pub(super) fn expansion_shares(count: usize) -> impl Iterator<Item = f32> {
    let sum: f32 = (1..=count).map(|rank| 1.0 / rank as f32).sum();
    (1..=count).map(move |rank| EXPANSION_WEIGHT / (rank as f32 * sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fall_with_the_rank() {
        let shares: Vec<f32> = expansion_shares(3).collect();
        assert!((shares.iter().sum::<f32>() - EXPANSION_WEIGHT).abs() < 1e-6);
        assert!((shares[0] / shares[2] - 3.0).abs() < 1e-5);
        assert_eq!(expansion_shares(0).count(), 0);
    }
}
