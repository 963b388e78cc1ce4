//! The breakdown of a score: parts that add up to it.

use serde::{Deserialize, Serialize};

/// The parts of a score, which add up to it. Parts that are 0 are left out in JSON.
///
/// ```
/// use paperkin::recommend::ScoreBreakdown;
///
/// let breakdown = ScoreBreakdown { base: 0.5, text: 0.3, words: 0.125, ..ScoreBreakdown::default() };
/// assert!((breakdown.total() - 0.925).abs() < 1e-6);
/// assert_eq!(breakdown.named().count(), 3);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ScoreBreakdown {
    /// The score of an average background paper.
    #[serde(skip_serializing_if = "is_zero")]
    pub base: f32,
    /// The text names the paper: its id, title, author or name.
    #[serde(skip_serializing_if = "is_zero")]
    pub named: f32,
    /// Similarity to the text of the request.
    #[serde(skip_serializing_if = "is_zero")]
    pub text: f32,
    /// Similarity to the liked papers of the history.
    #[serde(skip_serializing_if = "is_zero")]
    pub liked: f32,
    /// Terms in common with the text and the history.
    #[serde(skip_serializing_if = "is_zero")]
    pub words: f32,
    /// Similarity to the papers of the library that are nearest to a short history (pseudo-relevance feedback).
    #[serde(skip_serializing_if = "is_zero")]
    pub expansion: f32,
    /// Citation links with the history: co-citation, shared references, direct citation, and citations by papers near it.
    #[serde(skip_serializing_if = "is_zero")]
    pub citations: f32,
    /// Similarity to disliked papers: 0 or less.
    #[serde(skip_serializing_if = "is_zero")]
    pub disliked: f32,
    /// Recency.
    #[serde(skip_serializing_if = "is_zero")]
    pub recency: f32,
    /// Votes.
    #[serde(skip_serializing_if = "is_zero")]
    pub votes: f32,
    /// Followed authors.
    #[serde(skip_serializing_if = "is_zero")]
    pub authors: f32,
    /// Similarity to papers that were shown before: 0 or less.
    #[serde(skip_serializing_if = "is_zero")]
    pub novelty: f32,
    /// What the papers near it score more, or less, than it does: 0 without smoothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub neighbors: f32,
    /// Similarity to papers higher in the list: 0 or less.
    #[serde(skip_serializing_if = "is_zero")]
    pub diversity: f32,
}

pub(super) fn is_zero(number: &f32) -> bool {
    *number == 0.0
}

impl ScoreBreakdown {
    /// All parts by their names.
    fn parts_mut(&mut self) -> [(&'static str, &mut f32); 14] {
        [
            ("base", &mut self.base),
            ("named", &mut self.named),
            ("text", &mut self.text),
            ("liked", &mut self.liked),
            ("words", &mut self.words),
            ("expansion", &mut self.expansion),
            ("citations", &mut self.citations),
            ("disliked", &mut self.disliked),
            ("recency", &mut self.recency),
            ("votes", &mut self.votes),
            ("authors", &mut self.authors),
            ("novelty", &mut self.novelty),
            ("neighbors", &mut self.neighbors),
            ("diversity", &mut self.diversity),
        ]
    }

    /// The score.
    pub fn total(mut self) -> f32 {
        self.parts_mut().into_iter().map(|(_, part)| *part).sum()
    }

    /// Names and values of the parts that play a role.
    pub fn named(mut self) -> impl Iterator<Item = (&'static str, f32)> {
        self.parts_mut().map(|(name, part)| (name, *part)).into_iter().filter(|(_, part)| *part != 0.0)
    }

    pub(super) fn scale(mut self, scale: f32) -> ScoreBreakdown {
        self.parts_mut().into_iter().for_each(|(_, part)| *part *= scale);
        self
    }
}
