//! The similarity report: the whole library compared with itself.

use super::graph_file::corrupt_index;
use super::{IndexSnapshot, SearchContext};
use crate::error::Result;
use crate::report::{DuplicatePair, NeighborPaper, ReportEntry, ReportManifest, SimilarityReport};
use crate::vector::RowId;

/// The `k` nearest neighbors of every paper, and the pairs whose cosine is at least `threshold`. `done` is called with
/// how many more papers are finished.
///
/// # Errors
/// When the library's file cannot be read.
pub(crate) fn report(
    context: SearchContext<'_>,
    k: usize,
    threshold: f32,
    done: &(dyn Fn(usize) + Sync),
) -> Result<SimilarityReport> {
    context.retry_without_corrupt_file(|| {
        // The comparison takes minutes: it runs outside the transaction, on vectors that cannot change.
        let (snapshot, entries) = context.library.read_transaction(|| {
            let snapshot = context.snapshot(context.library.summary()?.papers as usize)?;
            let entry = |row| {
                let paper = context.library.paper_at(snapshot.key(row))?.paper;
                Ok(ReportEntry { id: paper.id, title: paper.title, neighbors: Vec::new() })
            };
            let entries = snapshot.all().iter().map(entry).collect::<Result<Vec<_>>>()?;
            Ok((snapshot, entries))
        })?;
        let model = context.library.model()?.map(|model| model.label()).unwrap_or_default();
        compare(&snapshot, entries, model, k, threshold, done)
    })
}

fn compare(
    snapshot: &IndexSnapshot,
    mut entries: Vec<ReportEntry>,
    model: String,
    k: usize,
    threshold: f32,
    done: &(dyn Fn(usize) + Sync),
) -> Result<SimilarityReport> {
    let found = snapshot.index.all_neighbors(k, done).map_err(corrupt_index)?;
    let place = |row: RowId| found.binary_search_by_key(&row, |(row, _)| *row).expect("neighbors are rows too");
    let mut duplicates = Vec::new();
    for ((row, hits), entry) in found.iter().zip(&entries) {
        let all_alike = hits.len() == k && hits.iter().all(|hit| hit.score >= threshold);
        let further = all_alike.then(|| snapshot.nearest(snapshot.vector(*row)?, snapshot.rows(), None)).transpose()?;
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
        model,
        generation: snapshot.generation.generation,
        index: snapshot.index.kind().to_string(),
        papers: entries.len(),
        neighbors: k,
        threshold,
        pairs: duplicates.len(),
    };
    Ok(SimilarityReport { manifest, entries, duplicates })
}
