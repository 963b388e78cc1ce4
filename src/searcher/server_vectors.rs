//! Vectors that stay on the server of the library: it finds neighbors, and only what is ranked is read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::index::SearchHit;
use crate::library::{Library, NearestQuery, ServerIndex};
use crate::vector::{RowBitmap, RowId, dot, key_position};

/// Bytes of vectors that were read from the server, at most: then all are forgotten.
const MAX_LOADED_BYTES: usize = 256 << 20;

/// The keys of all papers with a vector, and the vectors that were read so far.
pub(super) struct ServerVectors {
    /// How the server finds neighbors; `None` for a library without papers.
    index: Option<ServerIndex>,
    /// Ascending.
    keys: Vec<i64>,
    all: RowBitmap,
    loaded: Vec<OnceLock<Box<[f32]>>>,
    loaded_bytes: AtomicUsize,
}

impl ServerVectors {
    /// The papers of a library on a server.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub(super) fn new(library: &Library) -> Result<ServerVectors> {
        let keys = library.embedded_keys()?;
        let all = RowBitmap::first_n(keys.len());
        let loaded = std::iter::repeat_with(OnceLock::new).take(keys.len()).collect();
        Ok(ServerVectors { index: library.server_index()?, keys, all, loaded, loaded_bytes: AtomicUsize::new(0) })
    }

    pub(super) fn key(&self, row: RowId) -> i64 {
        self.keys[row.index()]
    }

    pub(super) fn row(&self, key: i64) -> Option<RowId> {
        key_position(&self.keys, key).map(|row| RowId(row as u32))
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
        let mut missing: Vec<RowId> =
            rows.iter().copied().filter(|row| self.loaded[row.index()].get().is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let keys: Vec<i64> = missing.iter().map(|row| self.key(*row)).collect();
        let vectors = library.embeddings_at(&keys)?;
        for (place, row) in missing.iter().enumerate() {
            let vector: Box<[f32]> = vectors.row(place).into();
            self.loaded_bytes.fetch_add(size_of_val(&*vector), Ordering::Relaxed);
            // Another thread may have read it meanwhile: it is the same.
            let _ = self.loaded[row.index()].set(vector);
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

    /// For each query, the rows nearest to it, of those allowed, as the server finds them, or a few more; compared exactly.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub(super) fn nearest(
        &self,
        library: &Library,
        queries: &[NearestQuery<'_>],
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<Vec<SearchHit>>> {
        let Some(index) = &self.index else { return Ok(vec![Vec::new(); queries.len()]) };
        let allowed: Option<Vec<i64>> = allowed.map(|rows| rows.iter().map(|row| self.key(row)).collect());
        let found = library.nearest_keys(index, queries, allowed.as_deref(), self.keys.len())?;
        let found: Vec<Vec<RowId>> =
            found.iter().map(|keys| keys.iter().filter_map(|key| self.row(*key)).collect()).collect();
        self.load(library, &found.concat())?;
        let hits = |(query, rows): (&NearestQuery<'_>, &Vec<RowId>)| {
            let hit = |row: &RowId| Ok(SearchHit { row: *row, score: dot(self.vector(library, *row)?, query.vector) });
            let mut hits = rows.iter().map(hit).collect::<Result<Vec<SearchHit>>>()?;
            hits.sort_unstable();
            Ok(hits)
        };
        queries.iter().zip(&found).map(hits).collect()
    }
}
