//! How similar papers of a list are to each other.

use super::Searcher;
use crate::error::Result;
use crate::paper::PaperId;
use crate::vector::dot;

/// The cosines of papers with each other, in their order: a row for each. Those of a paper that is not in the library are
/// 0.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(crate) fn cosines(searcher: &Searcher<'_>, ids: &[PaperId]) -> Result<Vec<Vec<f32>>> {
    let snapshot = &searcher.snapshot;
    let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(ids.len());
    for id in ids {
        let row = searcher.library.lookup_key(id)?.and_then(|key| snapshot.row(key));
        vectors.push(row.map(|row| snapshot.vector(row).map(<[f32]>::to_vec)).transpose()?.unwrap_or_default());
    }
    let cosine = |one: &Vec<f32>, other: &Vec<f32>| if one.len() == other.len() { dot(one, other) } else { 0.0 };
    Ok(vectors.iter().map(|one| vectors.iter().map(|other| cosine(one, other)).collect()).collect())
}
