//! Vectors that stay on the server of the library: it finds neighbors, and only what is ranked is read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::index::SearchHit;
use crate::library::Library;
use crate::vector::{RowBitmap, RowId, dot};

/// Bytes of vectors that were read from the server, at most: then all are forgotten.
const MAX_LOADED_BYTES: usize = 256 << 20;
/// Vectors that are read at once, at most.
const BATCH_ROWS: usize = 1_000;

/// The keys of all papers with a vector, and the vectors that were read so far.
pub(super) struct ServerVectors {
    /// Ascending.
    keys: Vec<i64>,
    all: RowBitmap,
    loaded: Vec<OnceLock<Box<[f32]>>>,
    loaded_bytes: AtomicUsize,
}

impl ServerVectors {
    pub(super) fn new(keys: Vec<i64>) -> ServerVectors {
        let all = RowBitmap::first_n(keys.len());
        let loaded = std::iter::repeat_with(OnceLock::new).take(keys.len()).collect();
        ServerVectors { keys, all, loaded, loaded_bytes: AtomicUsize::new(0) }
    }

    pub(super) fn key(&self, row: RowId) -> i64 {
        self.keys[row.index()]
    }

    pub(super) fn row(&self, key: i64) -> Option<RowId> {
        self.keys.binary_search(&key).ok().map(|row| RowId(row as u32))
    }

    pub(super) fn all(&self) -> &RowBitmap {
        &self.all
    }

    /// Whether too much was read.
    pub(super) fn is_full(&self) -> bool {
        self.loaded_bytes.load(Ordering::Relaxed) > MAX_LOADED_BYTES
    }

    /// Reads the vectors of those rows that were not read yet.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub(super) fn load(&self, library: &Library, rows: &[RowId]) -> Result<()> {
        let missing: Vec<RowId> = rows.iter().copied().filter(|row| self.loaded[row.index()].get().is_none()).collect();
        for rows in missing.chunks(BATCH_ROWS) {
            let keys: Vec<i64> = rows.iter().map(|row| self.key(*row)).collect();
            let vectors = library.embeddings_at(&keys)?;
            for (place, row) in rows.iter().enumerate() {
                let vector: Box<[f32]> = vectors.row(place).into();
                self.loaded_bytes.fetch_add(size_of_val(&*vector), Ordering::Relaxed);
                // Another thread may have read it meanwhile: it is the same.
                let _ = self.loaded[row.index()].set(vector);
            }
        }
        Ok(())
    }

    /// The vector of a row, read if it was not yet.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub(super) fn vector(&self, library: &Library, row: RowId) -> Result<&[f32]> {
        if self.loaded[row.index()].get().is_none() {
            self.load(library, &[row])?;
        }
        Ok(self.loaded[row.index()].get().map_or(&[], |vector| vector))
    }

    /// The `k` rows nearest to a vector, of those allowed, as the server finds them; compared exactly.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub(super) fn nearest(
        &self,
        library: &Library,
        query: &[f32],
        k: usize,
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<SearchHit>> {
        let allowed: Option<Vec<i64>> = allowed.map(|rows| rows.iter().map(|row| self.key(row)).collect());
        let keys = library.nearest_keys(query, k, allowed.as_deref(), self.keys.len())?;
        let rows: Vec<RowId> = keys.into_iter().filter_map(|key| self.row(key)).collect();
        self.load(library, &rows)?;
        let hit = |row: RowId| Ok(SearchHit { row, score: dot(self.vector(library, row)?, query) });
        let mut hits = rows.into_iter().map(hit).collect::<Result<Vec<SearchHit>>>()?;
        hits.sort_unstable();
        hits.truncate(k);
        Ok(hits)
    }
}
