//! What somebody is after: a text, papers liked and papers disliked, each a vector with its words and a weight.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::civil::Date;

use crate::lexical::{AnalyzedText, TermQuery, TermVector};
use crate::paper::PaperId;
use crate::vector::Embedding;

use super::term_classifier::TermClassifier;

/// What the candidates are compared with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResolvedQuery {
    /// The text asked for.
    pub text: Option<QueryText>,
    /// Papers that count for their neighbors.
    pub liked: Vec<HistoryPaper>,
    /// Papers that count against their neighbors: the same for each interest of a history.
    pub disliked: Arc<[HistoryPaper]>,
    /// Papers of the library that are nearest to a short history, the nearest first: pseudo-relevance feedback.
    pub expansion: Vec<ExpansionPaper>,
    /// What was fitted to a long history.
    pub classifier: Option<Arc<TermClassifier>>,
}

/// Words by which people speak of themselves. Abstracts have `we` and `our`.
const PERSONAL_WORDS: [&str; 3] = ["me", "my", "mine"];
/// A longer text describes its subject in words enough.
const MAX_QUESTION_WORDS: usize = 30;

/// A text asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryText {
    /// Its vector.
    pub embedding: Embedding,
    /// The text with its words.
    pub text: AnalyzedText,
    /// Whether it is a short question whose writer speaks of their own affairs: `my chatbot`. Some of its words are then of
    /// these, and not of the subject.
    pub is_personal: bool,
}

impl QueryText {
    /// A text with its vector.
    ///
    /// ```
    /// use paperkin::recommend::QueryText;
    /// use paperkin::vector::Embedding;
    ///
    /// let text = |text| QueryText::new(text, Embedding::normalize(vec![1.0, 0.0]).unwrap());
    /// assert!(text("How do I keep my robot upright?").is_personal);
    /// assert!(!text("how robots stay upright").is_personal);
    /// ```
    pub fn new(text: &str, embedding: Embedding) -> QueryText {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        let has = |other: &&str| words.iter().any(|word| word.eq_ignore_ascii_case(other));
        let is_personal = words.len() <= MAX_QUESTION_WORDS && PERSONAL_WORDS.iter().any(has);
        QueryText { embedding, text: AnalyzedText::new(text.to_owned()), is_personal }
    }
}

/// A paper of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPaper {
    /// Its id, if it is one of the library.
    pub id: Option<PaperId>,
    /// Its key in the library.
    pub key: Option<i64>,
    /// Its title.
    pub title: String,
    /// Its vector.
    pub embedding: Embedding,
    /// Its title and abstract, with their words.
    pub document: AnalyzedText,
    /// How much it counts: above 0.
    pub weight: f32,
    /// The name of the interest that it is of.
    pub interest: Option<String>,
}

/// A paper that nobody picked, but that is near to the few papers that somebody did pick.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpansionPaper {
    /// Its vector.
    pub embedding: Embedding,
    /// Its words.
    pub terms: TermVector,
}

impl ResolvedQuery {
    /// Scales the weights of each half so that the heaviest counts 1: only their ratios matter. Nor does the order.
    pub fn normalized(mut self) -> ResolvedQuery {
        normalize_weights(&mut self.liked);
        normalize_weights(Arc::make_mut(&mut self.disliked));
        self
    }

    /// The terms of the text, and those of the papers liked, at most `most` of each: those that weigh most, times how
    /// rare they are.
    pub fn term_queries(&self, most: usize, rarity: impl Fn(u32) -> f32 + Copy) -> impl Iterator<Item = TermQuery> {
        let text = self.text.as_ref().map(|text| TermQuery::from_weighted([(&text.text, 1.0)], most, rarity));
        let liked = self.liked.iter().map(|past| (&past.document, past.weight));
        let liked = (!self.liked.is_empty()).then(|| TermQuery::from_weighted(liked, most, rarity));
        text.into_iter().chain(liked)
    }
}

/// Scales weights so that the heaviest is 1, and sorts their papers: sums then round alike, whatever the order was.
pub(crate) fn normalize_weights(papers: &mut [HistoryPaper]) {
    let heaviest = papers.iter().map(|past| past.weight).fold(0.0, f32::max);
    if heaviest > 0.0 {
        papers.iter_mut().for_each(|past| past.weight /= heaviest);
    }
    papers.sort_by(|one, other| {
        let ids = one.id.cmp(&other.id).then_with(|| one.title.cmp(&other.title));
        // Texts without an id may share a title.
        let numbers = || one.embedding.as_slice().iter().zip(other.embedding.as_slice());
        let embeddings = || numbers().map(|(one, other)| one.total_cmp(other)).fold(Ordering::Equal, Ordering::then);
        ids.then(one.weight.total_cmp(&other.weight)).then_with(embeddings)
    });
}

/// What is left of a weight after the days between `at` and `today`: half of it after each half-life.
///
/// ```
/// use paperkin::jiff::civil::date;
///
/// let weight = paperkin::recommend::time_decay(Some(date(2025, 1, 1)), date(2025, 1, 31), Some(30.0));
/// assert_eq!(weight, 0.5);
/// ```
pub fn time_decay(at: Option<Date>, today: Date, half_life_days: Option<f64>) -> f64 {
    let (Some(at), Some(half_life)) = (at, half_life_days) else { return 1.0 };
    0.5f64.powf(days_between(at, today) / half_life)
}

/// Days from one day to a later one; 0 when it is not later.
pub(super) fn days_between(from: Date, to: Date) -> f64 {
    f64::from(from.until(to).map_or(0, |span| span.get_days()).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_halve() {
        let day = |text: &str| Some(text.parse().unwrap());
        let today = "2025-03-01".parse().unwrap();
        let table = [
            (day("2025-03-01"), Some(10.0), 1.0),
            (day("2025-02-19"), Some(10.0), 0.5),
            (day("2025-02-09"), Some(10.0), 0.25),
            (day("2026-01-01"), Some(10.0), 1.0),
            (None, Some(10.0), 1.0),
            (day("2001-01-01"), None, 1.0),
        ];
        for (at, half_life, expected) in table {
            assert_eq!(time_decay(at, today, half_life), expected, "{at:?} {half_life:?}");
        }
    }
}
