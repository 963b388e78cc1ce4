//! A question's terms and what each of them weighs.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::{AnalyzedText, TermVector, tf_factor};

/// The terms that papers are scored by: of a text, or of a reading history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermQuery {
    /// Terms and weights, sorted by term.
    terms: Vec<(String, f32)>,
}

/// A term of weighted texts.
struct WeightedTerm<'a> {
    number: u32,
    weight: f32,
    /// The first text that has it.
    text: &'a AnalyzedText,
}

impl TermQuery {
    /// The terms of weighted texts together, at most `most` of them: those that weigh most, times how rare they are; ties go
    /// to the first in the alphabet. Each text counts by its weight, however long it is; within a text a term counts by the
    /// logarithm of its occurrences. `rarity` is asked for the numbers of terms.
    pub fn from_weighted<'a>(
        texts: impl IntoIterator<Item = (&'a AnalyzedText, f32)>,
        most: usize,
        rarity: impl Fn(u32) -> f32,
    ) -> TermQuery {
        let mut places: FxHashMap<u32, usize> = FxHashMap::default();
        let mut terms: Vec<WeightedTerm<'a>> = Vec::new();
        for (text, weight) in texts {
            let all: f32 = text.terms().counts().map(|(_, count)| tf_factor(count)).sum();
            for (number, count) in text.terms().counts() {
                let place = *places.entry(number).or_insert(terms.len());
                if place == terms.len() {
                    terms.push(WeightedTerm { number, weight: 0.0, text });
                }
                terms[place].weight += weight * tf_factor(count) / all;
            }
        }
        if most == 0 {
            terms.clear();
        }
        // Positive numbers are in the order of their bits.
        let mut terms: Vec<(u32, WeightedTerm<'a>)> =
            terms.into_iter().map(|term| ((term.weight * rarity(term.number)).to_bits(), term)).collect();
        if (1..terms.len()).contains(&most) {
            // Those that tie with the last have to be spelled too.
            let (_, (least, _), _) = terms.select_nth_unstable_by_key(most - 1, |(key, _)| Reverse(*key));
            let least = *least;
            terms.retain(|(key, _)| *key >= least);
        }
        let mut spelled = spelled(terms);
        spelled.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        spelled.truncate(most);
        let mut terms: Vec<(String, f32)> = spelled.into_iter().map(|(_, term, weight)| (term, weight)).collect();
        terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        TermQuery { terms }
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

/// The terms as they are spelled, with their keys and weights.
fn spelled(terms: Vec<(u32, WeightedTerm<'_>)>) -> Vec<(u32, String, f32)> {
    let mut spelling: FxHashMap<u32, Option<String>> = terms.iter().map(|(_, term)| (term.number, None)).collect();
    for (_, WeightedTerm { number, text, .. }) in &terms {
        // One text has many of the terms of a history: few texts are read.
        if spelling.get(number).is_some_and(Option::is_none) {
            text.add_spelling(&mut spelling);
        }
    }
    let spelled = |(key, WeightedTerm { number, weight, .. }): (u32, WeightedTerm<'_>)| {
        Some((key, spelling.get_mut(&number)?.take()?, weight))
    };
    terms.into_iter().filter_map(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(texts: &[(&str, f32)], most: usize, rarity: impl Fn(u32) -> f32) -> String {
        let texts: Vec<(AnalyzedText, f32)> =
            texts.iter().map(|(text, weight)| (AnalyzedText::new((*text).to_owned()), *weight)).collect();
        let query = TermQuery::from_weighted(texts.iter().map(|(text, weight)| (text, *weight)), most, rarity);
        let terms = query.terms.iter().map(|(term, weight)| format!("{term} {weight:.2}"));
        terms.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn each_text_counts_by_its_weight_however_long_it_is() {
        let texts = [("robots walk", 1.0), ("robots grasp cups and plates", 0.5)];
        assert_eq!(query(&texts, 9, |_| 1.0), "cup 0.12, grasp 0.12, plate 0.12, robot 0.62, walk 0.50");
        assert_eq!(query(&[], 9, |_| 1.0), "");
    }

    #[test]
    fn the_terms_that_weigh_most_are_left_and_ties_go_to_the_alphabet() {
        let texts = [("zebras robots apes", 1.0), ("robots", 1.0)];
        assert_eq!(query(&texts, 2, |_| 1.0), "ape 0.33, robot 1.33");
        assert_eq!(query(&texts, 0, |_| 1.0), "");
        let rare = |number| if number == TermVector::term_id("zebra") { 9.0 } else { 1.0 };
        assert_eq!(query(&texts, 1, rare), "zebra 0.33");
    }
}
