//! The background of a ranking: a sample of papers that stands for the library.

use std::sync::Arc;

use super::Searcher;
use super::resolve::ResolvedRequest;
use super::snapshot::IndexSnapshot;
use crate::error::Result;
use crate::lexical::TermVector;
use crate::recommend::{Background, TermProfile};
use crate::vector::{EmbeddingMatrix, RowBitmap, RowId};

/// Papers in the sample: enough for the mean and the shrunk covariance of embeddings, and for document frequencies.
const BACKGROUND_SIZE: usize = 1_000;

/// The background of all papers, or of those with these keys.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn background(searcher: &Searcher<'_>, known: Option<&[i64]>) -> Result<Arc<Background>> {
    match known {
        None => {
            let generation = searcher.snapshot.generation;
            searcher.caches.background.get_or_build(generation, || read(searcher, None))
        }
        Some(_) => read(searcher, known).map(Arc::new),
    }
}

fn read(searcher: &Searcher<'_>, known: Option<&[i64]>) -> Result<Background> {
    let snapshot = &searcher.snapshot;
    let rows = known.map_or_else(|| snapshot.all().clone(), |keys| snapshot.row_set(keys));
    let rows = sample_rows(snapshot, &rows);
    // A background without papers has the dimension of the library: what is ranked is compared with its mean.
    let dimension = searcher.library.model()?.map_or(0, |model| model.dimension);
    let mut vectors = EmbeddingMatrix::with_capacity(dimension, rows.len());
    snapshot.load(&rows)?;
    for row in &rows {
        vectors.push(&snapshot.embedding(*row)?);
    }
    Ok(Background::new(vectors, term_vectors(searcher, &rows)?))
}

/// The terms of the papers in some rows, in the same order.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn term_vectors(searcher: &Searcher<'_>, rows: &[RowId]) -> Result<Vec<Arc<TermVector>>> {
    let Searcher { library, snapshot, caches, .. } = searcher;
    let cached = caches.term_vectors.get_or_build(snapshot.generation, || Ok(Default::default()))?;
    let keys: Vec<i64> = rows.iter().map(|row| snapshot.key(*row)).collect();
    cached.get_or_read_all(&keys, TermVector::size_bytes, |keys| library.term_vectors(keys))
}

/// The terms of the paper in a row by the background of a request. For the background of all papers, they are computed once
/// per generation: this is a fifth of the time of an answer.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn term_profile(
    Searcher { library, snapshot, caches, .. }: &Searcher<'_>,
    ResolvedRequest { background, known, .. }: &ResolvedRequest<'_>,
    row: RowId,
    terms: &TermVector,
) -> Result<Arc<TermProfile>> {
    // All loops over candidates come by here.
    library.check_canceled()?;
    if known.is_some() {
        return Ok(Arc::new(background.term_profile(terms)));
    }
    let computed = caches.term_profiles.get_or_build(snapshot.generation, || Ok(Default::default()))?;
    computed.get_or_read(&snapshot.key(row), TermProfile::size_bytes, || Ok(background.term_profile(terms)))
}

/// Rows that stand for all of these.
pub(super) fn sample_rows(snapshot: &IndexSnapshot, rows: &RowBitmap) -> Vec<RowId> {
    sample(rows.iter().collect(), |row| snapshot.key(*row))
}

/// At most [`BACKGROUND_SIZE`] of the items, in order: the same ones as long as they exist, whatever is added.
fn sample<T: Ord>(mut items: Vec<T>, key: impl Fn(&T) -> i64) -> Vec<T> {
    if items.len() > BACKGROUND_SIZE {
        let hash = |item: &T| crc32fast::hash(&key(item).to_le_bytes());
        items.select_nth_unstable_by_key(BACKGROUND_SIZE, hash);
        items.truncate(BACKGROUND_SIZE);
        items.sort_unstable();
    }
    items
}
