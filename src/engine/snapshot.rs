//! The library's vectors at one generation, indexed.

use std::sync::Arc;

use crate::error::Result;
use crate::index::{Index, IndexKind};
use crate::library::{Library, Since, Stamp};
use crate::vector::{Row, RowSet};

/// Vectors of one generation. Rows ascend with the library's keys.
pub(super) struct Snapshot {
    pub stamp: Stamp,
    pub index: Index,
    keys: Vec<i64>,
}

impl Snapshot {
    /// Reads all vectors; `queries` questions are expected.
    pub(super) fn read(library: &Library, kind: IndexKind, queries: usize) -> Result<Snapshot> {
        let Since { stamp, keys, vectors, .. } = library.embeddings_since(None)?;
        let index = Index::build(Arc::new(vectors), kind, queries);
        tracing::debug!(rows = keys.len(), stamp.generation, index = %index.kind(), "read the vectors");
        Ok(Snapshot { stamp, index, keys })
    }

    pub(super) fn rows(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn key(&self, row: Row) -> i64 {
        self.keys[row.index()]
    }

    /// The row of a key; `None` when the paper has no vector in this generation.
    pub(super) fn row(&self, key: i64) -> Option<Row> {
        self.keys.binary_search(&key).ok().map(|row| Row(row as u32))
    }

    pub(super) fn row_set(&self, keys: &[i64]) -> RowSet {
        keys.iter().filter_map(|key| self.row(*key)).collect()
    }

    pub(super) fn all(&self) -> RowSet {
        (0..self.keys.len() as u32).map(Row).collect()
    }

    pub(super) fn vector(&self, row: Row) -> &[f32] {
        self.index.vectors().row(row.index())
    }
}
