//! What comes back: the same in every place that prints results.

use std::sync::Arc;

use serde::Serialize;

use super::breakdown::{ScoreBreakdown, is_zero};
use super::citation_evidence::CitationCounts;
use super::relevance::{Relevance, RelevanceWord};
use crate::paper::{Paper, PaperId};

/// Recommendations, and all that one needs to understand them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Answer {
    /// The request's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Best first.
    pub results: Vec<Recommendation>,
    /// In a first feed, the best of the papers that are too old to be new; ranks go on from those of `results`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub best_of_library: Vec<Recommendation>,
    /// Whether all results are far from what was asked for: the library has nothing close. Left out in JSON when not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nothing_close: bool,
    /// Ids of the request that are not in the library.
    pub not_found: Vec<String>,
    /// What was done in place of what was asked, and why; `None` when the question was answered as asked.
    pub note: Option<String>,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The library's generation.
    pub generation: u64,
    /// Milliseconds that the answer took.
    pub took_ms: f64,
}

impl Answer {
    /// The results, and then the best of the library.
    pub fn all_results(&self) -> impl Iterator<Item = &Recommendation> {
        self.results.iter().chain(&self.best_of_library)
    }

    /// The same, by value.
    pub fn into_all_results(mut self) -> Vec<Recommendation> {
        self.results.append(&mut self.best_of_library);
        self.results
    }

    /// Whether there are results, and all of them are far from what was asked for.
    pub fn is_nothing_close(results: &[Recommendation]) -> bool {
        let is_far =
            |result: &Recommendation| result.relevance.is_some_and(|relevance| relevance.word == RelevanceWord::Far);
        !results.is_empty() && results.iter().all(is_far)
    }
}

/// One recommended paper.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Recommendation {
    /// From 1.
    pub rank: usize,
    /// The share of ordinary papers that are less like what was asked for, with what date, votes and authors add: 0 to
    /// 1, the sum of the parts.
    pub score: f32,
    /// The cosine with the text, or the mean of those with the three nearest papers of the history. With both a text and
    /// a history, that of the more relevant. Without either, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// The same of TF-IDF vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_similarity: Option<f32>,
    /// How likely it is relevant. There is none without a text and a history, nor with another than the built-in model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relevance: Option<Relevance>,
    /// The paper, which is shared with the engine's cache.
    pub paper: Arc<Paper>,
    /// What the score is made of.
    pub breakdown: ScoreBreakdown,
    /// The history papers that add most to the score, at most three.
    pub reasons: Vec<Reason>,
    /// The interest that it is for, when the history was split into interests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest: Option<InterestShare>,
    /// The sentence that matches best, when explanations were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence_match: Option<SentenceMatch>,
}

/// A part of a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct InterestShare {
    /// Its words.
    pub label: String,
    /// Its share of the history, 0 to 1.
    pub share: f32,
    /// Whether the reader named it; else it was found, and its label may change with the history.
    pub is_named: bool,
}

/// Two sentences that are alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SentenceMatch {
    /// Of the recommended paper.
    pub sentence: String,
    /// Of the text asked for, or of the first paper of `because`.
    pub matched_sentence: String,
    /// The cosine of their embeddings.
    pub similarity: f32,
}

/// A history paper behind a recommendation.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Its id; `None` when it was given by its text.
    pub id: Option<PaperId>,
    /// Its title.
    pub title: String,
    /// What it adds to the score: to the parts `liked`, `words`, `expansion` and `citations`.
    pub contribution: f32,
    /// What of that comes through other papers of the library that are near it: texts like theirs, and what they cite.
    #[serde(skip_serializing_if = "is_zero")]
    pub borrowed: f32,
    /// Its citation links with the recommended paper, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<CitationCounts>,
}
