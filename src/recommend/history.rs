//! A reading history, and what papers have in common with it: nearness and contrast, of embeddings and of words.

use super::background::{Background, Seen, Words};
use super::side::Features;
use super::spread::Direction;
use super::taste::Past;
use crate::lexical::{Bag, ByTerm, Sparse};
use crate::vector::dot;

/// A reading history, prepared for comparison.
pub(super) struct History<'a> {
    pub(super) past: &'a [Past],
    /// Each paper's part of the whole.
    pub(super) shares: Vec<f32>,
    pub(super) white: Vec<Vec<f32>>,
    words: Vec<Words>,
    pub(super) direction: Direction,
    terms: ByTerm<Term>,
    pub(super) nearest: usize,
}

/// A term of a history.
#[derive(Default)]
struct Term {
    /// What it counts in a contrast.
    contrast: f32,
    precision: f32,
    /// The papers that have it, and what it weighs in each.
    papers: Vec<(u32, f32)>,
}

impl<'a> History<'a> {
    pub(super) fn new(background: &Background, past: &'a [Past], nearest: usize) -> History<'a> {
        let sum: f32 = past.iter().map(|past| past.weight).sum();
        let shares: Vec<f32> = past.iter().map(|past| past.weight / sum).collect();
        let white: Vec<Vec<f32>> =
            past.iter().map(|past| background.spread.whiten(past.embedding.as_slice())).collect();
        let mut mean = vec![0.0; background.spread.mean().len()];
        for (white, share) in white.iter().zip(&shares) {
            mean.iter_mut().zip(white).for_each(|(mean, x)| *mean += share * x);
        }
        let words: Vec<Words> = past.iter().map(|past| background.words(&Bag::from(&past.terms))).collect();
        let mut terms: ByTerm<Term> = ByTerm::default();
        for (place, (words, share)) in words.iter().zip(&shares).enumerate() {
            for (number, weight) in &words.vector {
                let term = terms.entry(*number).or_default();
                term.precision = background.usage.precision(*number);
                term.contrast += share * weight * term.precision;
                term.papers.push((place as u32, *weight));
            }
        }
        History { past, shares, white, words, direction: Direction::of(&background.spread, mean), terms, nearest }
    }

    pub(super) fn features(&self, paper: &Seen<'_>) -> Features {
        let (words, contrast) = self.words_in_common(paper.words);
        self.of(paper, words.into_iter(), contrast)
    }

    pub(super) fn usual(&self, background: &Background) -> Vec<Features> {
        let words: Vec<Vec<f32>> = self.words.iter().map(|words| background.in_common(&words.vector)).collect();
        let mut terms: Sparse = self.terms.iter().map(|(number, term)| (*number, term.contrast)).collect();
        terms.sort_unstable_by_key(|(number, _)| *number);
        let contrasts = background.in_common(&terms);
        let features = |(at, paper): (usize, Seen<'_>)| {
            let similarities = words.iter().map(|of_past| of_past[at]);
            self.of(&paper, similarities, contrasts[at] - paper.words.ordinariness)
        };
        background.papers().enumerate().map(features).collect()
    }

    /// The features of a paper whose words have so much in common with each paper of the history, and with the contrast.
    fn of(&self, paper: &Seen<'_>, words: impl Iterator<Item = f32>, contrast: f32) -> Features {
        let words = self.past.iter().zip(words).map(|(past, words)| past.weight * words);
        let near = mean_of_top(self.near(paper.vector), self.nearest);
        [near, self.direction.product(paper.vector), mean_of_top(words, self.nearest), contrast]
    }

    /// The similarity to each paper, as much as it weighs.
    pub(super) fn near(&self, vector: &[f32]) -> impl Iterator<Item = f32> {
        self.past.iter().map(|past| past.weight * dot(past.embedding.as_slice(), vector))
    }

    /// The similarity of words to each paper, and the contrast.
    fn words_in_common(&self, words: &Words) -> (Vec<f32>, f32) {
        let mut similarities = vec![0.0; self.past.len()];
        let mut contrast = -words.ordinariness;
        for (number, weight) in &words.vector {
            if let Some(term) = self.terms.get(number) {
                contrast += weight * term.contrast;
                term.papers.iter().for_each(|(place, other)| similarities[*place as usize] += weight * other);
            }
        }
        (similarities, contrast)
    }

    /// The similarity of words to each paper, plain and as it counts in a contrast.
    pub(super) fn words_by_paper(&self, words: &Words) -> (Vec<f32>, Vec<f32>) {
        let (mut plain, mut contrasts) = (vec![0.0; self.past.len()], vec![0.0; self.past.len()]);
        for (number, weight) in &words.vector {
            let Some(term) = self.terms.get(number) else { continue };
            for (place, other) in &term.papers {
                plain[*place as usize] += weight * other;
                contrasts[*place as usize] += weight * other * term.precision;
            }
        }
        (plain, contrasts)
    }

    /// The features of a paper of the history, compared with all others of it.
    pub(super) fn without(&self, place: usize) -> Features {
        let (paper, words, share) = (&self.past[place], &self.words[place], self.shares[place]);
        let others = |value: f32, at: usize| if at == place { f32::NEG_INFINITY } else { value };
        let near = self.near(paper.embedding.as_slice()).enumerate().map(|(at, near)| others(near, at));
        let nearest = self.nearest.min(self.past.len() - 1);
        let own = dot(&self.white[place], &self.white[place]);
        let contrast = (self.direction.product(paper.embedding.as_slice()) - share * own) / (1.0 - share);
        let (similarities, word_contrast) = self.words_in_common(words);
        let own: f32 = words.vector.iter().map(|(number, x)| x * x * self.terms[number].precision).sum();
        let word_contrast = (word_contrast + words.ordinariness - share * own) / (1.0 - share) - words.ordinariness;
        let similar = self.past.iter().zip(similarities).enumerate();
        let similar = similar.map(|(at, (past, words))| others(past.weight * words, at));
        [mean_of_top(near, nearest), contrast, mean_of_top(similar, nearest), word_contrast]
    }
}

/// The `count` largest values with their places, each divided by `count`; ties go to the first.
pub(super) fn top(values: impl Iterator<Item = f32>, count: usize) -> impl Iterator<Item = (usize, f32)> {
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
fn mean_of_top(values: impl Iterator<Item = f32>, count: usize) -> f32 {
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
        assert_eq!(mean_of_top([0.5, 0.125, 1.0, 0.75].into_iter(), 2), 0.875);
        assert_eq!(mean_of_top([0.5].into_iter(), 3), 0.5);
        assert_eq!(top([0.5, 0.9, 0.9].into_iter(), 1).collect::<Vec<_>>(), [(1, 0.9)]);
    }
}
