//! Query-independent signals of candidates: dates, votes, followed authors, and similarity to what was shown before.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::Searcher;
use super::snapshot::SnapshotReader;
use crate::error::Result;
use crate::paper::PaperMetadata;
use crate::recommend::QueryIndependentSignals;
use crate::vector::{RowBitmap, RowId, dot};

/// Impressions that a candidate is compared with, at most: those of the last weeks.
const MAX_IMPRESSIONS: usize = 200;

/// Dates and votes of all papers.
#[derive(Default)]
pub(super) struct MetadataTable {
    papers: HashMap<i64, PaperMetadata>,
    /// The votes of each day's papers, ascending.
    votes: HashMap<Date, Vec<u32>>,
}

impl MetadataTable {
    fn new(papers: HashMap<i64, PaperMetadata>) -> MetadataTable {
        let mut votes: HashMap<Date, Vec<u32>> = HashMap::new();
        for paper in papers.values() {
            if let (Some(date), Some(count)) = (paper.date, paper.votes) {
                votes.entry(date).or_default().push(count);
            }
        }
        votes.values_mut().for_each(|votes| votes.sort_unstable());
        MetadataTable { papers, votes }
    }

    /// The share of a day's papers that have fewer votes; those with as many count half.
    fn popularity(&self, date: Date, votes: u32) -> f32 {
        let all = self.votes.get(&date).map_or(&[][..], Vec::as_slice);
        let fewer = all.partition_point(|other| *other < votes);
        let as_many = all.partition_point(|other| *other <= votes) - fewer;
        (fewer as f32 + as_many as f32 / 2.0) / all.len().max(1) as f32
    }
}

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
        let read = || library.paper_metadata().map(MetadataTable::new);
        let metadata = match with_metadata {
            true => caches.metadata.get_or_build(snapshot.generation, read)?,
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
        let PaperMetadata { date, votes } = self.metadata.papers.get(&snapshot.key(row)).copied().unwrap_or_default();
        let vector = snapshot.vector(row)?;
        let mut shown = 0.0f32;
        for row in &self.shown {
            shown = shown.max(dot(vector, snapshot.vector(*row)?));
        }
        let popularity = date.zip(votes).map_or(0.0, |(date, votes)| self.metadata.popularity(date, votes));
        Ok(QueryIndependentSignals { date, popularity, followed: self.followed.contains(row), shown_similarity: shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_count_within_their_day() {
        let [one, other] = [jiff::civil::date(2025, 1, 1), jiff::civil::date(2025, 1, 2)];
        let votes = [(one, 5), (one, 1), (one, 40), (one, 5), (other, 200)];
        let papers = votes.map(|(date, votes)| PaperMetadata { date: Some(date), votes: Some(votes) });
        let table = MetadataTable::new((0..).zip(papers).collect());
        let popularity = |date, votes| table.popularity(date, votes);
        assert_eq!([1, 5, 40].map(|votes| popularity(one, votes)), [0.125, 0.5, 0.875]);
        assert_eq!(popularity(other, 200), 0.5);
    }
}
