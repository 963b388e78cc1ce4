//! The terms of the papers of one generation: in a file and what changed since, or read from the library one by one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Searcher;
use super::snapshot::IndexSnapshot;
use super::term_index_file;
use crate::error::{Error, Result};
use crate::lexical::{TermNorm, TermSlice, TermVector};
use crate::library::Library;
use crate::recommend::Background;
use crate::term_file::{TermFileCorruption, TermIndex};
use crate::vector::RowId;

/// Bytes of terms that were read from the library, at most: then all are forgotten.
const MAX_LOADED_BYTES: usize = 128 << 20;

/// Rows whose norms get their memory together: a process that asks one question needs few of them.
const NORMS_AT_ONCE: usize = 64;

/// Terms by row, and what turns them into TF-IDF vectors of the background of all papers.
pub(super) struct PaperTerms {
    source: TermSource,
    /// The two numbers of a [`TermNorm`] by row, [`NORMS_AT_ONCE`] together; 0 for those that nobody asked for. The background is
    /// that of the generation, and a norm takes a microsecond, which is too much for each candidate of each question.
    norms: Box<[OnceLock<Box<[AtomicU64]>>]>,
}

enum TermSource {
    File(Box<TermIndex>),
    Library { loaded: Box<[OnceLock<TermVector>]>, bytes: AtomicUsize },
}

impl PaperTerms {
    /// The terms of the papers of a snapshot.
    ///
    /// # Errors
    /// When the library's file cannot be read or the file of terms is corrupt.
    pub(super) fn new(library: &Library, snapshot: &IndexSnapshot) -> Result<PaperTerms> {
        let rows = snapshot.row_count();
        let source = match term_index_file::read(library)? {
            Some(index) => TermSource::File(Box::new(index)),
            None => {
                let loaded = std::iter::repeat_with(OnceLock::new).take(rows).collect();
                TermSource::Library { loaded, bytes: AtomicUsize::new(0) }
            }
        };
        let norms = std::iter::repeat_with(OnceLock::new).take(rows.div_ceil(NORMS_AT_ONCE)).collect();
        Ok(PaperTerms { source, norms })
    }

    /// The file of terms with what changed since it was written, if there is one.
    pub(super) fn index(&self) -> Option<&TermIndex> {
        match &self.source {
            TermSource::File(index) => Some(index),
            TermSource::Library { .. } => None,
        }
    }

    /// Whether any paper has a term.
    ///
    /// # Errors
    /// When the library's file cannot be read or the file of terms is corrupt.
    pub(super) fn has_term(&self, library: &Library, term: &str) -> Result<bool> {
        match &self.source {
            TermSource::File(index) => index.has_term(TermVector::term_id(term)).map_err(corrupt_terms),
            TermSource::Library { .. } => library.has_term(term),
        }
    }

    /// Whether so much was read from the library that it should be read anew.
    pub(super) fn is_full(&self) -> bool {
        matches!(&self.source, TermSource::Library { bytes, .. } if bytes.load(Ordering::Relaxed) > MAX_LOADED_BYTES)
    }

    /// Reads the terms of rows that are asked for next: the library is asked once for all, not once for each.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub(super) fn load(&self, Searcher { library, snapshot, .. }: &Searcher<'_>, rows: &[RowId]) -> Result<()> {
        let TermSource::Library { loaded, bytes } = &self.source else { return Ok(()) };
        let missing: Vec<RowId> = rows.iter().copied().filter(|row| loaded[row.index()].get().is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let keys: Vec<i64> = missing.iter().map(|row| snapshot.key(*row)).collect();
        for (row, terms) in missing.into_iter().zip(library.term_vectors(&keys)?) {
            bytes.fetch_add(terms.size_bytes(), Ordering::Relaxed);
            // Another thread may have read it meanwhile.
            let _ = loaded[row.index()].set(terms);
        }
        Ok(())
    }

    /// The terms of the paper in a row.
    ///
    /// # Errors
    /// As [`PaperTerms::load`], or when the file of terms is corrupt.
    pub(super) fn terms(&self, searcher: &Searcher<'_>, row: RowId) -> Result<TermSlice<'_>> {
        match &self.source {
            TermSource::File(index) => {
                let terms = index.terms(searcher.snapshot.key(row)).map_err(corrupt_terms)?;
                terms.ok_or_else(|| corrupt_terms(TermFileCorruption::FOREIGN))
            }
            TermSource::Library { loaded, .. } => {
                self.load(searcher, &[row])?;
                Ok(loaded[row.index()].get().map(TermVector::as_slice).unwrap_or_default())
            }
        }
    }

    /// What turns the terms of the paper in a row into its TF-IDF vector, by the background of all papers.
    pub(super) fn norm(&self, background: &Background, row: RowId, terms: TermSlice<'_>) -> TermNorm {
        let together = self.norms[row.index() / NORMS_AT_ONCE]
            .get_or_init(|| std::iter::repeat_with(AtomicU64::default).take(NORMS_AT_ONCE).collect());
        let place = &together[row.index() % NORMS_AT_ONCE];
        let known = place.load(Ordering::Relaxed);
        if known != 0 {
            let [inverse, background_overlap] = [known >> 32, known].map(|bits| f32::from_bits(bits as u32));
            return TermNorm { inverse, background_overlap };
        }
        let norm = background.term_norm(terms);
        let bits = u64::from(norm.inverse.to_bits()) << 32 | u64::from(norm.background_overlap.to_bits());
        place.store(bits, Ordering::Relaxed);
        norm
    }
}

/// The crate's error for a corrupt file of terms.
pub(super) fn corrupt_terms(corruption: TermFileCorruption) -> Error {
    Error::DamagedIndex { reason: corruption.to_string() }
}
