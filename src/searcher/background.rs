//! The background of a ranking, a sample of papers that stands for the library, and the candidates that are compared with it.

use std::sync::Arc;

use super::resolve::ResolvedRequest;
use super::snapshot::IndexSnapshot;
use super::{Searcher, background_file};
use crate::error::Result;
use crate::recommend::{Background, Candidate};
use crate::vector::{EmbeddingMatrix, RowBitmap, RowId, prefetch};

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

/// The vectors and the terms of papers, in the order of the rows. What else is known of them is not looked up.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn candidates<'s>(
    searcher: &'s Searcher<'_>,
    ResolvedRequest { background, known, .. }: &ResolvedRequest<'_>,
    rows: &[RowId],
) -> Result<Vec<Candidate<'s>>> {
    let (snapshot, paper_terms) = (&searcher.snapshot, searcher.terms()?);
    snapshot.load(rows)?;
    paper_terms.load(searcher, rows)?;
    let mut texts = Vec::with_capacity(rows.len());
    for row in rows {
        searcher.library.check_canceled()?;
        let (vector, terms) = (snapshot.vector(*row)?, paper_terms.terms(searcher, *row)?);
        // All are asked for before the first is compared: they lie anywhere in memory.
        prefetch(vector);
        prefetch(terms.numbers);
        prefetch(terms.counts);
        texts.push((vector, terms));
    }
    let norm = |row, terms| match known {
        None => paper_terms.norm(background, row, terms),
        Some(_) => background.term_norm(terms),
    };
    let candidate = |(row, (vector, terms)): (&RowId, _)| Candidate::new(vector, terms, norm(*row, terms));
    Ok(rows.iter().zip(texts).map(candidate).collect())
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
