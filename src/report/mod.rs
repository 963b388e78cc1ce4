//! Similarities of a whole library, and the files they are written to.

mod write;

use serde::Serialize;

use crate::paper::PaperId;

/// Everything that a report says.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarityReport {
    /// What it was made from.
    pub manifest: ReportManifest,
    /// Every paper with its neighbors, in the order of addition.
    pub entries: Vec<ReportEntry>,
    /// Pairs over the threshold, most alike first; each pair once.
    pub duplicates: Vec<DuplicatePair>,
}

/// What a report was made from, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportManifest {
    /// The program's version.
    pub paperkin: &'static str,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The library's generation.
    pub generation: u64,
    /// How neighbors were found.
    pub index: String,
    /// How many papers there are.
    pub papers: usize,
    /// How many neighbors each has, at most.
    pub neighbors: usize,
    /// The similarity from which on two papers count as near-duplicates.
    pub threshold: f32,
    /// How many such pairs there are.
    pub pairs: usize,
}

/// A paper with its neighbors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportEntry {
    /// Its id.
    pub id: PaperId,
    /// Its title.
    pub title: String,
    /// The papers nearest to it, best first.
    pub neighbors: Vec<NeighborPaper>,
}

/// A near paper.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NeighborPaper {
    /// Its id.
    pub id: PaperId,
    /// Its title.
    pub title: String,
    /// Cosine similarity.
    pub score: f32,
}

/// Two papers that are much alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DuplicatePair {
    /// The paper that was added first.
    pub id: PaperId,
    /// Its title.
    pub title: String,
    /// The other paper.
    pub other_id: PaperId,
    /// Its title.
    pub other_title: String,
    /// Cosine similarity.
    pub score: f32,
}
