//! The exact scan: every row is compared, in tiles that stay in the cache while several queries use them.

use rayon::prelude::*;

use super::{Hit, best};
use crate::vector::{Row, Vectors, dot};

/// Rows in a tile: 64 rows of 384 numbers are 96 KiB, which fits in every L2 cache.
const TILE: usize = 64;
/// Queries that go through a tile together: enough that reading the rows is no longer what takes the time.
const QUERIES: usize = 32;
/// Rows that one task scans for a few queries: below this, more than one thread does not pay.
const STRIP: usize = 16_384;

/// The `k` rows nearest to each query, best first.
pub(super) fn nearest(vectors: &Vectors, queries: &[&[f32]], k: usize) -> Vec<Vec<Hit>> {
    let strips = vectors.len().div_ceil(STRIP);
    let of_strip = |strip: usize| scan(vectors, strip * STRIP, vectors.len().min((strip + 1) * STRIP), queries, k);
    if strips <= 1 {
        return of_strip(0);
    }
    let strips: Vec<_> = (0..strips).into_par_iter().map(of_strip).collect();
    let merged = (0..queries.len()).map(|query| {
        let mut hits: Vec<Hit> = strips.iter().flat_map(|strip| strip[query].iter().copied()).collect();
        best(&mut hits, k);
        hits
    });
    merged.collect()
}

/// For every row its `k` nearest rows, itself among them.
pub(super) fn all_nearest(vectors: &Vectors, k: usize, done: &(dyn Fn(usize) + Sync)) -> Vec<Vec<Hit>> {
    let blocks = (0..vectors.len()).step_by(QUERIES).collect::<Vec<_>>();
    let of_block = |start: usize| {
        let end = vectors.len().min(start + QUERIES);
        let queries: Vec<&[f32]> = (start..end).map(|row| vectors.row(row)).collect();
        let hits = scan(vectors, 0, vectors.len(), &queries, k);
        done(end - start);
        hits
    };
    blocks.into_par_iter().flat_map_iter(of_block).collect()
}

/// The `k` best of rows `from..to` for each query. Keeps up to 2k hits and cuts back to k when they are full, which
/// costs less than a heap; `k` is clamped to the number of rows.
fn scan(vectors: &Vectors, from: usize, to: usize, queries: &[&[f32]], k: usize) -> Vec<Vec<Hit>> {
    let k = k.min(to - from);
    let mut kept = vec![Vec::with_capacity(2 * k); queries.len()];
    let mut worst = vec![f32::NEG_INFINITY; queries.len()];
    for tile in (from..to).step_by(TILE) {
        for (query, (kept, worst)) in queries.iter().zip(kept.iter_mut().zip(&mut worst)) {
            for row in tile..to.min(tile + TILE) {
                let score = dot(query, vectors.row(row));
                if score > *worst && k > 0 {
                    kept.push(Hit { row: Row(row as u32), score });
                    if kept.len() == 2 * k {
                        best(kept, k);
                        *worst = kept[k - 1].score;
                    }
                }
            }
        }
    }
    kept.iter_mut().for_each(|hits| best(hits, k));
    kept
}
