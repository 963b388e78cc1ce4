//! A linear classifier over terms, fitted to a long history: which papers its reader picks.
//!
//! From some hundred picks on, a support vector machine on TF-IDF ranks better than all that a few picks allow
//! (`docs/evaluation.md`). It learns to tell the history from all other papers that are known.

use super::background::{Background, PaperFeatures};
use super::resolved_query::HistoryPaper;
use crate::lexical::{SparseVector, TermMap, TermSlice, tf_factor};
use crate::linear_model::{LinearModel, LossFunction, balanced};

/// The shortest history that a classifier is fitted to.
pub const MIN_CLASSIFIER_HISTORY: usize = 301;
/// The cost of an error (`C` of LIBLINEAR).
const ERROR_COST: f64 = 0.1;
/// The order of the steps of fitting; it hardly changes the result.
const SEED: u64 = 1;

/// What each term says for or against a paper.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermClassifier {
    weights: TermMap<f32>,
}

impl TermClassifier {
    /// Fits a classifier that tells the papers of a history from others. The heavier a paper of the history, the more it
    /// counts; both sides count the same.
    pub fn fit(background: &Background, liked: &[HistoryPaper], others: &[TermSlice<'_>]) -> TermClassifier {
        let mut places = TermPlaces::default();
        let mut features = |terms: TermSlice<'_>| places.replace(background.term_profile(terms).vector);
        let wanted: Vec<SparseVector> = liked.iter().map(|past| features(past.document.terms())).collect();
        let unwanted: Vec<SparseVector> = others.iter().map(|terms| features(*terms)).collect();
        let weights = liked.iter().map(|past| f64::from(past.weight));
        let wanted: Vec<(&[(u32, f32)], f64)> = wanted.iter().map(Vec::as_slice).zip(weights).collect();
        let unwanted: Vec<(&[(u32, f32)], f64)> = unwanted.iter().map(|terms| (terms.as_slice(), 1.0)).collect();
        let examples = balanced(wanted.iter().copied(), unwanted.iter().copied(), ERROR_COST);
        let model = LinearModel::fit(&examples, places.terms.len(), LossFunction::SquaredHinge, SEED);
        let weights = places.terms.iter().zip(model.weights).map(|(term, weight)| (*term, weight as f32));
        TermClassifier { weights: weights.collect() }
    }

    /// How much the terms of a paper say for it. All papers have a constant in common, which is left out.
    pub(super) fn score(&self, background: &Background, paper: &PaperFeatures<'_>) -> f32 {
        let part = |(term, count): (u32, u32)| {
            let weight = self.weights.get(&term)?;
            Some(weight * tf_factor(count) * background.corpus_stats.idf(term))
        };
        paper.terms.counts().filter_map(part).sum::<f32>() * paper.norm.inverse
    }

    /// Terms and weights, in ascending order of the terms.
    pub(super) fn weights(&self) -> SparseVector {
        let mut weights: SparseVector = self.weights.iter().map(|(term, weight)| (*term, *weight)).collect();
        weights.sort_unstable_by_key(|(term, _)| *term);
        weights
    }

    /// Bytes that it takes in memory.
    pub fn size_bytes(&self) -> usize {
        self.weights.capacity() * 9
    }
}

/// Terms by places from 0, in the order in which they come.
#[derive(Default)]
struct TermPlaces {
    places: TermMap<u32>,
    terms: Vec<u32>,
}

impl TermPlaces {
    /// Puts places in the place of terms.
    fn replace(&mut self, mut vector: SparseVector) -> SparseVector {
        for (term, _) in &mut vector {
            let next = self.terms.len() as u32;
            let place = *self.places.entry(*term).or_insert(next);
            if place == next {
                self.terms.push(*term);
            }
            *term = place;
        }
        vector
    }
}
