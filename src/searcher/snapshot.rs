//! The library's vectors at one generation, indexed.

use std::sync::Arc;

use super::graph_file::{corrupt_index, source_generation};
use crate::error::Result;
use crate::index::{HnswGraph, IndexCorruption, IndexDelta, IndexKind, SearchHit, VectorIndex};
use crate::library::{EmbeddingDelta, GenerationId, Library};
use crate::vector::{Embedding, RowBitmap, RowId};

/// Vectors of one generation. Rows ascend with the library's keys.
pub(crate) struct IndexSnapshot {
    pub(crate) generation: GenerationId,
    pub(crate) index: VectorIndex,
    graph: Option<Arc<HnswGraph>>,
    /// Keys of the rows that follow those of the graph.
    keys: Vec<i64>,
}

impl IndexSnapshot {
    /// Reads the vectors that the graph does not hold: all of them, if there is no graph or it is another library's. About
    /// so many `queries` are expected, which decides whether a graph in memory pays.
    ///
    /// # Errors
    /// When the library's file cannot be read or the graph is corrupt.
    pub(crate) fn read(
        library: &Library,
        graph: Option<Arc<HnswGraph>>,
        kind: IndexKind,
        queries: usize,
    ) -> Result<IndexSnapshot> {
        let then = graph.as_ref().map(|graph| source_generation(graph, library)).transpose()?.flatten();
        let EmbeddingDelta { generation, is_complete, mut keys, vectors, removed } = library.embeddings_since(then)?;
        let snapshot = match graph.filter(|_| !is_complete) {
            None => IndexSnapshot { generation, index: VectorIndex::build(vectors, kind, queries), graph: None, keys },
            Some(graph) => {
                let known = graph.keys();
                let row = |key: &i64| known.binary_search(key).ok().map(|row| RowId(row as u32));
                let gone: RowBitmap = removed.iter().filter_map(row).collect();
                // Keys are never used again, so those of new papers follow.
                let new = keys.split_off(keys.partition_point(|key| known.last() >= Some(key)));
                let rows = keys.iter().map(|key| row(key).ok_or_else(|| corrupt_index(IndexCorruption::FOREIGN)));
                let mut rows = rows.collect::<Result<Vec<RowId>>>()?;
                rows.extend((known.len() as u32..).map(RowId).take(new.len()));
                let index = VectorIndex::new(Some(graph.clone()), IndexDelta { removed: gone, rows, vectors }, kind);
                IndexSnapshot { generation, index, graph: Some(graph), keys: new }
            }
        };
        let (rows, index) = (snapshot.rows(), snapshot.index.kind());
        tracing::debug!(rows, generation.generation, %index, "read the vectors");
        Ok(snapshot)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.index.rows().len()
    }

    fn known(&self) -> &[i64] {
        self.graph.as_ref().map_or(&[], |graph| graph.keys())
    }

    pub(crate) fn key(&self, row: RowId) -> i64 {
        let known = self.known();
        known.get(row.index()).copied().unwrap_or_else(|| self.keys[row.index() - known.len()])
    }

    /// The row of a key; `None` when the paper has no vector in this generation.
    pub(crate) fn row(&self, key: i64) -> Option<RowId> {
        let known = self.known();
        let row = known.binary_search(&key).or_else(|_| self.keys.binary_search(&key).map(|at| known.len() + at));
        row.ok().map(|row| RowId(row as u32)).filter(|row| self.index.rows().contains(*row))
    }

    pub(crate) fn row_set(&self, keys: &[i64]) -> RowBitmap {
        keys.iter().filter_map(|key| self.row(*key)).collect()
    }

    pub(crate) fn all(&self) -> &RowBitmap {
        self.index.rows()
    }

    pub(crate) fn vector(&self, row: RowId) -> Result<&[f32]> {
        self.index.vector(row).map_err(corrupt_index)
    }

    pub(crate) fn embedding(&self, row: RowId) -> Result<Embedding> {
        self.vector(row).map(Embedding::from_unit_slice)
    }

    /// The `k` rows nearest to a vector, of those allowed.
    pub(crate) fn nearest(&self, query: &[f32], k: usize, allowed: Option<&RowBitmap>) -> Result<Vec<SearchHit>> {
        self.index.nearest(query, k, allowed).map_err(corrupt_index)
    }
}
