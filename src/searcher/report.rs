//! The whole library compared with itself.

use super::Engine;
use super::index_store::corrupt_index;
use crate::error::Result;
use crate::report::{DuplicatePair, NeighborPaper, ReportEntry, ReportManifest, SimilarityReport};
use crate::vector::RowId;

impl Engine {
    /// The `k` nearest neighbors of every paper, and the pairs that are at least `threshold` alike. `done` is told
    /// how many more papers are finished.
    pub fn report(&self, k: usize, threshold: f32, done: &(dyn Fn(usize) + Sync)) -> Result<SimilarityReport> {
        self.with_index_fallback(|| self.report_once(k, threshold, done))
    }

    fn report_once(&self, k: usize, threshold: f32, done: &(dyn Fn(usize) + Sync)) -> Result<SimilarityReport> {
        let (snapshot, mut entries) = self.library.read_transaction(|| {
            let snapshot = self.snapshot(self.library.summary()?.papers as usize)?;
            let entry = |row| {
                let paper = self.library.paper_at(snapshot.key(row))?.paper;
                Ok(ReportEntry { id: paper.id, title: paper.title, neighbors: Vec::new() })
            };
            let entries = snapshot.all().iter().map(entry).collect::<Result<Vec<_>>>()?;
            Ok((snapshot, entries))
        })?;
        let found = snapshot.index.all_neighbors(k, done).map_err(corrupt_index)?;
        let place = |row: RowId| found.binary_search_by_key(&row, |(row, _)| *row).expect("neighbors are rows too");
        let mut duplicates = Vec::new();
        for ((row, hits), entry) in found.iter().zip(&entries) {
            let all_alike = hits.len() == k && hits.iter().all(|hit| hit.score >= threshold);
            let further =
                all_alike.then(|| snapshot.nearest(snapshot.vector(*row)?, snapshot.rows(), None)).transpose()?;
            let alike = further.as_ref().unwrap_or(hits).iter();
            for hit in alike.filter(|hit| hit.score >= threshold && hit.row > *row) {
                let other = &entries[place(hit.row)];
                duplicates.push(DuplicatePair {
                    id: entry.id.clone(),
                    title: entry.title.clone(),
                    other_id: other.id.clone(),
                    other_title: other.title.clone(),
                    score: hit.score,
                });
            }
        }
        duplicates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        for (at, (_, hits)) in found.iter().enumerate() {
            let neighbors = hits.iter().map(|hit| {
                let ReportEntry { id, title, .. } = &entries[place(hit.row)];
                NeighborPaper { id: id.clone(), title: title.clone(), score: hit.score }
            });
            entries[at].neighbors = neighbors.collect();
        }
        let manifest = ReportManifest {
            paperkin: env!("CARGO_PKG_VERSION"),
            model: self.library.model()?.map(|model| model.label()).unwrap_or_default(),
            generation: snapshot.generation.generation,
            index: snapshot.index.kind().to_string(),
            papers: entries.len(),
            neighbors: k,
            threshold,
            pairs: duplicates.len(),
        };
        Ok(SimilarityReport { manifest, entries, duplicates })
    }
}
