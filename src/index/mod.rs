//! Nearest neighbors: an exact scan, and a frozen HNSW graph for large libraries.

mod all_pairs;
mod approximate;
mod flat;
mod hnsw;
mod link_builder;
mod neighbor_lists;
mod work_watcher;

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::string_enum::string_enum;
use crate::vector::{EmbeddingMatrix, RowBitmap, RowId};
use flat::FlatIndex;

pub use all_pairs::{BatchIndex, PairState, all_nearest, continue_all_nearest};
pub use approximate::{ApproximateNeighbors, approximate_nearest};
pub use flat::RowFilter;
pub use neighbor_lists::NeighborLists;
pub use work_watcher::WorkWatcher;

pub(crate) use hnsw::GraphParts;
pub use hnsw::{HnswGraph, IndexCorruption, SOURCE_ID_LEN};

/// A row and its similarity to the query. Sorted by similarity, larger first, then by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchHit {
    /// The row.
    pub row: RowId,
    /// Cosine similarity, -1 to 1.
    pub score: f32,
}

impl Eq for SearchHit {}

impl Ord for SearchHit {
    fn cmp(&self, other: &SearchHit) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for SearchHit {
    fn partial_cmp(&self, other: &SearchHit) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How neighbors are found.
///
/// ```
/// use paperkin::index::IndexKind;
///
/// assert_eq!("exact".parse(), Ok(IndexKind::Exact));
/// ```
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
    /// Ask the server that keeps the library.
    Server,
}

string_enum!(IndexKind, "an index kind", { Auto => "auto", Exact => "exact", Hnsw => "hnsw", Server => "server" });

/// An index over rows of unit vectors: a frozen graph, and what has changed since it was built.
///
/// ```
/// use paperkin::Embedding;
/// use paperkin::index::{IndexKind, VectorIndex};
/// use paperkin::vector::{EmbeddingMatrix, RowId};
///
/// let mut vectors = EmbeddingMatrix::with_capacity(2, 2);
/// for vector in [[1.0, 0.0], [0.6, 0.8]] {
///     vectors.push(&Embedding::normalize(vector.to_vec()).unwrap());
/// }
/// let index = VectorIndex::build(vectors, IndexKind::Exact, 1);
/// let hits = index.nearest(&[0.0, 1.0], 1, None).unwrap();
/// assert_eq!(hits[0].row, RowId(1));
/// ```
#[derive(Debug)]
pub struct VectorIndex {
    graph: Option<Arc<HnswGraph>>,
    /// Whether the frozen graph is walked, or only what it holds is scanned.
    uses_graph: bool,
    /// Rows of the frozen graph that are gone or have another vector by now.
    tombstones: RowBitmap,
    /// Vectors that the frozen graph does not have, and their rows, ascending.
    delta: FlatIndex,
    delta_rows: Vec<RowId>,
    /// The rows that there are.
    live: RowBitmap,
}

/// What has changed since a graph was frozen.
#[derive(Debug, Clone, Default)]
pub struct IndexDelta {
    /// Rows that are gone.
    pub removed: RowBitmap,
    /// Rows that are new or have another vector, ascending; new ones follow those of the graph without a gap.
    pub rows: Vec<RowId>,
    /// Their vectors.
    pub vectors: EmbeddingMatrix,
}

impl VectorIndex {
    /// An index in memory of the kind asked for; with [`IndexKind::Auto`], the one that answers `queries` questions
    /// soonest, the time to build it counted.
    pub fn build(vectors: EmbeddingMatrix, kind: IndexKind, queries: usize) -> VectorIndex {
        if !builds_graph(vectors.len(), kind, queries) {
            let rows = (0..vectors.len() as u32).map(RowId).collect();
            return VectorIndex::new(None, IndexDelta { rows, vectors, removed: RowBitmap::default() }, kind);
        }
        let keys: Vec<i64> = (0..vectors.len() as i64).collect();
        let frozen = HnswGraph::build(&keys, &vectors, [0; SOURCE_ID_LEN], &|_| ());
        let none = EmbeddingMatrix::with_capacity(vectors.dimension(), 0);
        VectorIndex::new(Some(Arc::new(frozen)), IndexDelta { vectors: none, ..IndexDelta::default() }, kind)
    }

    /// An index over a frozen graph and what has changed since. With [`IndexKind::Exact`], and without links, the graph is not
    /// walked, only its vectors are used.
    pub fn new(frozen: Option<Arc<HnswGraph>>, changes: IndexDelta, kind: IndexKind) -> VectorIndex {
        let IndexDelta { removed: gone, rows, vectors } = changes;
        let known = frozen.as_ref().map_or(0, |frozen| frozen.rows());
        let mut live = RowBitmap::first_n(known);
        gone.iter().for_each(|row| live.remove(row));
        let mut stale = gone;
        for row in &rows {
            live.insert(*row);
            if row.index() < known {
                stale.insert(*row);
            }
        }
        let walks = frozen.as_ref().is_some_and(|frozen| frozen.has_links()) && kind != IndexKind::Exact;
        VectorIndex {
            graph: frozen,
            uses_graph: walks,
            tombstones: stale,
            delta: FlatIndex::new(vectors),
            delta_rows: rows,
            live,
        }
    }

    /// How rows are found: never [`IndexKind::Auto`].
    pub fn kind(&self) -> IndexKind {
        if self.uses_graph { IndexKind::Hnsw } else { IndexKind::Exact }
    }

    /// The frozen graph underneath.
    pub fn graph(&self) -> Option<&HnswGraph> {
        self.graph.as_deref()
    }

    /// How many rows the frozen graph knows nothing of, or the wrong thing: changes since it was built.
    pub fn changed(&self) -> usize {
        self.tombstones.len() + self.delta_rows.iter().filter(|row| !self.tombstones.contains(**row)).count()
    }

    /// The rows that there are.
    pub fn rows(&self) -> &RowBitmap {
        &self.live
    }

    /// The vector of a row that there is.
    ///
    /// # Errors
    /// [`IndexCorruption`] of the frozen graph.
    pub fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption> {
        match &self.graph {
            Some(frozen) if row.index() < frozen.rows() && !self.tombstones.contains(row) => frozen.vector(row),
            _ => match self.delta_rows.binary_search(&row) {
                Ok(at) => Ok(self.delta.vectors().row(at)),
                Err(_) => Err(hnsw::damaged("a row is missing")),
            },
        }
    }

    /// The `k` rows nearest to a unit vector, best first; all of them when there are fewer. With `allowed`, only rows
    /// of that set.
    ///
    /// # Errors
    /// [`IndexCorruption`] of the frozen graph.
    pub fn nearest(
        &self,
        query: &[f32],
        k: usize,
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<SearchHit>, IndexCorruption> {
        let mut hits = match &self.graph {
            Some(frozen) => self.nearest_in_graph(frozen, query, k, allowed)?,
            None => Vec::new(),
        };
        let in_tail = |at: RowId| allowed.is_none_or(|allowed| allowed.contains(self.delta_rows[at.index()]));
        let found = flat::nearest(&self.delta, query, k, allowed.is_some().then_some(&in_tail))?;
        hits.extend(found.into_iter().map(|hit| SearchHit { row: self.delta_rows[hit.row.index()], ..hit }));
        best(&mut hits, k);
        Ok(hits)
    }

    /// The rows nearest to each of some unit vectors, so many of each: as [`VectorIndex::nearest`] finds them, but a scan reads
    /// its codes once.
    ///
    /// # Errors
    /// [`IndexCorruption`] of the frozen graph.
    pub fn nearest_to_each(
        &self,
        queries: &[(&[f32], usize)],
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<Vec<SearchHit>>, IndexCorruption> {
        if queries.len() > 1 && !self.uses_graph && allowed.is_none() {
            let mut found = flat::nearest_to_each(&self.delta, queries, None)?;
            found.iter_mut().flatten().for_each(|hit| hit.row = self.delta_rows[hit.row.index()]);
            if let Some(frozen) = &self.graph {
                let is_kept = |row: RowId| !self.tombstones.contains(row);
                let keep: RowFilter<'_> = if self.tombstones.is_empty() { None } else { Some(&is_kept) };
                let of_frozen = flat::nearest_to_each(&**frozen, queries, keep)?;
                for ((hits, others), (_, k)) in found.iter_mut().zip(of_frozen).zip(queries) {
                    hits.extend(others);
                    best(hits, *k);
                }
            }
            return Ok(found);
        }
        queries.iter().map(|(query, k)| self.nearest(query, *k, allowed)).collect()
    }

    fn nearest_in_graph(
        &self,
        frozen: &HnswGraph,
        query: &[f32],
        k: usize,
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<SearchHit>, IndexCorruption> {
        let is_kept =
            |row: RowId| !self.tombstones.contains(row) && allowed.is_none_or(|allowed| allowed.contains(row));
        let keep: RowFilter<'_> = if self.tombstones.is_empty() && allowed.is_none() { None } else { Some(&is_kept) };
        let passing = allowed.map_or(frozen.rows(), RowBitmap::len).min(frozen.rows());
        let effort = frozen.ef().max(2 * k);
        if self.uses_graph && walk_pays(frozen.nodes(), passing, effort) {
            let ef = (effort * frozen.rows() / passing.max(1)).min(frozen.nodes());
            let hits = frozen.nearest(query, k, ef, keep)?;
            if hits.len() == k {
                return Ok(hits);
            }
        }
        match allowed {
            Some(allowed) if passing < frozen.rows() / 2 => {
                let rows = allowed.iter().take_while(|row| row.index() < frozen.rows());
                let mut nodes: Vec<u32> = rows.map(|row| frozen.node(row)).collect();
                nodes.sort_unstable();
                nodes.dedup();
                flat::nearest_of(frozen, &nodes, query, k, keep)
            }
            _ => flat::nearest(frozen, query, k, keep),
        }
    }
}

/// Keeps the best `k` hits, sorted.
fn best(hits: &mut Vec<SearchHit>, k: usize) {
    if k < hits.len() && k > 0 {
        hits.select_nth_unstable(k - 1);
    }
    hits.truncate(k);
    hits.sort_unstable();
}

/// Whether an index in memory over so many rows, of the kind asked for, has a graph.
pub(crate) fn builds_graph(rows: usize, kind: IndexKind, queries: usize) -> bool {
    match kind {
        IndexKind::Exact => false,
        IndexKind::Hnsw => rows > 0,
        IndexKind::Auto | IndexKind::Server => graph_pays(rows, queries),
    }
}

/// Whether building a graph and walking it takes less time than scanning all rows for every question. The costs in
/// nanoseconds (384 dimensions, one core with AVX-512) are those that `examples/ann_curve.rs` measures; a graph's grow
/// slowly with its size.
fn graph_pays(rows: usize, queries: usize) -> bool {
    const SCAN_COST_PER_ROW: f64 = 15.0;
    const BUILD_COST_PER_ROW: f64 = 400_000.0;
    const BEAM_SEARCH_COST: f64 = 60_000.0;
    let (rows, queries) = (rows as f64, queries as f64);
    rows * BUILD_COST_PER_ROW + queries * BEAM_SEARCH_COST < queries * rows * SCAN_COST_PER_ROW
}

/// Whether a walk through a graph of `nodes` takes less time than scanning the `passing` rows. A walk that keeps one node
/// in ten has to come by ten times as many.
fn walk_pays(nodes: usize, passing: usize, ef: usize) -> bool {
    /// What a candidate of a walk costs, in rows of a scan: on 100,000 abstracts the two take the same time when one row
    /// in fourteen passes (`examples/ann_curve.rs --share`).
    const COST_PER_CANDIDATE: f64 = 8.0;
    let (nodes, passing, ef) = (nodes as f64, passing.max(1) as f64, ef as f64);
    ef * nodes / passing * COST_PER_CANDIDATE < passing
}

#[cfg(test)]
mod tests;
