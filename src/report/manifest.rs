//! What a report was made from, and how.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CollectionFilter, ReportPart, groups, layout};

/// What a report was made from, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReportManifest {
    /// The program's version.
    pub paperkin: &'static str,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The generation of the library.
    pub generation: u64,
    /// What the report is called: which papers it is of.
    pub title: String,
    /// Which papers of the library it is of.
    pub filter: CollectionFilter,
    /// How many papers there are.
    pub papers: usize,
    /// How many of them have no embedding.
    pub without_embedding: usize,
    /// How many of them an earlier report does not have; `None` without one.
    pub new_papers: Option<usize>,
    /// Its parts.
    pub parts: Vec<ReportPart>,
    /// How many neighbors each paper has, at most.
    pub neighbors: usize,
    /// The cosine from which on two papers are duplicates for their embeddings alone.
    pub threshold: f32,
    /// How the neighbors were found.
    pub comparison: ComparisonMethod,
    /// The seeds of random numbers.
    pub seeds: ReportSeeds,
    /// Groups at each level, coarsest first.
    pub groups: Vec<usize>,
    /// Groups of duplicates.
    pub duplicates: usize,
    /// Seconds of each phase: the one thing that is not the same each time.
    pub seconds: BTreeMap<&'static str, f64>,
}

/// How neighbors were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ComparisonMethod {
    /// Whether all pairs were compared, so that all neighbors are the nearest. Else an HNSW graph was used.
    pub exact: bool,
    /// The share of the nearest neighbors that were found, in a sample of the lists.
    pub recall: f32,
    /// The size of the sample; 0 when all pairs were compared.
    pub audited: usize,
}

/// The seeds of a report's random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReportSeeds {
    /// Of the Leiden algorithm.
    pub groups: u64,
    /// Of the map.
    pub map: u64,
}

impl Default for ReportSeeds {
    fn default() -> ReportSeeds {
        ReportSeeds { groups: groups::SEED, map: layout::SEED }
    }
}
