//! A question's terms and what each of them weighs.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::{TermCounts, TermVector, tf_factor};

/// The terms that papers are scored by: of a text, or of a reading history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermQuery {
    /// Terms and weights, sorted by term.
    terms: Vec<(String, f32)>,
}

impl TermQuery {
    /// The terms of weighted texts together, at most `most` of them: those that weigh most, times how rare they are. Each
    /// text counts by its weight, however long it is; within a text a term counts by the logarithm of its occurrences.
    pub fn from_weighted<'a>(
        texts: impl IntoIterator<Item = (&'a TermCounts, f32)>,
        most: usize,
        rarity: impl Fn(&str) -> f32,
    ) -> TermQuery {
        let mut sum: FxHashMap<&str, f32> = FxHashMap::default();
        for (terms, weight) in texts {
            let mut counts: Vec<(&str, f32)> = terms.counts().map(|(term, count)| (term, tf_factor(count))).collect();
            counts.sort_unstable_by_key(|(term, _)| *term);
            let all: f32 = counts.iter().map(|(_, count)| count).sum();
            counts.iter().for_each(|(term, count)| *sum.entry(term).or_default() += weight * count / all);
        }
        let mut terms: Vec<(&str, f32)> = sum.into_iter().collect();
        if terms.len() > most {
            // Positive numbers are in the order of their bits.
            terms.sort_by_cached_key(|(term, weight)| (Reverse((weight * rarity(term)).to_bits()), *term));
            terms.truncate(most);
        }
        terms.sort_unstable_by_key(|(term, _)| *term);
        TermQuery { terms: terms.into_iter().map(|(term, weight)| (term.to_owned(), weight)).collect() }
    }

    /// The terms in ascending order.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(term, _)| term.as_str())
    }

    /// The numbers of the terms, each with what it weighs, in the same order.
    pub(crate) fn numbers(&self) -> Vec<(u32, f32)> {
        self.terms.iter().map(|(term, weight)| (TermVector::term_id(term), *weight)).collect()
    }

    /// What the terms weigh, in the same order.
    pub(super) fn weights(&self) -> impl Iterator<Item = f32> {
        self.terms.iter().map(|(_, weight)| *weight)
    }
}
