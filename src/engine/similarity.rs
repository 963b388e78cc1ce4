//! The whole library compared with itself.

use super::Engine;
use crate::error::Result;
use crate::report::{Entry, Manifest, Neighbour, Pair, Report};
use crate::vector::Row;

impl Engine {
    /// The `k` nearest neighbours of every paper, and the pairs that are at least `threshold` alike. `done` is told
    /// how many more papers are finished.
    pub fn report(&self, k: usize, threshold: f32, done: &(dyn Fn(usize) + Sync)) -> Result<Report> {
        let (snapshot, mut entries) = self.library.at_once(|| {
            let snapshot = self.snapshot(self.library.summary()?.papers as usize)?;
            let entry = |row| {
                let paper = self.library.paper_at(snapshot.key(row))?.paper;
                Ok(Entry { id: paper.id, title: paper.title, neighbours: Vec::new() })
            };
            let entries = snapshot.all().iter().map(entry).collect::<Result<Vec<_>>>()?;
            Ok((snapshot, entries))
        })?;
        let found = snapshot.index.neighbours(k, done);
        let mut duplicates = Vec::new();
        for (row, hits) in found.iter().enumerate() {
            let all_alike = hits.len() == k && hits.iter().all(|hit| hit.score >= threshold);
            let further = all_alike.then(|| {
                let mut hits = snapshot.index.nearest(snapshot.vector(Row(row as u32)), snapshot.rows(), None);
                hits.retain(|hit| hit.score >= threshold);
                hits
            });
            let alike = further.as_ref().unwrap_or(hits).iter();
            for hit in alike.filter(|hit| hit.score >= threshold && hit.row.index() > row) {
                let other = &entries[hit.row.index()];
                duplicates.push(Pair {
                    id: entries[row].id.clone(),
                    title: entries[row].title.clone(),
                    other_id: other.id.clone(),
                    other_title: other.title.clone(),
                    score: hit.score,
                });
            }
        }
        duplicates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        for (row, hits) in found.iter().enumerate() {
            let neighbours = hits.iter().map(|hit| {
                let Entry { id, title, .. } = &entries[hit.row.index()];
                Neighbour { id: id.clone(), title: title.clone(), score: hit.score }
            });
            entries[row].neighbours = neighbours.collect();
        }
        let manifest = Manifest {
            paperkin: env!("CARGO_PKG_VERSION"),
            model: self.library.model()?.map(|model| model.label()).unwrap_or_default(),
            generation: snapshot.stamp.generation,
            index: snapshot.index.kind().to_string(),
            papers: entries.len(),
            neighbours: k,
            threshold,
            pairs: duplicates.len(),
        };
        Ok(Report { manifest, entries, duplicates })
    }
}
