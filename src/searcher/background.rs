//! The background of a ranking: a sample of papers that stands for the library.

use std::sync::Arc;

use super::resolve::ResolvedRequest;
use super::snapshot::IndexSnapshot;
use super::{Searcher, background_file};
use crate::error::Result;
use crate::lexical::{TermNorm, TermSlice};
use crate::recommend::Background;
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
            searcher.caches.background.get_or_build(generation, || match background_file::read(searcher.library)? {
                Some(background) => Ok(background),
                None => of_sample(searcher, None),
            })
        }
        Some(_) => of_sample(searcher, known).map(Arc::new),
    }
}

/// The background of a sample of all papers, or of those with these keys.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn of_sample(searcher: &Searcher<'_>, known: Option<&[i64]>) -> Result<Background> {
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
    let terms = searcher.terms()?;
    terms.load(searcher, &rows)?;
    let texts = rows.iter().map(|row| terms.terms(searcher, *row)).collect::<Result<Vec<_>>>()?;
    Ok(Background::new(vectors, &texts))
}

/// The terms of the paper in a row, and what turns them into a TF-IDF vector of the background of a request.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn terms_with_norm<'s>(
    searcher: &'s Searcher<'_>,
    ResolvedRequest { background, known, .. }: &ResolvedRequest<'_>,
    row: RowId,
) -> Result<(TermSlice<'s>, TermNorm)> {
    // All loops over candidates come by here.
    searcher.library.check_canceled()?;
    let paper_terms = searcher.terms()?;
    let terms = paper_terms.terms(searcher, row)?;
    let norm = match known {
        None => paper_terms.norm(background, row, terms),
        Some(_) => background.term_norm(terms),
    };
    Ok((terms, norm))
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
