//! What comes back: the same in every place that prints results.

use serde::Serialize;

use super::score::Parts;
use crate::paper::{Paper, PaperId};

/// Recommendations, and all that one needs to understand them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The request's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Best first.
    pub results: Vec<Recommendation>,
    /// Ids of the request that are not in the library.
    pub not_found: Vec<String>,
    /// What was done in place of what was asked, and why; `None` when the question was answered as asked.
    pub fallback: Option<String>,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The library's generation.
    pub generation: u64,
    /// Milliseconds that the answer took.
    pub took_ms: f64,
}

/// One recommended paper.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// From 1.
    pub rank: usize,
    /// The sum of the parts.
    pub score: f32,
    /// The paper.
    pub paper: Paper,
    /// What the score is made of.
    pub parts: Parts,
    /// The history papers that it is nearest to: their contributions add up to `parts.liked`.
    pub because: Vec<Because>,
}

/// A history paper behind a recommendation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Because {
    /// Its id; `None` when it was given by its text.
    pub id: Option<PaperId>,
    /// Its title.
    pub title: String,
    /// What it adds to the score.
    pub contribution: f32,
}
