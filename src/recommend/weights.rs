//! Options of the ranking: how a history becomes a ranking, and the weights of everything that counts.

use serde::{Deserialize, Serialize};

use crate::string_enum::string_enum;

/// How a reading history becomes a ranking.
///
/// ```
/// use paperkin::recommend::Strategy;
///
/// assert_eq!("nearest".parse(), Ok(Strategy::Nearest));
/// assert_eq!(Strategy::default(), Strategy::Auto);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// All features together, each weighted by how well it tells the papers of the history from background papers.
    #[default]
    Auto,
    /// Similarity to the mean of the history, by embeddings and by terms.
    Mean,
    /// The mean of the similarities to the nearest papers of the history.
    Nearest,
    /// Splits the history into interests, each of which has its share of the list.
    Interests,
    /// Linear discriminants between the history and background papers, over embeddings and over terms.
    Classifier,
}

string_enum!(Strategy, "a strategy", {
    Auto => "auto",
    Mean => "mean",
    Nearest => "nearest",
    Interests => "interests",
    Classifier => "classifier",
});

impl Strategy {
    /// Those that use a part of the default.
    pub const ALONE: [Strategy; 4] = [Strategy::Mean, Strategy::Nearest, Strategy::Interests, Strategy::Classifier];
}

/// The constants of the ranking. Features are z-scores: standard deviations from the mean of background papers. The default
/// weights were measured: `docs/evaluation.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct RankingWeights {
    /// How many of the nearest history papers a candidate is compared with. The mean of the 3 nearest ranks papers
    /// better for their readers than the mean of the whole history or the nearest alone.
    pub nearest: usize,
    /// Weight of the similarity of embeddings.
    pub near: f32,
    /// Weight of the linear discriminant between the query and background papers, over embeddings.
    pub contrast: f32,
    /// Weight of terms.
    pub words: f32,
    /// Weight of citation links: see [`CitationEvidence::score`](super::CitationEvidence::score).
    pub citations: f32,
    /// Penalty for each standard deviation of similarity to a disliked paper.
    pub disliked: f32,
    /// Boost of a paper of today, in standard deviations of the score; half of it after `recency_half_life_days`. Each
    /// request sets it, from its own `recency` and the kind of the query.
    pub recency: f32,
    /// Boost of the paper with the most votes of its day, in standard deviations of the score. Set as `recency` is.
    pub votes: f32,
    /// Boost of a paper by a followed author, in standard deviations of the score.
    pub authors: f32,
    /// Penalty of a paper that equals one shown before, in standard deviations of the score; less for less similar ones.
    pub novelty: f32,
    /// Days after which the boost for recency is half.
    pub recency_half_life_days: f64,
}

impl Default for RankingWeights {
    fn default() -> RankingWeights {
        RankingWeights {
            nearest: 3,
            near: 1.0,
            contrast: 1.0,
            words: 1.0,
            citations: 6.0,
            disliked: 0.1,
            recency: 0.0,
            votes: 0.0,
            authors: 1.0,
            novelty: 0.5,
            recency_half_life_days: 30.0,
        }
    }
}
