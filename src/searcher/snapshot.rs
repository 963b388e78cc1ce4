//! The library's vectors at one generation, indexed.

use std::sync::Arc;

use super::index_store::{corrupt_index, source_generation};
use crate::error::Result;
use crate::index::{HnswGraph, IndexCorruption, IndexDelta, IndexKind, SearchHit, VectorIndex};
use crate::library::{EmbeddingDelta, GenerationId, Library};
use crate::vector::{Embedding, RowBitmap, RowId};

/// Vectors of one generation. Rows ascend with the library's keys.
pub(super) struct IndexSnapshot {
    pub generation: GenerationId,
    pub index: VectorIndex,
    graph: Option<Arc<HnswGraph>>,
    /// Keys of the rows that follow those of the frozen index.
    keys: Vec<i64>,
}

impl IndexSnapshot {
    /// Reads what the frozen index does not have: all vectors, if there is none or it is not this library's; `queries`
    /// questions are expected.
    pub(super) fn read(
        library: &Library,
        frozen: Option<Arc<HnswGraph>>,
        kind: IndexKind,
        queries: usize,
    ) -> Result<IndexSnapshot> {
        let then = frozen.as_ref().map(|frozen| source_generation(frozen, library)).transpose()?.flatten();
        let EmbeddingDelta { generation: stamp, is_complete: whole, mut keys, vectors, removed } =
            library.embeddings_since(then)?;
        let snapshot = match frozen.filter(|_| !whole) {
            None => IndexSnapshot {
                generation: stamp,
                index: VectorIndex::build(vectors, kind, queries),
                graph: None,
                keys,
            },
            Some(frozen) => {
                let known = frozen.keys();
                let row = |key: &i64| known.binary_search(key).ok().map(|row| RowId(row as u32));
                let gone: RowBitmap = removed.iter().filter_map(row).collect();
                // Keys are never used again, so those of new papers follow.
                let new = keys.split_off(keys.partition_point(|key| known.last() >= Some(key)));
                let rows = keys.iter().map(|key| row(key).ok_or_else(|| corrupt_index(IndexCorruption::FOREIGN)));
                let mut rows = rows.collect::<Result<Vec<RowId>>>()?;
                rows.extend((known.len() as u32..).map(RowId).take(new.len()));
                let index = VectorIndex::new(Some(frozen.clone()), IndexDelta { removed: gone, rows, vectors }, kind);
                IndexSnapshot { generation: stamp, index, graph: Some(frozen), keys: new }
            }
        };
        let (rows, index) = (snapshot.rows(), snapshot.index.kind());
        tracing::debug!(rows, stamp.generation, %index, "read the vectors");
        Ok(snapshot)
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.index.rows().len()
    }

    fn known(&self) -> &[i64] {
        self.graph.as_ref().map_or(&[], |frozen| frozen.keys())
    }

    pub(super) fn key(&self, row: RowId) -> i64 {
        let known = self.known();
        known.get(row.index()).copied().unwrap_or_else(|| self.keys[row.index() - known.len()])
    }

    /// The row of a key; `None` when the paper has no vector in this generation.
    pub(super) fn row(&self, key: i64) -> Option<RowId> {
        let known = self.known();
        let row = known.binary_search(&key).or_else(|_| self.keys.binary_search(&key).map(|at| known.len() + at));
        row.ok().map(|row| RowId(row as u32)).filter(|row| self.index.rows().contains(*row))
    }

    pub(super) fn row_set(&self, keys: &[i64]) -> RowBitmap {
        keys.iter().filter_map(|key| self.row(*key)).collect()
    }

    pub(super) fn all(&self) -> &RowBitmap {
        self.index.rows()
    }

    pub(super) fn vector(&self, row: RowId) -> Result<&[f32]> {
        self.index.vector(row).map_err(corrupt_index)
    }

    pub(super) fn embedding(&self, row: RowId) -> Result<Embedding> {
        self.vector(row).map(Embedding::from_unit_slice)
    }

    /// The `k` rows nearest to a vector, of those allowed.
    pub(super) fn nearest(&self, query: &[f32], k: usize, allowed: Option<&RowBitmap>) -> Result<Vec<SearchHit>> {
        self.index.nearest(query, k, allowed).map_err(corrupt_index)
    }
}
