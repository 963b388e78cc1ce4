//! Query-independent signals of candidates: dates, votes, followed authors, and similarity to what was shown before.

use std::sync::Arc;

use super::metadata_table::MetadataTable;
use super::snapshot::SnapshotReader;
use super::{Searcher, metadata_file};
use crate::error::Result;
use crate::paper::PaperMetadata;
use crate::recommend::QueryIndependentSignals;
use crate::vector::{RowBitmap, RowId, dots};

/// Impressions that a candidate is compared with, at most: those of the last weeks.
const MAX_IMPRESSIONS: usize = 200;

/// Signals of all papers, as far as a request needs them.
pub(super) struct SignalTable {
    metadata: Arc<MetadataTable>,
    /// Papers by followed authors.
    pub followed: RowBitmap,
    shown: Vec<RowId>,
}

impl SignalTable {
    /// Reads the signals that a request needs: `with_metadata` for dates and votes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(
        searcher: &Searcher<'_>,
        authors: &[String],
        with_metadata: bool,
        shown: &RowBitmap,
    ) -> Result<SignalTable> {
        let Searcher { library, snapshot, caches, .. } = searcher;
        let metadata = match with_metadata {
            true => caches.metadata.get_or_build(snapshot.generation, || metadata_file::read(library))?,
            false => Arc::default(),
        };
        let followed = match authors.is_empty() {
            true => RowBitmap::default(),
            false => snapshot.row_set(&library.papers_by(authors)?),
        };
        let last = shown.len().saturating_sub(MAX_IMPRESSIONS);
        Ok(SignalTable { metadata, followed, shown: shown.iter().skip(last).collect() })
    }

    /// The signals of the paper in a row.
    ///
    /// # Errors
    /// When the index is corrupt.
    pub(super) fn signals(&self, row: RowId, snapshot: &SnapshotReader<'_>) -> Result<QueryIndependentSignals> {
        let PaperMetadata { date, votes } = self.metadata.get(snapshot.key(row));
        let shown = match self.shown[..] {
            [] => 0.0,
            _ => largest_similarity(snapshot, row, &self.shown)?,
        };
        let popularity = date.zip(votes).map_or(0.0, |(date, votes)| self.metadata.popularity(date, votes));
        Ok(QueryIndependentSignals { date, popularity, followed: self.followed.contains(row), shown_similarity: shown })
    }
}

/// The largest cosine of the paper in a row with one of some others; 0 if all are below.
fn largest_similarity(snapshot: &SnapshotReader<'_>, row: RowId, others: &[RowId]) -> Result<f32> {
    let vectors = others.iter().map(|row| snapshot.vector(*row)).collect::<Result<Vec<&[f32]>>>()?;
    let mut cosines = Vec::with_capacity(vectors.len());
    dots(snapshot.vector(row)?, &vectors, &mut cosines);
    Ok(cosines.into_iter().fold(0.0, f32::max))
}
