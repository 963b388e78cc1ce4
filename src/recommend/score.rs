//! The score of a candidate: parts that add up, and the history behind it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::taste::{Past, Taste, days_between};
use crate::paper::Facts;
use crate::vector::dot;

/// The constants of the ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// How many of the nearest history papers a candidate is compared with. The mean of the 3 nearest ranks papers
    /// better for their readers than the mean of the whole history or the nearest alone: `docs/evaluation.md`.
    pub nearest: usize,
    /// What a candidate gains that has all of the question's words, in full: `docs/evaluation.md`.
    pub words: f32,
    /// What similarity to disliked papers takes away, for each unit of it.
    pub disliked: f32,
    /// What a paper of today gains; half of it after `recency_half_life_days`.
    pub recency: f32,
    /// What a paper with `many_votes` gains; fewer votes gain by their logarithm.
    pub votes: f32,
    /// Days after which a paper's recency is half.
    pub recency_half_life_days: f64,
    /// The number of votes from which on more add nothing: one in a hundred Daily Papers has more than 200.
    pub many_votes: u32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            nearest: 3,
            words: 1.5,
            disliked: 0.5,
            recency: 0.0,
            votes: 0.0,
            recency_half_life_days: 30.0,
            many_votes: 200,
        }
    }
}

/// The parts of a score: they add up to it. Parts that play no role are left out in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// Similarity to the text asked for.
    #[serde(skip_serializing_if = "is_zero")]
    pub text: f32,
    /// Similarity to the history.
    #[serde(skip_serializing_if = "is_zero")]
    pub liked: f32,
    /// For words of the text and of the history.
    #[serde(skip_serializing_if = "is_zero")]
    pub words: f32,
    /// Similarity to what was disliked: 0 or less.
    #[serde(skip_serializing_if = "is_zero")]
    pub disliked: f32,
    /// For being new.
    #[serde(skip_serializing_if = "is_zero")]
    pub recency: f32,
    /// For its votes.
    #[serde(skip_serializing_if = "is_zero")]
    pub votes: f32,
    /// For being like papers further up in the list: 0 or less.
    #[serde(skip_serializing_if = "is_zero")]
    pub diversity: f32,
}

fn is_zero(number: &f32) -> bool {
    *number == 0.0
}

impl Parts {
    /// The score.
    pub fn total(&self) -> f32 {
        self.text + self.liked + self.words + self.disliked + self.recency + self.votes + self.diversity
    }

    /// Names and values of the parts that play a role.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f32)> {
        let Parts { text, liked, words, disliked, recency, votes, diversity } = *self;
        let all = [
            ("text", text),
            ("liked", liked),
            ("words", words),
            ("disliked", disliked),
            ("recency", recency),
            ("votes", votes),
            ("diversity", diversity),
        ];
        all.into_iter().filter(|(_, value)| *value != 0.0)
    }
}

/// A paper that may be recommended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Candidate<'a> {
    /// Its unit vector.
    pub vector: &'a [f32],
    /// What it has of the words of the text, and of those of the papers liked: each 0 to 1, added up.
    pub words: f32,
    /// What else is known of it.
    pub facts: Facts,
}

/// A history paper's share in a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Its place in [`Taste::liked`].
    pub liked: usize,
    /// What it adds to [`Parts::liked`].
    pub amount: f32,
}

/// A candidate's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The parts.
    pub parts: Parts,
    /// The history papers that it is nearest to, largest contribution first: they add up to `parts.liked`.
    pub because: Vec<Contribution>,
}

/// Scores one candidate on a given day. With a text and a history each counts half. The weights of the taste must be
/// [`Taste::balanced`].
pub fn score(taste: &Taste, weights: &Weights, candidate: &Candidate<'_>, today: Date) -> Scored {
    let Candidate { vector, words, facts } = *candidate;
    let halves = if taste.text.is_some() && !taste.liked.is_empty() { 0.5 } else { 1.0 };
    let because = nearest(&taste.liked, weights.nearest, vector, halves, f32::NEG_INFINITY);
    let against = nearest(&taste.disliked, weights.nearest, vector, weights.disliked, 0.0);
    let sum = |contributions: &[Contribution]| contributions.iter().map(|c| c.amount).sum::<f32>();
    let parts = Parts {
        text: taste.text.as_ref().map_or(0.0, |text| halves * dot(text.embedding.as_slice(), vector)),
        liked: sum(&because),
        words: weights.words * halves * words,
        disliked: 0.0 - sum(&against),
        recency: weights.recency * recency(facts.date, today, weights.recency_half_life_days),
        votes: weights.votes * popularity(facts.votes, weights.many_votes),
        diversity: 0.0,
    };
    Scored { parts, because }
}

/// The mean of the nearest papers' weighted similarities, times `scale`, as one contribution for each of them.
/// Similarities below `floor` count as `floor`.
fn nearest(past: &[Past], most: usize, vector: &[f32], scale: f32, floor: f32) -> Vec<Contribution> {
    let similarity = |past: &Past| past.weight * dot(past.embedding.as_slice(), vector).max(floor);
    let mut all: Vec<Contribution> =
        past.iter().enumerate().map(|(liked, past)| Contribution { liked, amount: similarity(past) }).collect();
    let count = most.min(all.len());
    let order = |a: &Contribution, b: &Contribution| b.amount.total_cmp(&a.amount).then(a.liked.cmp(&b.liked));
    if count > 0 && count < all.len() {
        all.select_nth_unstable_by(count - 1, order);
    }
    all.truncate(count);
    all.sort_unstable_by(order);
    all.iter_mut().for_each(|contribution| contribution.amount *= scale / count as f32);
    all
}

/// 1 for a paper of today, half of it after each half-life, 0 without a date.
fn recency(date: Option<Date>, today: Date, half_life_days: f64) -> f32 {
    date.map_or(0.0, |date| 0.5f64.powf(days_between(date, today) / half_life_days) as f32)
}

/// 0 without votes, 1 for many, by the logarithm between.
fn popularity(votes: Option<u32>, many: u32) -> f32 {
    let votes = votes.unwrap_or(0).min(many);
    f64::from(votes).ln_1p() as f32 / f64::from(many).ln_1p() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::Terms;
    use crate::recommend::Text;
    use crate::vector::Embedding;
    use proptest::prelude::*;

    fn past(vector: Vec<f32>, weight: f32) -> Option<Past> {
        Some(of_embedding(Embedding::normalize(vector)?, weight))
    }

    fn of_embedding(embedding: Embedding, weight: f32) -> Past {
        Past { id: None, title: String::new(), embedding, terms: Terms::default(), weight }
    }

    fn bare(vector: &[f32]) -> Candidate<'_> {
        Candidate { vector, ..Candidate::default() }
    }

    fn today() -> Date {
        jiff::civil::date(2025, 3, 1)
    }

    fn pasts() -> impl Strategy<Value = Vec<Past>> {
        let one = (proptest::collection::vec(-1.0f32..1.0, 4), 0.01f32..3.0);
        proptest::collection::vec(one, 0..8)
            .prop_map(|all| all.into_iter().filter_map(|(vector, weight)| past(vector, weight)).collect())
    }

    fn taste() -> impl Strategy<Value = Taste> {
        (proptest::option::of(proptest::collection::vec(-1.0f32..1.0, 4)), pasts(), pasts()).prop_map(
            |(text, liked, disliked)| {
                let of = |embedding| Text { embedding, terms: Terms::default() };
                Taste { text: text.and_then(Embedding::normalize).map(of), liked, disliked }.balanced()
            },
        )
    }

    fn vector() -> impl Strategy<Value = Embedding> {
        proptest::collection::vec(-1.0f32..1.0, 4).prop_filter_map("zero", Embedding::normalize)
    }

    proptest! {
        #[test]
        fn contributions_add_up_and_come_in_order(taste in taste(), vector in vector()) {
            let scored = score(&taste, &Weights::default(), &bare(vector.as_slice()), today());
            let sum: f32 = scored.because.iter().map(|c| c.amount).sum();
            prop_assert!((sum - scored.parts.liked).abs() < 1e-6);
            prop_assert!(scored.because.is_sorted_by(|a, b| a.amount >= b.amount));
            prop_assert!(scored.because.len() <= 3);
            prop_assert!(scored.parts.disliked <= 0.0);
        }

        #[test]
        fn the_order_of_the_history_does_not_matter(taste in taste(), vector in vector()) {
            let mut reversed = taste.clone();
            reversed.liked.reverse();
            reversed.disliked.reverse();
            let total = |taste| score(taste, &Weights::default(), &bare(vector.as_slice()), today()).parts.total();
            prop_assert!((total(&taste) - total(&reversed)).abs() < 1e-6);
        }

        #[test]
        fn a_dislike_never_raises_what_is_like_it(mut taste in taste(), vector in vector()) {
            let total = |taste: &Taste| {
                score(taste, &Weights::default(), &bare(vector.as_slice()), today()).parts.total()
            };
            taste.disliked.clear();
            let before = total(&taste);
            taste.disliked.push(of_embedding(vector.clone(), 1.0));
            prop_assert!(total(&taste) <= before);
        }
    }

    #[test]
    fn one_liked_paper_scores_by_its_cosine() {
        let taste = Taste { liked: past(vec![1.0, 0.0], 7.0).into_iter().collect(), ..Taste::default() }.balanced();
        let scored = score(&taste, &Weights::default(), &bare(&[0.6, 0.8]), today());
        assert_eq!(scored.parts, Parts { liked: 0.6, ..Parts::default() });
        assert_eq!(scored.because, [Contribution { liked: 0, amount: 0.6 }]);
    }

    #[test]
    fn words_count_beside_similarity() {
        let weights = Weights { words: 0.5, ..Weights::default() };
        let text = Embedding::normalize(vec![1.0, 0.0]).map(|embedding| Text { embedding, terms: Terms::default() });
        let mut taste = Taste { text, ..Taste::default() };
        let candidate = Candidate { words: 0.4, ..bare(&[0.6, 0.8]) };
        let parts = |taste: &Taste| score(taste, &weights, &candidate, today()).parts;
        assert_eq!(parts(&taste), Parts { text: 0.6, words: 0.2, ..Parts::default() });
        taste.liked.extend(past(vec![0.0, 1.0], 1.0));
        assert_eq!(parts(&taste), Parts { text: 0.3, liked: 0.4, words: 0.1, ..Parts::default() });
    }

    #[test]
    fn priors() {
        let weights = Weights { recency: 0.1, votes: 0.2, ..Weights::default() };
        let parts = |date: Option<&str>, votes| {
            let facts = Facts { date: date.map(|d| d.parse().unwrap()), votes };
            let parts = score(&Taste::default(), &weights, &Candidate { facts, ..bare(&[1.0]) }, today()).parts;
            (parts.recency, parts.votes)
        };
        assert_eq!(parts(None, None), (0.0, 0.0));
        assert_eq!(parts(Some("2025-03-01"), Some(200)), (0.1, 0.2));
        assert_eq!(parts(Some("2025-01-30"), Some(5_000)), (0.05, 0.2));
        assert_eq!(parts(Some("2030-01-01"), Some(0)), (0.1, 0.0));
    }
}
