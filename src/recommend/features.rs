//! The features that a candidate is compared by.

/// The number of features.
pub(super) const FEATURE_COUNT: usize = 9;
/// Similarity of embeddings: to the text, or the mean over the nearest papers of the history.
pub(super) const SIMILARITY: usize = 0;
/// Linear discriminant between the text or the history and background papers, over embeddings.
pub(super) const DISCRIMINANT: usize = 1;
/// Similarity of terms: BM25 of the text, or the mean over the nearest papers of the history.
pub(super) const TERM_SIMILARITY: usize = 2;
/// Linear discriminant between the history and background papers, over terms.
pub(super) const TERM_DISCRIMINANT: usize = 3;
/// The history's part of the cosine with its centroid, over embeddings.
pub(super) const CENTROID: usize = 4;
/// The history's part of the cosine with its centroid, over terms.
pub(super) const TERM_CENTROID: usize = 5;
/// The part of the expansion papers in the cosine with the centroid, over embeddings.
pub(super) const EXPANSION: usize = 6;
/// The part of the expansion papers in the cosine with the centroid, over terms.
pub(super) const TERM_EXPANSION: usize = 7;

/// What the classifier of a long history says of a paper's terms.
pub(super) const TERM_CLASSIFIER: usize = 8;

/// The features that a history is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureSet {
    /// All of them.
    All,
    /// The similarities of embeddings and terms to the nearest papers: what expansion papers are found by.
    Similarities,
    /// The cosines with the centroid: all that counts for one paper, of which nothing can be learned.
    Centroid,
}

/// The values of all features.
pub(super) type FeatureValues = [f32; FEATURE_COUNT];

/// The first features: those whose weights a history may learn.
pub(super) const LEARNED_COUNT: usize = 4;

/// Values of the first features; the others are 0.
pub(super) fn first_features(first: [f32; LEARNED_COUNT]) -> FeatureValues {
    let mut values = [0.0; FEATURE_COUNT];
    values[..LEARNED_COUNT].copy_from_slice(&first);
    values
}
