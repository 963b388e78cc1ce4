//! Nearest neighbours: an exact scan, and an HNSW graph for many questions to a large library.

mod exact;
mod hnsw;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::vector::{Row, RowSet, Vectors, dot};
use hnsw::Graph;

/// A row and its similarity to the query. Sorted by similarity, larger first, then by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: Row,
    /// Cosine similarity, -1 to 1.
    pub score: f32,
}

impl Eq for Hit {}

impl Ord for Hit {
    fn cmp(&self, other: &Hit) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Hit) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How neighbours are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// Whichever is expected to answer all questions sooner.
    #[default]
    Auto,
    /// Compare with every row.
    Exact,
    /// Walk a graph: approximate.
    Hnsw,
}

impl IndexKind {
    /// Every kind, for help texts.
    pub const ALL: [IndexKind; 3] = [IndexKind::Auto, IndexKind::Exact, IndexKind::Hnsw];
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IndexKind::Auto => "auto",
            IndexKind::Exact => "exact",
            IndexKind::Hnsw => "hnsw",
        })
    }
}

impl FromStr for IndexKind {
    type Err = String;
    fn from_str(text: &str) -> Result<IndexKind, String> {
        let kind = IndexKind::ALL.into_iter().find(|kind| kind.to_string() == text);
        kind.ok_or_else(|| format!("`{text}` is no index: auto, exact or hnsw"))
    }
}

/// An index over rows of unit vectors.
#[derive(Debug)]
pub struct Index {
    vectors: Arc<Vectors>,
    graph: Option<Graph>,
}

impl Index {
    /// An index of the kind asked for; with [`IndexKind::Auto`], the one that answers `queries` questions soonest, the
    /// time to build it counted.
    pub fn build(vectors: Arc<Vectors>, kind: IndexKind, queries: usize) -> Index {
        let graph = match kind {
            IndexKind::Exact => false,
            IndexKind::Hnsw => true,
            IndexKind::Auto => graph_pays(vectors.len(), queries),
        };
        let graph = graph.then(|| Graph::build(&vectors));
        Index { vectors, graph }
    }

    /// What was built: never [`IndexKind::Auto`].
    pub fn kind(&self) -> IndexKind {
        if self.graph.is_some() { IndexKind::Hnsw } else { IndexKind::Exact }
    }

    /// The vectors underneath.
    pub fn vectors(&self) -> &Arc<Vectors> {
        &self.vectors
    }

    /// The `k` rows nearest to a unit vector, best first; all of them when there are fewer. With `allowed`, only rows
    /// of that set, and always exactly: a walk through a graph would visit what it may not give.
    pub fn nearest(&self, query: &[f32], k: usize, allowed: Option<&RowSet>) -> Vec<Hit> {
        match (&self.graph, allowed) {
            (Some(graph), None) => graph.nearest(&self.vectors, query, k),
            (_, Some(allowed)) => {
                let mut hits: Vec<Hit> = allowed.iter().map(|row| self.hit(query, row)).collect();
                best(&mut hits, k);
                hits
            }
            (None, None) => exact::nearest(&self.vectors, &[query], k).pop().unwrap_or_default(),
        }
    }

    /// For every row its `k` nearest other rows, best first. `done` is told how many more rows are finished.
    pub fn neighbours(&self, k: usize, done: &(dyn Fn(usize) + Sync)) -> Vec<Vec<Hit>> {
        let without_itself = |row: usize, mut hits: Vec<Hit>| {
            hits.retain(|hit| hit.row.index() != row);
            hits.truncate(k);
            hits
        };
        match &self.graph {
            Some(graph) => {
                use rayon::prelude::*;
                let rows = (0..self.vectors.len()).into_par_iter();
                rows.map(|row| {
                    done(1);
                    without_itself(row, graph.nearest(&self.vectors, self.vectors.row(row), k + 1))
                })
                .collect()
            }
            None => {
                let all = exact::all_nearest(&self.vectors, k + 1, done);
                all.into_iter().enumerate().map(|(row, hits)| without_itself(row, hits)).collect()
            }
        }
    }

    fn hit(&self, query: &[f32], row: Row) -> Hit {
        Hit { row, score: dot(query, self.vectors.row(row.index())) }
    }
}

/// Keeps the best `k` hits, sorted.
fn best(hits: &mut Vec<Hit>, k: usize) {
    if k < hits.len() && k > 0 {
        hits.select_nth_unstable(k - 1);
    }
    hits.truncate(k);
    hits.sort_unstable();
}

/// Whether building a graph and walking it takes less time than scanning all rows for every question. The costs in
/// nanoseconds (384 dimensions, one core with AVX-512) are those that `examples/ann_curve.rs` measures; a graph's grow
/// slowly with its size.
fn graph_pays(rows: usize, queries: usize) -> bool {
    const SCAN_A_ROW: f64 = 70.0;
    const BUILD_A_ROW: f64 = 1_500_000.0;
    const WALK: f64 = 700_000.0;
    let (rows, queries) = (rows as f64, queries as f64);
    rows * BUILD_A_ROW + queries * WALK < queries * rows * SCAN_A_ROW
}

#[cfg(test)]
mod tests;
