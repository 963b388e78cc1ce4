//! A text or a reading history, and what papers have in common with it.

use super::background::{Background, Seen};
use super::history::{History, top};
use super::scale::Scale;
use super::score::{Strategy, Weights};
use super::spread::Direction;
use super::taste::{Past, Text};
use crate::lexical::{Bag, Sparse};
use crate::vector::dot;

/// What a candidate is compared by.
pub(super) const FEATURES: usize = 4;
/// Similarity of embeddings: to the text, or the mean to the nearest papers of the history.
const NEAR: usize = 0;
/// What the embedding has of what sets the text or the history apart from ordinary papers.
const CONTRAST: usize = 1;
/// Similarity of words: BM25 of the text, or the mean to the nearest papers of the history.
const WORDS: usize = 2;
/// What the words have of what sets the history apart from ordinary papers.
const WORD_CONTRAST: usize = 3;

/// How many papers of a history it takes for half of the weights to be those that tell its own papers from others.
const LEARNING: f32 = 5.0;
/// What is added to the correlations of features, so that weights are not made of small differences between them.
const RIDGE: f32 = 1.0;
/// Papers of a history that candidates are looked for around, at most.
const MOST_ATTRACTIONS: usize = 32;
/// At most so many papers of a history are held out to learn from.
const HELD_OUT: usize = 200;

/// Values of all features.
pub(super) type Features = [f32; FEATURES];

/// One side of a question: how papers compare with it, beside ordinary ones.
pub(super) struct Side<'a> {
    compared: Compared<'a>,
    /// What each feature counts, for each deviation from what is usual.
    weights: Features,
    scales: [Scale; FEATURES],
    /// The deviations of ordinary papers.
    usual: Vec<Features>,
}

enum Compared<'a> {
    Text { text: &'a Text, direction: Direction, question: Sparse },
    History(History<'a>),
}

impl<'a> Side<'a> {
    /// A text's.
    pub(super) fn text(background: &'a Background, text: &'a Text, weights: &Weights) -> Side<'a> {
        let trust = background.trust();
        let direction = Direction::of(&background.spread, background.spread.whiten(text.embedding.as_slice()));
        let question = background.usage.question(&Bag::from(&text.terms));
        // Words that somebody chose count in full.
        let weights = [weights.near, weights.contrast * trust, weights.words, 0.0];
        Side::new(background, Compared::Text { text, direction, question }, weights)
    }

    /// A history's, which has papers whose weights are balanced.
    pub(super) fn history(
        background: &'a Background,
        past: &'a [Past],
        strategy: Strategy,
        weights: &Weights,
    ) -> Side<'a> {
        let trust = background.trust();
        let Weights { near, contrast, words, .. } = *weights;
        let prior = [near, contrast * trust, words * trust, words * trust];
        let (only, nearest) = match strategy {
            Strategy::Mean => ([1.0, 0.0, 1.0, 0.0], past.len()),
            Strategy::Nearest => ([1.0, 0.0, 1.0, 0.0], weights.nearest),
            Strategy::Classifier => ([0.0, 1.0, 0.0, 1.0], weights.nearest),
            Strategy::Auto | Strategy::Interests => ([1.0; FEATURES], weights.nearest),
        };
        let prior = std::array::from_fn(|at| prior[at] * only[at]);
        let history = History::new(background, past, nearest);
        let mut side = Side::new(background, Compared::History(history), prior);
        if strategy == Strategy::Auto {
            side.learn();
        }
        side
    }

    fn new(background: &Background, compared: Compared<'a>, weights: Features) -> Side<'a> {
        let usual = compared.usual(background);
        let least = compared.least_deviations();
        let scales = std::array::from_fn(|at| Scale::of(usual.iter().map(|features| features[at]), least[at]));
        let mut side = Side { compared, weights, scales, usual: Vec::new() };
        side.usual = usual.iter().map(|features| side.deviations(features)).collect();
        side
    }

    fn deviations(&self, features: &Features) -> Features {
        std::array::from_fn(|at| self.scales[at].deviations(features[at]))
    }

    /// What a paper's embedding and its words count.
    pub(super) fn parts(&self, background: &Background, paper: &Seen<'_>) -> [f32; 2] {
        self.weighted(&self.deviations(&self.compared.features(background, paper)))
    }

    /// The parts of the ordinary papers, in the background's order.
    pub(super) fn usual_parts(&self) -> impl Iterator<Item = [f32; 2]> + Clone {
        self.usual.iter().map(|deviations| self.weighted(deviations))
    }

    fn weighted(&self, deviations: &Features) -> [f32; 2] {
        let part = |at: usize| self.weights[at] * deviations[at];
        [part(NEAR) + part(CONTRAST), part(WORDS) + part(WORD_CONTRAST)]
    }

    /// Learns weights from the history itself: those that tell each of its papers, compared with the others, from
    /// ordinary ones (Fisher's linear discriminant over the features). The fewer papers, the nearer they stay to what
    /// they are for everybody.
    fn learn(&mut self) {
        let Compared::History(history) = &self.compared else { return };
        let count = history.past.len();
        if count < 3 {
            return;
        }
        let step = count.div_ceil(HELD_OUT);
        let held_out: Vec<Features> =
            (0..count).step_by(step).map(|place| self.deviations(&history.without(place))).collect();
        let of_all =
            |of: &dyn Fn(&Features) -> f32, all: &[Features]| all.iter().map(of).sum::<f32>() / all.len().max(1) as f32;
        let mut equations = [[0.0; FEATURES + 1]; FEATURES];
        for (row, equation) in equations.iter_mut().enumerate() {
            for (column, value) in equation[..FEATURES].iter_mut().enumerate() {
                *value = of_all(&|features| features[row] * features[column], &self.usual);
            }
            equation[row] += RIDGE;
            equation[FEATURES] = of_all(&|features| features[row], &held_out);
        }
        let mut learnt = solve(equations).map(|weight| weight.max(0.0));
        for (learnt, weight) in learnt.iter_mut().zip(&self.weights) {
            *learnt *= f32::from(*weight > 0.0);
        }
        let sum: f32 = learnt.iter().sum();
        if sum > 0.0 {
            let used = self.weights.iter().filter(|weight| **weight > 0.0).count() as f32;
            let own = count as f32 / (count as f32 + LEARNING);
            for (weight, learnt) in self.weights.iter_mut().zip(learnt) {
                *weight *= 1.0 - own + own * used * learnt / sum;
            }
        }
    }

    /// What each paper of a history adds to a paper's parts; nothing for a text.
    pub(super) fn contributions(&self, background: &Background, paper: &Seen<'_>) -> Vec<f32> {
        let Compared::History(history) = &self.compared else { return Vec::new() };
        let white = background.spread.whiten(paper.vector);
        let (words, word_contrasts) = history.words_by_paper(paper.words);
        let mut contributions = vec![0.0; history.past.len()];
        let mut add = |feature: usize, values: Vec<(usize, f32)>| {
            let scale = self.scales[feature];
            if scale.deviates() {
                let share = self.weights[feature] * scale.per_deviation();
                values.into_iter().for_each(|(place, value)| contributions[place] += share * value);
                let usual = share * scale.mean();
                contributions.iter_mut().zip(&history.shares).for_each(|(sum, share)| *sum -= usual * share);
            }
        };
        add(NEAR, top(history.near(paper.vector), history.nearest).collect());
        let contrasts = history.white.iter().zip(&history.shares).map(|(other, share)| share * dot(other, &white));
        add(CONTRAST, contrasts.enumerate().collect());
        let words = history.past.iter().zip(words).map(|(past, words)| past.weight * words);
        add(WORDS, top(words, history.nearest).collect());
        let contrasts = word_contrasts.into_iter().zip(&history.shares);
        add(
            WORD_CONTRAST,
            contrasts.map(|(common, share)| share * (common - paper.words.ordinariness)).enumerate().collect(),
        );
        contributions
    }

    /// Unit vectors that papers of this side's are near to: what sets it apart, the text, and of the history's papers those
    /// that differ most.
    pub(super) fn attractions(&self) -> Vec<Vec<f32>> {
        let (Compared::Text { direction, .. } | Compared::History(History { direction, .. })) = &self.compared;
        let contrast = direction.unit();
        let near: Vec<Vec<f32>> = match &self.compared {
            Compared::Text { text, .. } => vec![text.embedding.as_slice().to_vec()],
            Compared::History(history) => {
                let all: Vec<&[f32]> = history.past.iter().map(|past| past.embedding.as_slice()).collect();
                different(&all, MOST_ATTRACTIONS).into_iter().map(<[f32]>::to_vec).collect()
            }
        };
        contrast.into_iter().chain(near).collect()
    }
}

impl Compared<'_> {
    /// What a deviation is at least: words that no ordinary paper has are no less telling for it.
    fn least_deviations(&self) -> Features {
        match self {
            Compared::Text { question, .. } => {
                let norm = question.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
                [0.003, 0.0, 0.05 * norm, 0.0]
            }
            Compared::History(_) => [0.003, 0.0, 0.003, 0.003],
        }
    }

    /// The features of all ordinary papers: words are compared by term, not by paper.
    fn usual(&self, background: &Background) -> Vec<Features> {
        match self {
            Compared::Text { text, direction, question } => {
                let words = background.bm25(question).into_iter();
                let near = |paper: Seen<'_>| dot(text.embedding.as_slice(), paper.vector);
                let features = |(paper, words)| [near(paper), direction.product(paper.vector), words, 0.0];
                background.papers().zip(words).map(features).collect()
            }
            Compared::History(history) => history.usual(background),
        }
    }

    fn features(&self, background: &Background, paper: &Seen<'_>) -> Features {
        match self {
            Compared::Text { text, direction, question } => [
                dot(text.embedding.as_slice(), paper.vector),
                direction.product(paper.vector),
                background.usage.bm25(question, paper.text),
                0.0,
            ],
            Compared::History(history) => history.features(paper),
        }
    }
}

/// At most `most` of the vectors: the first one, and always the one that is least like those taken (Gonzalez 1985); ties
/// go to the first.
fn different<'a>(vectors: &[&'a [f32]], most: usize) -> Vec<&'a [f32]> {
    if vectors.len() <= most {
        return vectors.to_vec();
    }
    let mut taken = vec![vectors[0]];
    let mut nearest = vec![f32::NEG_INFINITY; vectors.len()];
    while taken.len() < most {
        let last = taken[taken.len() - 1];
        nearest.iter_mut().zip(vectors).for_each(|(nearest, other)| *nearest = nearest.max(dot(last, other)));
        let next = (0..vectors.len()).min_by(|a, b| nearest[*a].total_cmp(&nearest[*b])).expect("there are vectors");
        taken.push(vectors[next]);
    }
    taken
}

/// Solves linear equations with a positive definite matrix by Gauss's elimination.
fn solve(mut equations: [[f32; FEATURES + 1]; FEATURES]) -> Features {
    for pivot in 0..FEATURES {
        let equation = equations[pivot].map(|value| value / equations[pivot][pivot]);
        equations[pivot] = equation;
        for (_, other) in equations.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let times = other[pivot];
            other.iter_mut().zip(equation).for_each(|(value, of_pivot)| *value -= times * of_pivot);
        }
    }
    equations.map(|equation| equation[FEATURES])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lexical::Terms;
    use crate::vector::{Embedding, Vectors};

    #[test]
    fn equations_by_hand() {
        let mut equations = [[0.0; 5]; 4];
        for (row, equation) in equations.iter_mut().enumerate() {
            equation[row] = 2.0;
            equation[4] = row as f32;
        }
        equations[0][1] = 1.0;
        equations[1][0] = 1.0;
        let solved = solve(equations);
        let expected = [-1.0 / 3.0, 2.0 / 3.0, 1.0, 1.5];
        assert!(solved.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{solved:?}");
    }

    #[test]
    fn ordinary_papers_have_the_features_of_any_paper() {
        let texts = ["graph network", "network words words", "zebra graph zebra", "tree of words"];
        let embedding = |x: f32| Embedding::normalize(vec![x, 1.0 - x, x * x]).expect("a vector");
        let mut vectors = Vectors::with_capacity(3, texts.len());
        (0..texts.len()).for_each(|at| vectors.push(&embedding(at as f32 / 4.0)));
        let background = Background::new(vectors, texts.map(|text| Arc::new(Bag::of(text))).to_vec());
        let past = |title: &str, x, weight| Past {
            id: None,
            title: title.to_owned(),
            embedding: embedding(x),
            terms: Terms::of(title),
            weight,
            interest: None,
        };
        let history = [past("zebra words", 0.3, 1.0), past("graph of graphs", 0.8, 0.5)];
        let text = Text { embedding: embedding(0.6), terms: Terms::of("words of zebra zebra unknown") };
        let weights = Weights::default();
        let sides =
            [Side::text(&background, &text, &weights), Side::history(&background, &history, Strategy::Auto, &weights)];
        for side in sides {
            for (paper, usual) in background.papers().zip(side.compared.usual(&background)) {
                let features = side.compared.features(&background, &paper);
                assert!(features.iter().zip(usual).all(|(a, b)| (a - b).abs() < 1e-6), "{features:?} {usual:?}");
            }
        }
    }
}
