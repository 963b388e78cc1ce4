//! What to recommend, and why: from a taste and candidates to a ranked list whose scores can be taken apart.
//!
//! Pure: no disk, no clock, no encoder. The engine resolves a [`Request`] to a [`ResolvedQuery`] and candidates, and turns
//! what comes back into an [`Answer`].

mod answer;
mod background;
mod background_bytes;
mod breakdown;
mod calibration;
mod citation_evidence;
mod disliked_papers;
mod diversity;
mod expansion;
mod features;
mod history_item;
mod history_model;
mod history_terms;
mod interests;
mod ranker;
mod relevance;
mod request;
mod request_limits;
mod resolved_query;
mod search_text;
mod similarity_model;
mod smoothing;
mod standardizer;
mod term_classifier;
#[cfg(test)]
mod tests;
mod weights;
mod whitening;

pub use answer::{Answer, InterestShare, Reason, Recommendation, SentenceMatch};
pub use background::Background;
pub use breakdown::ScoreBreakdown;
pub use citation_evidence::{CitationCounts, CitationEvidence};
pub use diversity::diversify;
pub use expansion::{EXPANSION_SIZE, ExpansionScorer, MAX_EXPANSION_HISTORY};
pub use history_item::{HistoryItem, PaperRef};
pub use interests::{cluster_history, interest_label, interleave_by_share, scattered_interests};
pub use ranker::{Candidate, Contribution, HistoryCitations, QueryIndependentSignals, Ranker};
pub use relevance::{NameMatch, Relevance, RelevanceFeatures, RelevanceKind, RelevanceWord};
pub(crate) use request::MAX_WEIGHT;
pub use request::Request;
pub(crate) use request_limits::{
    MAX_AUTHORS, MAX_NAME_LENGTH, MAX_PROFILE_HISTORY, check_length, check_names, check_text,
};
#[cfg(feature = "server")]
pub(crate) use request_limits::{MAX_FILTER_VALUES, MAX_HISTORY, MAX_TEXT_LENGTH, check_served_history};
pub(crate) use resolved_query::normalize_weights;
pub use resolved_query::{ExpansionPaper, HistoryPaper, QueryText, ResolvedQuery, time_decay};
pub use smoothing::smooth;
pub use term_classifier::{MIN_CLASSIFIER_HISTORY, TermClassifier};
pub use weights::{RankingWeights, Strategy};
