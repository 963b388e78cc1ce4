//! How likely a result is relevant, by how similar it is to what was asked for.
//!
//! A score compares a paper with its library: the best paper of any library scores high, whatever was asked for. The
//! probability that a paper is relevant comes from similarities alone, so it is low where the library has nothing close.

use serde::{Deserialize, Serialize};

use crate::string_enum::string_enum;

/// The history papers that the similarity to a history is the mean of.
pub(super) const NEAREST_PAPERS: usize = 3;
/// The model whose similarities the constants were fitted to: those of other models are spread otherwise.
const FITTED_MODEL: &str = "all-MiniLM-L6-v2";

/// How likely a result is relevant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Relevance {
    /// The share of results like this one that people judged relevant, 0 to 1.
    pub probability: f32,
    /// The probability in a word.
    pub word: RelevanceWord,
}

/// How close a result is to what was asked for. As many results of a history as of a text are close, although fewer of
/// them are known to be relevant: each kind of request has its own thresholds.
///
/// ```
/// use paperkin::recommend::RelevanceWord;
///
/// assert_eq!(RelevanceWord::Close.to_string(), "close");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RelevanceWord {
    /// About half of the relevant papers are as similar.
    Close,
    /// About nine in ten relevant papers are as similar.
    Related,
    /// As similar as papers on another subject.
    Far,
}

impl RelevanceWord {
    /// Whether it is this close, or closer.
    ///
    /// ```
    /// use paperkin::recommend::RelevanceWord::{Close, Far, Related};
    ///
    /// assert!(Close.is_at_least(Related) && Related.is_at_least(Related) && !Far.is_at_least(Related));
    /// ```
    pub fn is_at_least(self, other: RelevanceWord) -> bool {
        self as u8 <= other as u8
    }
}

string_enum!(RelevanceWord, "a relevance", { Close => "close", Related => "related", Far => "far" });

/// What a result is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelevanceKind {
    /// A text.
    Text,
    /// One paper.
    Paper,
    /// A history of several papers.
    History,
}

/// What the relevance of a result depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelevanceFeatures {
    /// What it is compared with.
    pub kind: RelevanceKind,
    /// The cosine with the text, or the mean of those with the three nearest papers of the history.
    pub similarity: f32,
    /// The same of TF-IDF vectors.
    pub term_similarity: f32,
    /// What [citation links](super::CitationEvidence::score) with the history add to a score, for a weight of 1; 0 for none.
    pub citations: f32,
    /// Whether the text names it.
    pub name_match: NameMatch,
}

/// How a text names a paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NameMatch {
    /// It does not.
    #[default]
    Unnamed,
    /// The title or the abstract has the name that the text is: the paper is at least related.
    Mentioned,
    /// By its id, its title, an author, or what it introduces: the paper is what was asked for.
    Named,
}

impl RelevanceFeatures {
    /// Those of a paper that is similar alone.
    pub fn new(kind: RelevanceKind, similarity: f32, term_similarity: f32) -> RelevanceFeatures {
        RelevanceFeatures { kind, similarity, term_similarity, citations: 0.0, name_match: NameMatch::Unnamed }
    }
}

/// A logistic regression, and where its words begin: `docs/evaluation.md` says how they were chosen.
struct LogisticModel {
    intercept: f32,
    similarity: f32,
    term_similarity: f32,
    citations: f32,
    /// The least probability of a result that is [`RelevanceWord::Close`].
    close: f32,
    /// The least probability of a result that is [`RelevanceWord::Related`].
    related: f32,
}

const TEXT: LogisticModel =
    LogisticModel { intercept: -4.5, similarity: 5.4, term_similarity: 5.0, citations: 0.0, close: 0.3, related: 0.12 };
const PAPER: LogisticModel = LogisticModel {
    intercept: -4.21,
    similarity: 2.85,
    term_similarity: 5.4,
    citations: 1.0,
    close: 0.2,
    related: 0.1,
};
// Over histories of several people, terms add nothing to the similarity.
const HISTORY: LogisticModel = LogisticModel {
    intercept: -4.86,
    similarity: 4.15,
    term_similarity: 0.0,
    citations: 1.0,
    close: 0.12,
    related: 0.07,
};

impl Relevance {
    /// The relevance of a result of a library with the built-in model.
    ///
    /// ```
    /// use paperkin::recommend::{Relevance, RelevanceFeatures, RelevanceKind, RelevanceWord};
    ///
    /// let features = RelevanceFeatures::new(RelevanceKind::Text, 0.7, 0.3);
    /// let relevance = Relevance::new(features);
    /// assert!((relevance.probability - 0.69).abs() < 0.01);
    /// assert_eq!(relevance.word, RelevanceWord::Close);
    /// ```
    pub fn new(features: RelevanceFeatures) -> Relevance {
        let model = match features.kind {
            RelevanceKind::Text => TEXT,
            RelevanceKind::Paper => PAPER,
            RelevanceKind::History => HISTORY,
        };
        let logit = model.intercept
            + model.similarity * features.similarity
            + model.term_similarity * features.term_similarity
            + model.citations * features.citations;
        let probability = 1.0 / (1.0 + (-logit).exp());
        let probability = match features.name_match {
            NameMatch::Unnamed => probability,
            NameMatch::Mentioned => probability.max(model.related),
            NameMatch::Named => 1.0,
        };
        let word = if probability >= model.close {
            RelevanceWord::Close
        } else if probability >= model.related {
            RelevanceWord::Related
        } else {
            RelevanceWord::Far
        };
        Relevance { probability, word }
    }

    /// Whether the probabilities hold for similarities of this model.
    pub fn is_fitted_to(model_name: &str) -> bool {
        model_name.ends_with(FITTED_MODEL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [RelevanceKind; 3] = [RelevanceKind::Text, RelevanceKind::Paper, RelevanceKind::History];

    fn relevance(kind: RelevanceKind, similarity: f32, term_similarity: f32) -> Relevance {
        Relevance::new(RelevanceFeatures::new(kind, similarity, term_similarity))
    }

    proptest! {
        #[test]
        fn what_is_more_similar_is_not_less_relevant(
            similarity in -1.0f32..=1.0, term_similarity in 0.0f32..=1.0, more in 0.0f32..=1.0, more_terms in 0.0f32..=1.0,
        ) {
            for kind in KINDS {
                let one = relevance(kind, similarity, term_similarity);
                let other = relevance(kind, similarity + more, term_similarity + more_terms);
                prop_assert!(0.0 < one.probability && one.probability < 1.0);
                prop_assert!(one.probability <= other.probability);
                prop_assert!(one.word as u8 >= other.word as u8, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn words_of_similarities() {
        use RelevanceKind::{History, Paper, Text};
        use RelevanceWord::{Close, Far, Related};
        let table = [
            (Text, 0.2, 0.0, Far),
            (Text, 0.5, 0.0, Related),
            (Text, 0.5, 0.25, Close),
            (Text, 0.8, 0.0, Close),
            (Paper, 0.5, 0.0, Far),
            (Paper, 0.6, 0.1, Related),
            (Paper, 0.7, 0.2, Close),
            (History, 0.3, 0.5, Far),
            (History, 0.6, 0.0, Related),
            (History, 0.7, 0.0, Close),
        ];
        for (kind, similarity, term_similarity, expected) in table {
            let relevance = relevance(kind, similarity, term_similarity);
            assert_eq!(relevance.word, expected, "{kind:?} {similarity} {term_similarity}: {}", relevance.probability);
        }
    }

    #[test]
    fn links_make_a_result_of_papers_more_relevant() {
        for (kind, counts) in
            [(RelevanceKind::Text, false), (RelevanceKind::Paper, true), (RelevanceKind::History, true)]
        {
            let features = RelevanceFeatures { citations: 1.5, ..RelevanceFeatures::new(kind, 0.3, 0.0) };
            let linked = Relevance::new(features);
            let alone = relevance(kind, 0.3, 0.0);
            assert_eq!(linked.probability > alone.probability, counts, "{kind:?}");
            assert_eq!(alone.word, RelevanceWord::Far, "{kind:?}");
            let named = Relevance::new(RelevanceFeatures { name_match: NameMatch::Named, ..features });
            assert_eq!((named.probability, named.word), (1.0, RelevanceWord::Close), "{kind:?}");
            assert_eq!(linked.word != RelevanceWord::Far, counts, "{kind:?}: {}", linked.probability);
        }
    }

    #[test]
    fn probabilities_are_those_of_the_built_in_model() {
        let names = ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "made-up"];
        assert_eq!(names.map(Relevance::is_fitted_to), [true, true, false]);
    }
}
