//! Whether the index finds papers by their own embeddings.

use super::Searcher;
use crate::error::Result;
use crate::index::IndexKind;

/// Cosine from which on a hit counts as the paper itself: another paper with the same embedding is as good.
const SAME_EMBEDDING: f32 = 0.999;

/// Whether the index has the papers of the library, no more and no fewer.
///
/// # Errors
/// When the library's file cannot be read.
pub(crate) fn has_all_papers(searcher: &Searcher<'_>) -> Result<bool> {
    let keys = searcher.library.embedded_keys()?;
    Ok(searcher.snapshot.all().iter().map(|row| searcher.snapshot.key(row)).eq(keys))
}

/// The kind of the index, how many of a sample of papers it finds by their own embeddings, and the size of the sample.
///
/// # Errors
/// When the index is corrupt.
pub(crate) fn self_recall(searcher: &Searcher<'_>, sample_size: usize) -> Result<(IndexKind, usize, usize)> {
    let snapshot = &searcher.snapshot;
    let (mut found, mut tried) = (0, 0);
    for row in snapshot.all().iter().step_by(snapshot.rows().div_ceil(sample_size).max(1)) {
        let hits = snapshot.nearest(snapshot.vector(row)?, 1, None)?;
        found += usize::from(hits.first().is_some_and(|hit| hit.score > SAME_EMBEDDING));
        tried += 1;
    }
    Ok((snapshot.kind(), found, tried))
}
