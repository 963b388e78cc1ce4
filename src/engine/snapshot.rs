//! The library's vectors at one generation, indexed.

use std::sync::Arc;

use super::upkeep::{damaged, stamp_of};
use crate::error::Result;
use crate::index::{Changes, Damage, Frozen, Hit, Index, IndexKind};
use crate::library::{Library, Since, Stamp};
use crate::vector::{Embedding, Row, RowSet};

/// Vectors of one generation. Rows ascend with the library's keys.
pub(super) struct Snapshot {
    pub stamp: Stamp,
    pub index: Index,
    frozen: Option<Arc<Frozen>>,
    /// Keys of the rows that follow those of the frozen index.
    keys: Vec<i64>,
}

impl Snapshot {
    /// Reads what the frozen index does not have: all vectors, if there is none or it is not this library's; `queries`
    /// questions are expected.
    pub(super) fn read(
        library: &Library,
        frozen: Option<Arc<Frozen>>,
        kind: IndexKind,
        queries: usize,
    ) -> Result<Snapshot> {
        let then = frozen.as_ref().map(|frozen| stamp_of(frozen, library)).transpose()?.flatten();
        let Since { stamp, whole, mut keys, vectors, removed } = library.embeddings_since(then)?;
        let snapshot = match frozen.filter(|_| !whole) {
            None => Snapshot { stamp, index: Index::build(vectors, kind, queries), frozen: None, keys },
            Some(frozen) => {
                let known = frozen.keys();
                let row = |key: &i64| known.binary_search(key).ok().map(|row| Row(row as u32));
                let gone: RowSet = removed.iter().filter_map(row).collect();
                // Keys are never used again, so those of new papers follow.
                let new = keys.split_off(keys.partition_point(|key| known.last() >= Some(key)));
                let rows = keys.iter().map(|key| row(key).ok_or_else(|| damaged(Damage::FOREIGN)));
                let mut rows = rows.collect::<Result<Vec<Row>>>()?;
                rows.extend((known.len() as u32..).map(Row).take(new.len()));
                let index = Index::new(Some(frozen.clone()), Changes { gone, rows, vectors }, kind);
                Snapshot { stamp, index, frozen: Some(frozen), keys: new }
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
        self.frozen.as_ref().map_or(&[], |frozen| frozen.keys())
    }

    pub(super) fn key(&self, row: Row) -> i64 {
        let known = self.known();
        known.get(row.index()).copied().unwrap_or_else(|| self.keys[row.index() - known.len()])
    }

    /// The row of a key; `None` when the paper has no vector in this generation.
    pub(super) fn row(&self, key: i64) -> Option<Row> {
        let known = self.known();
        let row = known.binary_search(&key).or_else(|_| self.keys.binary_search(&key).map(|at| known.len() + at));
        row.ok().map(|row| Row(row as u32)).filter(|row| self.index.rows().contains(*row))
    }

    pub(super) fn row_set(&self, keys: &[i64]) -> RowSet {
        keys.iter().filter_map(|key| self.row(*key)).collect()
    }

    pub(super) fn all(&self) -> &RowSet {
        self.index.rows()
    }

    pub(super) fn vector(&self, row: Row) -> Result<&[f32]> {
        self.index.vector(row).map_err(damaged)
    }

    pub(super) fn embedding(&self, row: Row) -> Result<Embedding> {
        self.vector(row).map(Embedding::of_row)
    }

    /// The `k` rows nearest to a vector, of those allowed.
    pub(super) fn nearest(&self, query: &[f32], k: usize, allowed: Option<&RowSet>) -> Result<Vec<Hit>> {
        self.index.nearest(query, k, allowed).map_err(damaged)
    }
}
