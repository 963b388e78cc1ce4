//! The audit: how well the graph finds what the exact scan finds.

use rayon::prelude::*;

use super::HnswGraph;
use crate::index::flat;
use crate::vector::RowId;

/// Numbers of candidates that are tried, in this order, until the recall is reached.
pub(super) const EFS: [usize; 8] = [32, 48, 64, 96, 128, 192, 256, 512];
/// The recall@10 aimed for.
const RECALL: f32 = 0.99;
/// Rows that are tried.
const SAMPLE: usize = 400;
/// Neighbors of each that are looked for.
const K: usize = 10;

impl HnswGraph {
    /// The graph with the fewest candidates that reach the recall aimed for, and the recall that they reach.
    pub(crate) fn measure_recall(self) -> HnswGraph {
        let sample: Vec<RowId> = (0..self.rows() as u32).step_by(self.rows().div_ceil(SAMPLE)).map(RowId).collect();
        let vector = |row: &RowId| self.vector(*row).unwrap_or_default();
        let truth: Vec<f32> = sample.par_iter().map(|row| self.worst_of_nearest(vector(row))).collect();
        let mut header = self.header.clone();
        for ef in EFS {
            let tried = sample.par_iter().zip(&truth).map(|(row, worst)| {
                let hits = self.nearest(vector(row), K, ef, None).unwrap_or_default();
                let found = hits.iter().filter(|hit| hit.score >= *worst).count().min(K);
                let itself = hits.iter().any(|hit| hit.row == *row || hit.score >= 1.0 - 1e-4);
                (found as f32 / K.min(self.rows()) as f32, f32::from(u8::from(itself)))
            });
            let (found, itself) = tried.reduce(|| (0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            header.ef = ef;
            header.recall = (found / sample.len() as f32, itself / sample.len() as f32);
            if header.recall.0 >= RECALL {
                break;
            }
        }
        self.with(header)
    }

    /// The score of the last of the nearest rows.
    fn worst_of_nearest(&self, query: &[f32]) -> f32 {
        let hits = flat::nearest(self, query, K, None).unwrap_or_default();
        hits.last().map_or(f32::NEG_INFINITY, |hit| hit.score)
    }
}
