//! How similar papers are to a text or to a reading history, compared with background papers.

use super::background::{Background, PaperFeatures};
use super::features::{
    CENTROID, DISCRIMINANT, EXPANSION, FEATURE_COUNT, FeatureSet, FeatureValues, LEARNED_COUNT, SIMILARITY,
    TERM_CENTROID, TERM_CLASSIFIER, TERM_DISCRIMINANT, TERM_EXPANSION, TERM_SIMILARITY, first_features,
};
use super::history_model::{HistoryModel, TermSums, term_weight, top_k_mean_parts};
use super::history_terms::TermWeights;
use super::relevance::{RelevanceFeatures, RelevanceKind};
use super::resolved_query::{ExpansionPaper, HistoryPaper, QueryText};
use super::standardizer::{ColumnStandardizers, Standardizer};
use super::term_classifier::TermClassifier;
use super::weights::{RankingWeights, Strategy};
use super::whitening::LinearDiscriminant;
use crate::lexical::SparseVector;
use crate::vector::{dot, dots};

/// Papers of a history at which learned weights and default weights count the same.
const LEARNED_HALF_SIZE: f32 = 5.0;
/// Ridge penalty of the learned weights: correlated features share their weight.
const RIDGE_PENALTY: f32 = 1.0;
/// Weights of the discriminants of a long history beside cosines, of embeddings and of terms: each is the dot product
/// with a unit vector.
const DISCRIMINANT_WEIGHT: f32 = 1.5;
const TERM_DISCRIMINANT_WEIGHT: f32 = 6.0;
/// How much the terms of a short question count whose writer speaks of their own affairs; those of other texts count 1.
const PERSONAL_TERM_WEIGHT: f32 = 0.2;
/// The smallest standard deviation of scores: those of a few equal papers must not count without bound.
const MIN_DEVIATION: f32 = 0.003;
/// History papers that candidates are retrieved near, at most.
const MAX_RETRIEVAL_VECTORS: usize = 32;
/// History papers that are held out to learn weights from, at most.
const MAX_HELD_OUT: usize = 200;

/// What a paper has in common with a text or a history.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ContentParts {
    /// By its embedding.
    pub(super) embedding: f32,
    /// By its terms.
    pub(super) terms: f32,
    /// By embedding and terms, with the papers that a short history borrows from.
    pub(super) expansion: f32,
}

impl ContentParts {
    pub(super) fn total(self) -> f32 {
        self.embedding + self.terms + self.expansion
    }
}

/// A text or a history, prepared for scoring.
pub(super) struct SimilarityModel<'a> {
    target: SimilarityTarget<'a>,
    /// The weight of each feature, per standard deviation.
    weights: FeatureValues,
    standardizers: ColumnStandardizers<FEATURE_COUNT>,
    /// The features of background papers, in standard deviations.
    background_scores: Vec<FeatureValues>,
}

enum SimilarityTarget<'a> {
    Text {
        text: &'a QueryText,
        direction: LinearDiscriminant,
        question: SparseVector,
        /// Its TF-IDF vector, each weight times how rare the term is.
        term_weights: SparseVector,
    },
    History(Box<HistoryModel<'a>>),
}

impl<'a> SimilarityModel<'a> {
    /// The model of a text.
    pub(super) fn for_text(
        background: &'a Background,
        text: &'a QueryText,
        weights: &RankingWeights,
    ) -> SimilarityModel<'a> {
        let trust = background.trust();
        let whitening = background.whitening();
        let direction = LinearDiscriminant::from_whitened(whitening, whitening.whiten(text.embedding.as_slice()));
        let terms = text.text.terms();
        let question = background.corpus_stats.query_weights(terms);
        let mut term_weights = background.corpus_stats.tfidf(terms);
        term_weights.iter_mut().for_each(|(number, weight)| *weight *= background.corpus_stats.idf(*number));
        // Terms that somebody typed count in full, however small the background.
        let words = weights.words * if text.is_personal { PERSONAL_TERM_WEIGHT } else { 1.0 };
        let weights = first_features([weights.near, weights.contrast * trust, words, 0.0]);
        let target = SimilarityTarget::Text { text, direction, question, term_weights };
        SimilarityModel::new(background, target, weights)
    }

    /// The model of a history. The weights of its papers must be normalized. `is_alone` says that there is no text beside it:
    /// the unit of the scores does not matter then.
    pub(super) fn for_history(
        background: &'a Background,
        past: &'a [HistoryPaper],
        expansion: &[ExpansionPaper],
        classifier: Option<&'a TermClassifier>,
        strategy: Strategy,
        weights: &RankingWeights,
        is_alone: bool,
    ) -> SimilarityModel<'a> {
        let trust = background.trust();
        let RankingWeights { near, contrast, words, .. } = *weights;
        let prior = [near, contrast * trust, words * trust, words * trust];
        let (only, nearest) = match strategy {
            Strategy::Mean => ([1.0, 0.0, 1.0, 0.0], past.len()),
            Strategy::Nearest => ([1.0, 0.0, 1.0, 0.0], weights.nearest),
            Strategy::Classifier => ([0.0, 1.0, 0.0, 1.0], weights.nearest),
            Strategy::Auto | Strategy::Interests => ([1.0; LEARNED_COUNT], weights.nearest),
        };
        let prior = first_features(std::array::from_fn(|at| prior[at] * only[at]));
        let mixes_cosines = matches!(strategy, Strategy::Auto | Strategy::Interests);
        let feature_set = match mixes_cosines && is_alone && past.len() == 1 && classifier.is_none() {
            true => FeatureSet::Centroid,
            false => FeatureSet::All,
        };
        let history = HistoryModel::new(background, past, expansion, classifier, nearest, feature_set);
        let mut side = SimilarityModel::new(background, SimilarityTarget::History(Box::new(history)), prior);
        if strategy == Strategy::Auto {
            side.learn_weights(background);
        }
        if mixes_cosines {
            side.mix_in_cosines(background, weights);
        }
        if classifier.is_some() {
            // As much as all other features together.
            side.weights[TERM_CLASSIFIER] = side.deviation(&side.weights);
        }
        side
    }

    fn new(background: &Background, compared: SimilarityTarget<'a>, weights: FeatureValues) -> SimilarityModel<'a> {
        let usual = compared.background_features(background);
        let standardizers = ColumnStandardizers::from_rows(&usual, compared.min_deviations());
        let background_scores = usual.iter().map(|features| standardizers.z_scores(features)).collect();
        SimilarityModel { target: compared, weights, standardizers, background_scores }
    }

    /// What each of some papers has in common with the text or the history.
    pub(super) fn content_parts(&self, background: &Background, papers: &[PaperFeatures<'_>]) -> Vec<ContentParts> {
        let parts = |features| self.weighted_parts(&self.standardizers.z_scores(&features));
        self.target.features(background, papers).into_iter().map(parts).collect()
    }

    /// The same of the background papers, in their order.
    pub(super) fn background_parts(&self) -> impl Iterator<Item = ContentParts> + Clone {
        self.background_scores.iter().map(|deviations| self.weighted_parts(deviations))
    }

    /// Takes away the terms of a history of one paper, and what is known of the background papers, which is most of the
    /// memory. Whoever has the terms can still compare papers.
    pub(super) fn take_terms(&mut self) -> Vec<(u32, TermWeights)> {
        self.background_scores = Vec::new();
        match &mut self.target {
            SimilarityTarget::History(history) => history.take_terms().collect(),
            SimilarityTarget::Text { .. } => Vec::new(),
        }
    }

    /// What a paper has in common with a history of one paper, whose terms were taken away: they have so much in common.
    pub(super) fn content_parts_of_terms(
        &self,
        background: &Background,
        paper: &PaperFeatures<'_>,
        words: f32,
        sums: TermSums,
    ) -> ContentParts {
        let features = match &self.target {
            SimilarityTarget::History(history) => history.features_of_terms(paper.vector, words, sums),
            target @ SimilarityTarget::Text { .. } => target.features(background, &[*paper])[0],
        };
        self.weighted_parts(&self.standardizers.z_scores(&features))
    }

    fn weighted_parts(&self, deviations: &FeatureValues) -> ContentParts {
        let part = |at: usize| self.weights[at] * deviations[at];
        ContentParts {
            embedding: part(SIMILARITY) + part(DISCRIMINANT) + part(CENTROID),
            terms: part(TERM_SIMILARITY) + part(TERM_DISCRIMINANT) + part(TERM_CENTROID) + part(TERM_CLASSIFIER),
            expansion: part(EXPANSION) + part(TERM_EXPANSION),
        }
    }

    /// The standard deviation of the scores of background papers with these weights.
    fn deviation(&self, weights: &FeatureValues) -> f32 {
        let total = |z_scores: &FeatureValues| z_scores.iter().zip(weights).map(|(z, weight)| z * weight).sum();
        1.0 / Standardizer::from_values(self.background_scores.iter().map(total), MIN_DEVIATION).inverse_deviation()
    }

    /// Mixes a sum of plain cosines into the score: all of the score for one paper, less the more papers tell what sets
    /// the history apart. Over a library, cosines of embeddings vary several times as much as those of terms, so that
    /// equal weights of their deviations would be mostly terms. Measured: `docs/evaluation.md`.
    fn mix_in_cosines(&mut self, background: &Background, weights: &RankingWeights) {
        let SimilarityTarget::History(history) = &self.target else { return };
        let (size, trust) = (history.size(), background.trust());
        let RankingWeights { near, contrast, words, .. } = *weights;
        let (centroid, nearest, words) = (6.0 / (size + 5.0), 1.0 - 1.0 / size, words * trust * term_weight(size));
        // Two papers do not tell what sets a history apart; five tell more than half of it.
        let contrast = contrast * (1.0 - 2.0 / size).max(0.0) * trust;
        let per_unit = |norm: f32| if norm > 0.0 { 1.0 / norm } else { 0.0 };
        let mut cosines: FeatureValues = [0.0; FEATURE_COUNT];
        cosines[CENTROID] = centroid * near;
        cosines[EXPANSION] = centroid * near;
        cosines[TERM_CENTROID] = centroid * words;
        cosines[TERM_EXPANSION] = centroid * words;
        cosines[SIMILARITY] = nearest * near;
        cosines[TERM_SIMILARITY] = nearest * words;
        if let Some(discriminant) = &history.discriminant {
            cosines[DISCRIMINANT] = contrast * DISCRIMINANT_WEIGHT * per_unit(discriminant.norm());
            cosines[TERM_DISCRIMINANT] =
                contrast * TERM_DISCRIMINANT_WEIGHT * per_unit(history.term_discriminant_norm(background));
        }
        for (at, weight) in cosines.iter_mut().enumerate() {
            let scale = self.standardizers.column(at);
            *weight *= if scale.has_variance() { 1.0 / scale.inverse_deviation() } else { 0.0 };
        }
        // In the unit of the other part, so that a text beside the history counts as before.
        let unit = if history.discriminant.is_some() { self.deviation(&self.weights) } else { 1.0 };
        let scale = unit / self.deviation(&cosines);
        for (weight, cosine) in self.weights.iter_mut().zip(cosines) {
            *weight = (1.0 - centroid) * *weight + centroid * scale * cosine;
        }
    }

    /// Learns weights from the history itself: those that tell each of its papers, scored against the others, from
    /// background papers (Fisher's linear discriminant over the features). The fewer papers, the closer the weights stay
    /// to the defaults.
    fn learn_weights(&mut self, background: &Background) {
        let SimilarityTarget::History(history) = &self.target else { return };
        let count = history.papers.len();
        if count < 3 {
            return;
        }
        let step = count.div_ceil(MAX_HELD_OUT);
        let held_out: Vec<FeatureValues> = (0..count)
            .step_by(step)
            .map(|place| self.standardizers.z_scores(&history.leave_one_out(background, place)))
            .collect();
        let of_all = |of: &dyn Fn(&FeatureValues) -> f32, all: &[FeatureValues]| {
            all.iter().map(of).sum::<f32>() / all.len().max(1) as f32
        };
        let mut equations = [[0.0; LEARNED_COUNT + 1]; LEARNED_COUNT];
        for (row, equation) in equations.iter_mut().enumerate() {
            for (column, value) in equation[..LEARNED_COUNT].iter_mut().enumerate() {
                *value = of_all(&|features| features[row] * features[column], &self.background_scores);
            }
            equation[row] += RIDGE_PENALTY;
            equation[LEARNED_COUNT] = of_all(&|features| features[row], &held_out);
        }
        let mut learned = solve_positive_definite(equations).map(|weight| weight.max(0.0));
        for (learned, weight) in learned.iter_mut().zip(&self.weights) {
            *learned *= f32::from(*weight > 0.0);
        }
        let sum: f32 = learned.iter().sum();
        if sum > 0.0 {
            let used = self.weights.iter().filter(|weight| **weight > 0.0).count() as f32;
            let own = count as f32 / (count as f32 + LEARNED_HALF_SIZE);
            for (weight, learned) in self.weights.iter_mut().zip(learned) {
                *weight *= 1.0 - own + own * used * learned / sum;
            }
        }
    }

    /// How similar a paper is to the text or the history, whatever is usual.
    pub(super) fn relevance_features(&self, paper: &PaperFeatures<'_>) -> RelevanceFeatures {
        match &self.target {
            SimilarityTarget::Text { text, term_weights, .. } => RelevanceFeatures::new(
                RelevanceKind::Text,
                dot(text.embedding.as_slice(), paper.vector),
                paper.term_product(term_weights),
            ),
            SimilarityTarget::History(history) => history.relevance_features(paper),
        }
    }

    /// What each history paper contributes to the score of a paper; nothing for a text.
    pub(super) fn contributions(&self, background: &Background, paper: &PaperFeatures<'_>) -> Vec<f32> {
        let SimilarityTarget::History(history) = &self.target else { return Vec::new() };
        let (words, word_contrasts) = history.term_similarities_by_paper(paper);
        let mut contributions = vec![0.0; history.papers.len()];
        let mut add = |feature: usize, values: Vec<(usize, f32)>| {
            let scale = self.standardizers.column(feature);
            if scale.has_variance() {
                let share = self.weights[feature] * scale.inverse_deviation();
                values.into_iter().for_each(|(place, value)| contributions[place] += share * value);
                let usual = share * scale.mean();
                contributions.iter_mut().zip(&history.shares).for_each(|(sum, share)| *sum -= usual * share);
            }
        };
        let shares = || history.shares.iter().copied().enumerate();
        let cosines = history.cosines(paper.vector);
        let centroid =
            cosines.iter().zip(&history.shares).map(|(cosine, share)| share * cosine / history.centroid.norm);
        add(CENTROID, centroid.enumerate().collect());
        let values = history.features(background, &[*paper])[0];
        // What expansion papers add, the history has found: each of its papers has its share.
        for feature in [EXPANSION, TERM_EXPANSION] {
            add(feature, shares().map(|(place, share)| (place, share * values[feature])).collect());
        }
        let of_terms = words.iter().zip(&history.shares).map(|(words, share)| words * share / history.term_norm);
        add(TERM_CENTROID, of_terms.enumerate().collect());
        add(
            SIMILARITY,
            top_k_mean_parts(history.similarities(paper.vector).into_iter(), history.nearest_count).collect(),
        );
        if self.weights[DISCRIMINANT] > 0.0 {
            let white = background.whitening().whiten(paper.vector);
            let contrasts =
                history.whitened.iter().zip(&history.shares).map(|(other, share)| share * dot(other, &white));
            add(DISCRIMINANT, contrasts.enumerate().collect());
        }
        let words = history.papers.iter().zip(words).map(|(past, words)| past.weight * words);
        add(TERM_SIMILARITY, top_k_mean_parts(words, history.nearest_count).collect());
        let contrasts = word_contrasts.into_iter().zip(&history.shares);
        add(
            TERM_DISCRIMINANT,
            contrasts.map(|(common, share)| share * (common - paper.norm.background_overlap)).enumerate().collect(),
        );
        contributions
    }

    /// Each history paper's part of the whole; nothing for a text.
    pub(super) fn history_shares(&self) -> &[f32] {
        match &self.target {
            SimilarityTarget::History(history) => &history.shares,
            SimilarityTarget::Text { .. } => &[],
        }
    }

    /// The cosine of a unit vector with each history paper; nothing for a text.
    pub(super) fn history_cosines(&self, vector: &[f32]) -> Vec<f32> {
        match &self.target {
            SimilarityTarget::History(history) => history.cosines(vector),
            SimilarityTarget::Text { .. } => Vec::new(),
        }
    }

    /// Unit vectors near which papers with high scores are: the linear discriminant, then the text, or the history papers
    /// that differ most from each other.
    pub(super) fn retrieval_vectors(&self) -> Vec<Vec<f32>> {
        let direction = match &self.target {
            SimilarityTarget::Text { direction, .. } => Some(direction),
            SimilarityTarget::History(history) => history.discriminant.as_ref(),
        };
        let contrast = direction.filter(|_| self.weights[DISCRIMINANT] > 0.0);
        let contrast = contrast.and_then(LinearDiscriminant::unit_direction);
        let centroid = match &self.target {
            SimilarityTarget::History(history) if self.weights[CENTROID] > 0.0 => Some(history.centroid.vector()),
            _ => None,
        };
        let near: Vec<Vec<f32>> = match &self.target {
            SimilarityTarget::Text { text, .. } => vec![text.embedding.as_slice().to_vec()],
            SimilarityTarget::History(history) => {
                farthest_first(&history.embeddings, MAX_RETRIEVAL_VECTORS).into_iter().map(<[f32]>::to_vec).collect()
            }
        };
        centroid.into_iter().chain(contrast).chain(near).collect()
    }
}

impl SimilarityTarget<'_> {
    /// The smallest standard deviation of each feature: terms that no background paper has must not count without bound.
    fn min_deviations(&self) -> FeatureValues {
        match self {
            SimilarityTarget::Text { question, .. } => {
                let norm = question.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
                first_features([MIN_DEVIATION, 0.0, 0.05 * norm, 0.0])
            }
            SimilarityTarget::History(_) => {
                let least = MIN_DEVIATION;
                [least, 0.0, least, least, least, least, 0.0, 0.0, 0.0]
            }
        }
    }

    /// The features of all background papers: terms are compared by posting, not by paper.
    fn background_features(&self, background: &Background) -> Vec<FeatureValues> {
        match self {
            SimilarityTarget::Text { text, direction, question, .. } => {
                let words = background.bm25(question).into_iter();
                let near = |vector: &[f32]| dot(text.embedding.as_slice(), vector);
                let features = |(vector, words)| first_features([near(vector), direction.score(vector), words, 0.0]);
                background.vectors().zip(words).map(features).collect()
            }
            SimilarityTarget::History(history) => history.background_features(background),
        }
    }

    /// The features of some papers, in their order.
    fn features(&self, background: &Background, papers: &[PaperFeatures<'_>]) -> Vec<FeatureValues> {
        match self {
            SimilarityTarget::Text { text, direction, question, .. } => {
                let features = |paper: &PaperFeatures<'_>| {
                    first_features([
                        dot(text.embedding.as_slice(), paper.vector),
                        direction.score(paper.vector),
                        background.corpus_stats.bm25(question, paper.terms),
                        0.0,
                    ])
                };
                papers.iter().map(features).collect()
            }
            SimilarityTarget::History(history) => history.features(background, papers),
        }
    }
}

/// At most `most` of the vectors: the first one, then each time the one least similar to those taken (Gonzalez 1985); ties
/// go to the first.
fn farthest_first<'a>(vectors: &[&'a [f32]], most: usize) -> Vec<&'a [f32]> {
    if vectors.len() <= most {
        return vectors.to_vec();
    }
    let mut taken = vec![vectors[0]];
    let mut nearest = vec![f32::NEG_INFINITY; vectors.len()];
    let mut cosines = Vec::with_capacity(vectors.len());
    while taken.len() < most {
        cosines.clear();
        dots(taken[taken.len() - 1], vectors, &mut cosines);
        nearest.iter_mut().zip(&cosines).for_each(|(nearest, cosine)| *nearest = nearest.max(*cosine));
        let next = (0..vectors.len()).min_by(|a, b| nearest[*a].total_cmp(&nearest[*b])).expect("there are vectors");
        taken.push(vectors[next]);
    }
    taken
}

/// Solves linear equations with a positive definite matrix by Gauss's elimination.
fn solve_positive_definite(mut equations: [[f32; LEARNED_COUNT + 1]; LEARNED_COUNT]) -> [f32; LEARNED_COUNT] {
    for pivot in 0..LEARNED_COUNT {
        let equation = equations[pivot].map(|value| value / equations[pivot][pivot]);
        equations[pivot] = equation;
        for (_, other) in equations.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let times = other[pivot];
            other.iter_mut().zip(equation).for_each(|(value, of_pivot)| *value -= times * of_pivot);
        }
    }
    equations.map(|equation| equation[LEARNED_COUNT])
}

#[cfg(test)]
mod tests;
