//! A reading history, and what papers have in common with it: nearness and contrast, of embeddings and of words.

use super::background::{Background, PaperFeatures, TermProfile};
use super::expansion::expansion_shares;
use super::features::{
    CENTROID, DISCRIMINANT, EXPANSION, FeatureSet, FeatureValues, LEARNED_COUNT, SIMILARITY, TERM_CENTROID,
    TERM_CLASSIFIER, TERM_DISCRIMINANT, TERM_EXPANSION, TERM_SIMILARITY, first_features,
};
use super::history_terms::{HistoryTerm, HistoryTerms, TermWeights};
use super::relevance::{NEAREST_PAPERS, RelevanceFeatures, RelevanceKind};
use super::resolved_query::{ExpansionPaper, HistoryPaper};
use super::term_classifier::TermClassifier;
use super::whitening::LinearDiscriminant;
use crate::vector::{dot, dot_matrix, dot_with_each, dots};

/// A reading history, prepared for comparison.
pub(super) struct HistoryModel<'a> {
    pub(super) papers: &'a [HistoryPaper],
    /// Their unit vectors.
    pub(super) embeddings: Vec<&'a [f32]>,
    /// What each paper counts, the heaviest 1.
    weights: Vec<f32>,
    /// Each paper's part of the whole.
    pub(super) shares: Vec<f32>,
    /// The whitened embeddings, and the discriminant between them and the background; none where no feature needs them.
    pub(super) whitened: Vec<Vec<f32>>,
    pub(super) discriminant: Option<LinearDiscriminant>,
    term_profiles: Vec<TermProfile>,
    terms: HistoryTerms,
    feature_set: FeatureSet,
    pub(super) nearest_count: usize,
    classifier: Option<&'a TermClassifier>,
    pub(super) centroid: Centroid,
    /// What the sums of the papers' term vectors, each times its share, are divided by in the centroid.
    pub(super) term_norm: f32,
}

/// The mean of a history and of the papers that it borrows from, of length 1, in two parts that add up to it.
pub(super) struct Centroid {
    history: Vec<f32>,
    expansion: Vec<f32>,
    /// What the sum of the history's embeddings, each times its share, is divided by.
    pub(super) norm: f32,
    /// Whether there are papers to borrow from.
    has_expansion: bool,
}

impl<'a> HistoryModel<'a> {
    pub(super) fn new(
        background: &Background,
        past: &'a [HistoryPaper],
        expansion: &[ExpansionPaper],
        classifier: Option<&'a TermClassifier>,
        nearest: usize,
        feature_set: FeatureSet,
    ) -> HistoryModel<'a> {
        let sum: f32 = past.iter().map(|past| past.weight).sum();
        let shares: Vec<f32> = past.iter().map(|past| past.weight / sum).collect();
        let (whitened, discriminant) = match feature_set {
            FeatureSet::All => {
                let (whitened, discriminant) = whitened_history(background, past, &shares);
                (whitened, Some(discriminant))
            }
            FeatureSet::Similarities | FeatureSet::Centroid => (Vec::new(), None),
        };
        let words: Vec<TermProfile> = past.iter().map(|past| background.term_profile(past.document.terms())).collect();
        let (terms, term_norm) = HistoryTerms::new(background, &words, &shares, expansion);
        HistoryModel {
            papers: past,
            embeddings: past.iter().map(|past| past.embedding.as_slice()).collect(),
            centroid: Centroid::new(past, &shares, expansion),
            weights: past.iter().map(|past| past.weight).collect(),
            shares,
            whitened,
            discriminant,
            term_profiles: words,
            terms,
            feature_set,
            nearest_count: nearest,
            classifier,
            term_norm,
        }
    }

    /// Takes away the terms of a history of one paper, each with its number.
    pub(super) fn take_terms(&mut self) -> impl Iterator<Item = (u32, TermWeights)> + use<> {
        std::mem::take(&mut self.terms).into_weights()
    }

    /// How many papers it is worth: each counts by its weight, the heaviest 1.
    pub(super) fn size(&self) -> f32 {
        self.papers.iter().map(|past| past.weight).sum::<f32>().max(1.0)
    }

    /// The length of the direction of the discriminant over terms.
    pub(super) fn term_discriminant_norm(&self, background: &Background) -> f32 {
        // Of terms that the history does not have, the direction has what is usual of them, with a minus.
        let mut squares = background.corpus_stats.squared_background();
        for (number, term) in self.terms.iter() {
            let usual = background.corpus_stats.background_weight(number);
            let own = term.contrast - usual;
            squares += own * own - usual * usual;
        }
        squares.max(0.0).sqrt()
    }

    /// The features of some papers, in their order.
    pub(super) fn features(&self, background: &Background, papers: &[PaperFeatures<'_>]) -> Vec<FeatureValues> {
        let vectors: Vec<&[f32]> = papers.iter().map(|paper| paper.vector).collect();
        let cosines = self.compared_cosines(&vectors);
        let features = |(at, paper): (usize, &PaperFeatures<'_>)| {
            let (similarities, mut sums) = self.term_similarities(paper);
            sums.classifier = self.classifier.map_or(0.0, |classifier| classifier.score(background, paper));
            self.combine(paper.vector, self.row(&cosines, at), &similarities, sums)
        };
        papers.iter().enumerate().map(features).collect()
    }

    /// The cosines of some unit vectors with each paper of the history, vector by vector, if a feature needs them.
    fn compared_cosines(&self, vectors: &[&[f32]]) -> Vec<f32> {
        match self.feature_set {
            FeatureSet::Centroid => Vec::new(),
            FeatureSet::All | FeatureSet::Similarities => dot_matrix(vectors, &self.embeddings),
        }
    }

    /// The numbers of the paper at a place, one for each paper of the history; none if no feature needs them.
    fn row<'v>(&self, numbers: &'v [f32], place: usize) -> &'v [f32] {
        let count = self.papers.len();
        numbers.get(place * count..(place + 1) * count).unwrap_or_default()
    }

    /// The features of a paper whose terms have so much in common with each paper of the history, and with all.
    pub(super) fn features_of_terms(&self, vector: &[f32], words: f32, sums: TermSums) -> FeatureValues {
        self.combine(vector, &self.compared_cosines(&[vector]), &[words], sums)
    }

    pub(super) fn background_features(&self, background: &Background) -> Vec<FeatureValues> {
        let cosines = self.compared_cosines(&background.vectors().collect::<Vec<_>>());
        let words = self.background_term_similarities(background);
        // The contrast, and the two parts of the centroid.
        let weights = |(number, term): (u32, &HistoryTerm)| match self.feature_set {
            FeatureSet::All => (number, [term.contrast, term.centroid, term.expansion, 0.0]),
            FeatureSet::Similarities | FeatureSet::Centroid => (number, [0.0, term.centroid, term.expansion, 0.0]),
        };
        let sums = background.dot_products_with_each(&self.terms.iter().map(weights).collect::<Vec<_>>());
        let classifier = self.classifier.map(|classifier| background.dot_products(&classifier.weights()));
        let features = |(at, (vector, overlap)): (usize, (&[f32], f32))| {
            let [contrast, centroid, expansion, _] = sums[at];
            let sums = TermSums {
                contrast: contrast - overlap,
                centroid,
                expansion,
                classifier: classifier.as_ref().map_or(0.0, |scores| scores[at]),
            };
            self.combine(vector, self.row(&cosines, at), self.row(&words, at), sums)
        };
        background.vectors().zip(background.overlaps()).enumerate().map(features).collect()
    }

    /// The similarity of the terms of each background paper to each paper of the history, if a feature needs it.
    fn background_term_similarities(&self, background: &Background) -> Vec<f32> {
        if self.feature_set == FeatureSet::Centroid {
            return Vec::new();
        }
        let count = self.papers.len();
        let mut similarities = vec![0.0; background.len() * count];
        background.for_each_weight(self.terms.numbers(), |place, paper, weight| {
            self.terms.add_products(place, weight, &mut similarities[paper * count..(paper + 1) * count]);
        });
        similarities
    }

    /// The features of a paper with these cosines with each paper of the history, and terms that have so much in common with each
    /// paper of it, and with all.
    fn combine(&self, vector: &[f32], cosines: &[f32], words: &[f32], sums: TermSums) -> FeatureValues {
        let mut values = first_features([0.0; LEARNED_COUNT]);
        if self.feature_set != FeatureSet::Centroid {
            let weighted = |numbers: &[f32]| -> Vec<f32> {
                self.weights.iter().zip(numbers).map(|(weight, number)| weight * number).collect()
            };
            values[SIMILARITY] = top_k_mean(&weighted(cosines), self.nearest_count);
            values[TERM_SIMILARITY] = top_k_mean(&weighted(words), self.nearest_count);
        }
        if let Some(discriminant) = &self.discriminant {
            values[DISCRIMINANT] = discriminant.score(vector);
            values[TERM_DISCRIMINANT] = sums.contrast;
        }
        if self.feature_set != FeatureSet::Similarities {
            [values[CENTROID], values[EXPANSION]] = self.centroid.products(vector);
            values[TERM_CENTROID] = sums.centroid;
            values[TERM_EXPANSION] = sums.expansion;
            values[TERM_CLASSIFIER] = sums.classifier;
        }
        values
    }

    /// The cosine of a unit vector with each paper.
    pub(super) fn cosines(&self, vector: &[f32]) -> Vec<f32> {
        let mut cosines = Vec::with_capacity(self.embeddings.len());
        dots(vector, &self.embeddings, &mut cosines);
        cosines
    }

    /// The similarity to each paper, as much as it weighs.
    pub(super) fn similarities(&self, vector: &[f32]) -> Vec<f32> {
        let mut similarities = self.cosines(vector);
        similarities.iter_mut().zip(self.papers).for_each(|(similarity, past)| *similarity *= past.weight);
        similarities
    }

    /// The similarity of terms to each paper, and to the whole history.
    fn term_similarities(&self, paper: &PaperFeatures<'_>) -> (Vec<f32>, TermSums) {
        let by_paper = self.feature_set != FeatureSet::Centroid;
        let mut similarities = if by_paper { vec![0.0; self.papers.len()] } else { Vec::new() };
        let mut sums = TermSums { contrast: -paper.norm.background_overlap, ..TermSums::default() };
        self.terms.for_each_common_term(paper, |place, term, weight| {
            sums.contrast += weight * term.contrast;
            sums.centroid += weight * term.centroid;
            sums.expansion += weight * term.expansion;
            if by_paper {
                self.terms.add_products(place, weight, &mut similarities);
            }
        });
        (similarities, sums)
    }

    /// The similarity of words to each paper, plain and as it counts in a contrast.
    pub(super) fn term_similarities_by_paper(&self, paper: &PaperFeatures<'_>) -> (Vec<f32>, Vec<f32>) {
        let (mut plain, mut contrasts) = (vec![0.0; self.papers.len()], vec![0.0; self.papers.len()]);
        self.terms.for_each_common_term(paper, |place, term, weight| {
            for (paper, other) in self.terms.papers(place) {
                plain[*paper as usize] += weight * other;
                contrasts[*paper as usize] += weight * other * term.inverse_variance;
            }
        });
        (plain, contrasts)
    }

    /// The similarity to the nearest papers, whatever each of them weighs.
    pub(super) fn relevance_features(&self, paper: &PaperFeatures<'_>) -> RelevanceFeatures {
        let (term_similarities, _) = self.term_similarities_by_paper(paper);
        let kind = if self.papers.len() == 1 { RelevanceKind::Paper } else { RelevanceKind::History };
        RelevanceFeatures::new(
            kind,
            top_k_mean(&self.cosines(paper.vector), NEAREST_PAPERS),
            top_k_mean(&term_similarities, NEAREST_PAPERS),
        )
    }

    /// The similarity of the terms of a paper of the history to each paper of it, and to the whole.
    fn own_term_similarities(&self, words: &TermProfile) -> (Vec<f32>, f32) {
        let mut similarities = vec![0.0; self.papers.len()];
        let mut contrast = -words.background_overlap;
        for (number, weight) in &words.vector {
            let Some((place, term)) = self.terms.get(*number) else { continue };
            contrast += weight * term.contrast;
            self.terms.add_products(place, *weight, &mut similarities);
        }
        (similarities, contrast)
    }

    /// The features of a paper of the history, compared with all others of it: those that weights are learned for.
    pub(super) fn leave_one_out(&self, background: &Background, place: usize) -> FeatureValues {
        let (paper, words, share) = (&self.papers[place], &self.term_profiles[place], self.shares[place]);
        let Some(discriminant) = &self.discriminant else { return first_features([0.0; LEARNED_COUNT]) };
        let nearest = self.nearest_count.min(self.papers.len() - 1);
        let own = dot(&self.whitened[place], &self.whitened[place]);
        let contrast = (discriminant.score(paper.embedding.as_slice()) - share * own) / (1.0 - share);
        let (similarities, word_contrast) = self.own_term_similarities(words);
        let own = words.vector.iter().map(|(number, x)| x * x * background.corpus_stats.inverse_variance(*number));
        let own: f32 = own.sum();
        let word_contrast =
            (word_contrast + words.background_overlap - share * own) / (1.0 - share) - words.background_overlap;
        let mut words: Vec<f32> = self.weights.iter().zip(similarities).map(|(weight, words)| weight * words).collect();
        let mut near = self.similarities(paper.embedding.as_slice());
        // The paper itself is none of the nearest.
        words.remove(place);
        near.remove(place);
        first_features([top_k_mean(&near, nearest), contrast, top_k_mean(&words, nearest), word_contrast])
    }
}

/// What the terms of a paper have in common with a whole history.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TermSums {
    pub(super) contrast: f32,
    pub(super) centroid: f32,
    pub(super) expansion: f32,
    pub(super) classifier: f32,
}

/// What a cosine of terms counts beside one of embeddings, for a history of so many papers: 1.5 for one, towards 2 for
/// many.
pub(super) fn term_weight(size: f32) -> f32 {
    2.0 - 0.5 / size
}

/// The whitened embeddings of a history, and the discriminant of their mean.
fn whitened_history(
    background: &Background,
    past: &[HistoryPaper],
    shares: &[f32],
) -> (Vec<Vec<f32>>, LinearDiscriminant) {
    let whitening = background.whitening();
    let embeddings: Vec<&[f32]> = past.iter().map(|past| past.embedding.as_slice()).collect();
    let whitened = whitening.whiten_all(&embeddings);
    let mut mean = vec![0.0; whitening.mean().len()];
    for (white, share) in whitened.iter().zip(shares) {
        mean.iter_mut().zip(white).for_each(|(mean, x)| *mean += share * x);
    }
    (whitened, LinearDiscriminant::from_whitened(whitening, mean))
}

impl Centroid {
    fn new(past: &[HistoryPaper], shares: &[f32], expansion: &[ExpansionPaper]) -> Centroid {
        let dimension = past.first().map_or(0, |past| past.embedding.as_slice().len());
        let sum = |parts: &mut dyn Iterator<Item = (&[f32], f32)>| {
            let mut sum = vec![0.0; dimension];
            parts.for_each(|(vector, share)| sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += share * x));
            sum
        };
        let length = |vector: &[f32]| Some(dot(vector, vector).sqrt()).filter(|norm| *norm > 0.0).unwrap_or(1.0);
        let history = sum(&mut past.iter().map(|past| past.embedding.as_slice()).zip(shares.iter().copied()));
        let own = length(&history);
        let of_expansion =
            expansion.iter().map(|paper| paper.embedding.as_slice()).zip(expansion_shares(expansion.len()));
        let expansion = sum(&mut of_expansion.map(|(vector, share)| (vector, own * share)));
        let whole: Vec<f32> = history.iter().zip(&expansion).map(|(one, other)| one + other).collect();
        let norm = length(&whole);
        let scaled = |vector: Vec<f32>| vector.into_iter().map(|x| x / norm).collect();
        let has_expansion = expansion.iter().any(|x| *x != 0.0);
        Centroid { history: scaled(history), expansion: scaled(expansion), norm, has_expansion }
    }

    /// The products of a vector with both parts.
    fn products(&self, vector: &[f32]) -> [f32; 2] {
        match self.has_expansion {
            true => dot_with_each(vector, [&self.history, &self.expansion]),
            false => [dot(vector, &self.history), 0.0],
        }
    }

    /// The unit vector.
    pub(super) fn vector(&self) -> Vec<f32> {
        self.history.iter().zip(&self.expansion).map(|(one, other)| one + other).collect()
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

/// The mean of the `count` largest values, or of all.
fn top_k_mean(values: &[f32], count: usize) -> f32 {
    if count == 3 {
        return mean_of_largest(three_largest(values), values.len().min(3));
    }
    let mut largest = values.to_vec();
    if (1..largest.len()).contains(&count) {
        largest.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    }
    largest.truncate(count);
    largest.sort_unstable_by(|a, b| b.total_cmp(a));
    mean_of_largest(&largest, largest.len())
}

/// The mean of the first of some values, the largest first. The smallest are added first, whatever order they came in.
fn mean_of_largest(largest: impl AsRef<[f32]>, count: usize) -> f32 {
    largest.as_ref()[..count].iter().rev().sum::<f32>() / count.max(1) as f32
}

/// The three largest values, the largest first; minus infinity for those that there are not. Each value is compared with
/// three others without a branch, in four lanes: which of a hundred cosines are the largest, a processor cannot foresee.
fn three_largest(values: &[f32]) -> [f32; 3] {
    const LANES: usize = 4;
    let mut by_lane = [[f32::NEG_INFINITY; LANES]; 3];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        let mut left = *block;
        for largest in &mut by_lane {
            largest.iter_mut().zip(&mut left).for_each(|(largest, left)| keep_larger(largest, left));
        }
    }
    let mut all = [f32::NEG_INFINITY; 3];
    for mut left in by_lane.into_iter().flatten().chain(rest.iter().copied()) {
        all.iter_mut().for_each(|largest| keep_larger(largest, &mut left));
    }
    all
}

/// Swaps two values if the second is larger.
#[inline(always)]
fn keep_larger(largest: &mut f32, left: &mut f32) {
    let (one, other) = (*largest, *left);
    *largest = if other > one { other } else { one };
    *left = if other > one { one } else { other };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_in_any_order() {
        assert_eq!(top_k_mean(&[0.5, 0.125, 1.0, 0.75], 2), 0.875);
        assert_eq!(top_k_mean(&[0.5], 3), 0.5);
        assert_eq!(top_k_mean(&[0.5], 0), 0.0);
        let many: Vec<f32> = (0..40).map(|n| (n * 17 % 40) as f32).collect();
        assert_eq!([16, 17, 40, 50].map(|count| top_k_mean(&many, count)), [31.5, 31.0, 19.5, 19.5]);
        for length in 0..many.len() {
            let mut sorted = many[..length].to_vec();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted.resize(3.max(length), f32::NEG_INFINITY);
            assert_eq!(three_largest(&many[..length]), sorted[..3], "{length} values");
        }
        assert_eq!(top_k_mean_parts([0.5, 0.9, 0.9].into_iter(), 1).collect::<Vec<_>>(), [(1, 0.9)]);
    }
}
