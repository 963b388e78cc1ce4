//! A reading history, and what papers have in common with it: nearness and contrast, of embeddings and of words.

use super::background::{Background, PaperFeatures, TermProfile};
use super::features::FeatureValues;
use super::resolved_query::HistoryPaper;
use super::whitening::LinearDiscriminant;
use crate::lexical::{SparseVector, TermMap, TermVector};
use crate::vector::dot;

/// A reading history, prepared for comparison.
pub(super) struct HistoryModel<'a> {
    pub(super) papers: &'a [HistoryPaper],
    /// Each paper's part of the whole.
    pub(super) shares: Vec<f32>,
    pub(super) whitened: Vec<Vec<f32>>,
    term_profiles: Vec<TermProfile>,
    pub(super) discriminant: LinearDiscriminant,
    terms: TermMap<HistoryTerm>,
    pub(super) nearest_count: usize,
}

/// A term of a history.
#[derive(Default)]
struct HistoryTerm {
    /// What it counts in a contrast.
    contrast: f32,
    inverse_variance: f32,
    /// The papers that have it, and what it weighs in each.
    papers: Vec<(u32, f32)>,
}

impl<'a> HistoryModel<'a> {
    pub(super) fn new(background: &Background, past: &'a [HistoryPaper], nearest: usize) -> HistoryModel<'a> {
        let sum: f32 = past.iter().map(|past| past.weight).sum();
        let shares: Vec<f32> = past.iter().map(|past| past.weight / sum).collect();
        let white: Vec<Vec<f32>> =
            past.iter().map(|past| background.whitening.whiten(past.embedding.as_slice())).collect();
        let mut mean = vec![0.0; background.whitening.mean().len()];
        for (white, share) in white.iter().zip(&shares) {
            mean.iter_mut().zip(white).for_each(|(mean, x)| *mean += share * x);
        }
        let words: Vec<TermProfile> =
            past.iter().map(|past| background.term_profile(&TermVector::from(&past.terms))).collect();
        let mut terms: TermMap<HistoryTerm> = TermMap::default();
        for (place, (words, share)) in words.iter().zip(&shares).enumerate() {
            for (number, weight) in &words.vector {
                let term = terms.entry(*number).or_default();
                term.inverse_variance = background.corpus_stats.inverse_variance(*number);
                term.contrast += share * weight * term.inverse_variance;
                term.papers.push((place as u32, *weight));
            }
        }
        HistoryModel {
            papers: past,
            shares,
            whitened: white,
            term_profiles: words,
            discriminant: LinearDiscriminant::from_whitened(&background.whitening, mean),
            terms,
            nearest_count: nearest,
        }
    }

    pub(super) fn features(&self, paper: &PaperFeatures<'_>) -> FeatureValues {
        let (words, contrast) = self.term_similarities(paper.words);
        self.combine(paper, words.into_iter(), contrast)
    }

    pub(super) fn background_features(&self, background: &Background) -> Vec<FeatureValues> {
        let words: Vec<Vec<f32>> =
            self.term_profiles.iter().map(|words| background.dot_products(&words.vector)).collect();
        let mut terms: SparseVector = self.terms.iter().map(|(number, term)| (*number, term.contrast)).collect();
        terms.sort_unstable_by_key(|(number, _)| *number);
        let contrasts = background.dot_products(&terms);
        let features = |(at, paper): (usize, PaperFeatures<'_>)| {
            let similarities = words.iter().map(|of_past| of_past[at]);
            self.combine(&paper, similarities, contrasts[at] - paper.words.background_overlap)
        };
        background.papers().enumerate().map(features).collect()
    }

    /// The features of a paper whose words have so much in common with each paper of the history, and with the contrast.
    fn combine(&self, paper: &PaperFeatures<'_>, words: impl Iterator<Item = f32>, contrast: f32) -> FeatureValues {
        let words = self.papers.iter().zip(words).map(|(past, words)| past.weight * words);
        let near = top_k_mean(self.similarities(paper.vector), self.nearest_count);
        [near, self.discriminant.score(paper.vector), top_k_mean(words, self.nearest_count), contrast]
    }

    /// The similarity to each paper, as much as it weighs.
    pub(super) fn similarities(&self, vector: &[f32]) -> impl Iterator<Item = f32> {
        self.papers.iter().map(|past| past.weight * dot(past.embedding.as_slice(), vector))
    }

    /// The similarity of words to each paper, and the contrast.
    fn term_similarities(&self, words: &TermProfile) -> (Vec<f32>, f32) {
        let mut similarities = vec![0.0; self.papers.len()];
        let mut contrast = -words.background_overlap;
        for (number, weight) in &words.vector {
            if let Some(term) = self.terms.get(number) {
                contrast += weight * term.contrast;
                term.papers.iter().for_each(|(place, other)| similarities[*place as usize] += weight * other);
            }
        }
        (similarities, contrast)
    }

    /// The similarity of words to each paper, plain and as it counts in a contrast.
    pub(super) fn term_similarities_by_paper(&self, words: &TermProfile) -> (Vec<f32>, Vec<f32>) {
        let (mut plain, mut contrasts) = (vec![0.0; self.papers.len()], vec![0.0; self.papers.len()]);
        for (number, weight) in &words.vector {
            let Some(term) = self.terms.get(number) else { continue };
            for (place, other) in &term.papers {
                plain[*place as usize] += weight * other;
                contrasts[*place as usize] += weight * other * term.inverse_variance;
            }
        }
        (plain, contrasts)
    }

    /// The features of a paper of the history, compared with all others of it.
    pub(super) fn leave_one_out(&self, place: usize) -> FeatureValues {
        let (paper, words, share) = (&self.papers[place], &self.term_profiles[place], self.shares[place]);
        let others = |value: f32, at: usize| if at == place { f32::NEG_INFINITY } else { value };
        let near = self.similarities(paper.embedding.as_slice()).enumerate().map(|(at, near)| others(near, at));
        let nearest = self.nearest_count.min(self.papers.len() - 1);
        let own = dot(&self.whitened[place], &self.whitened[place]);
        let contrast = (self.discriminant.score(paper.embedding.as_slice()) - share * own) / (1.0 - share);
        let (similarities, word_contrast) = self.term_similarities(words);
        let own: f32 = words.vector.iter().map(|(number, x)| x * x * self.terms[number].inverse_variance).sum();
        let word_contrast =
            (word_contrast + words.background_overlap - share * own) / (1.0 - share) - words.background_overlap;
        let similar = self.papers.iter().zip(similarities).enumerate();
        let similar = similar.map(|(at, (past, words))| others(past.weight * words, at));
        [top_k_mean(near, nearest), contrast, top_k_mean(similar, nearest), word_contrast]
    }
}

/// The `count` largest values with their places, each divided by `count`; ties go to the first.
pub(super) fn top_k_mean_parts(values: impl Iterator<Item = f32>, count: usize) -> impl Iterator<Item = (usize, f32)> {
    let mut all: Vec<(usize, f32)> = values.enumerate().collect();
    let count = count.min(all.len());
    let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if count > 0 && count < all.len() {
        all.select_nth_unstable_by(count - 1, order);
    }
    all.truncate(count);
    all.into_iter().map(move |(place, value)| (place, value / count as f32))
}

/// The mean of the `count` largest values.
fn top_k_mean(values: impl Iterator<Item = f32>, count: usize) -> f32 {
    let mut largest: Vec<f32> = values.collect();
    let count = count.min(largest.len());
    if count > 0 && count < largest.len() {
        largest.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        largest.truncate(count);
    }
    // One order of addition, whatever the order of the values.
    largest.sort_unstable_by(f32::total_cmp);
    largest.iter().sum::<f32>() / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_in_any_order() {
        assert_eq!(top_k_mean([0.5, 0.125, 1.0, 0.75].into_iter(), 2), 0.875);
        assert_eq!(top_k_mean([0.5].into_iter(), 3), 0.5);
        assert_eq!(top_k_mean_parts([0.5, 0.9, 0.9].into_iter(), 1).collect::<Vec<_>>(), [(1, 0.9)]);
    }
}
