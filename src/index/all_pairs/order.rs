//! An order in which near vectors stand together: lists of the best are then good at once, and keep most pairs out. It
//! changes the time, and not the result.

use rayon::prelude::*;

use super::codes::{CodeScale, RowCodes};
use crate::kernels::{Cpu, PackedPanels, gemm};
use crate::vector::EmbeddingMatrix;

/// Rows for each pivot, with which a row stands that has none nearer.
const OF_A_PIVOT: usize = 128;
/// Most pivots: finding the nearest one takes a small part of the whole time.
const MOST_PIVOTS: usize = 1024;
/// Rows that are compared with the pivots at a time.
const CHUNK: usize = 1024;

/// All rows, those with the same nearest pivot together. Pivots are rows here and there.
pub(super) fn near_together(cpu: Cpu, scale: CodeScale, vectors: &EmbeddingMatrix) -> Vec<u32> {
    let all: Vec<u32> = (0..vectors.len() as u32).collect();
    let pivots = (all.len() / OF_A_PIVOT).min(MOST_PIVOTS);
    if pivots < 2 {
        return all;
    }
    let pivots: Vec<u32> = (0..pivots).map(|pivot| (pivot * all.len() / pivots) as u32).collect();
    let codes = RowCodes::new(scale, vectors, &pivots);
    let mut panels = PackedPanels::default();
    codes.pack(0..pivots.len(), &mut panels);
    let offsets: Vec<i32> = (0..pivots.len()).map(|pivot| codes.offset(pivot)).collect();
    let chain = chain(cpu, &codes, &panels, &offsets);
    let ranked = all.par_chunks(CHUNK).flat_map_iter(|rows| {
        let nearest = nearest_pivots(cpu, &RowCodes::new(scale, vectors, rows), &panels, &offsets);
        nearest.into_iter().map(|pivot| chain[pivot])
    });
    let ranked: Vec<u32> = ranked.collect();
    let mut order = all;
    order.sort_by_key(|row| ranked[*row as usize]);
    order
}

/// For each place the nearest pivot.
fn nearest_pivots(cpu: Cpu, codes: &RowCodes, panels: &PackedPanels, offsets: &[i32]) -> Vec<usize> {
    let mut nearest = vec![(i32::MIN, 0); codes.len()];
    each_product(cpu, codes, panels, offsets, |place, pivot, steps| {
        if steps > nearest[place].0 {
            nearest[place] = (steps, pivot);
        }
    });
    nearest.into_iter().map(|(_, pivot)| pivot).collect()
}

/// For each pivot its place in a chain in which the next one is the nearest of those that are left.
fn chain(cpu: Cpu, pivots: &RowCodes, panels: &PackedPanels, offsets: &[i32]) -> Vec<u32> {
    let count = offsets.len();
    let mut products = vec![0; count * count];
    each_product(cpu, pivots, panels, offsets, |row, column, steps| products[row * count + column] = steps);
    let mut places = vec![u32::MAX; count];
    let mut last = 0;
    for place in 0..count as u32 {
        places[last] = place;
        let left = (0..count).filter(|pivot| places[*pivot] == u32::MAX);
        last = left.max_by_key(|pivot| products[last * count + pivot]).unwrap_or(0);
    }
    places
}

/// The product of every place with every pivot, in steps.
fn each_product(
    cpu: Cpu,
    codes: &RowCodes,
    panels: &PackedPanels,
    offsets: &[i32],
    mut take: impl FnMut(usize, usize, i32),
) {
    gemm(cpu, codes.words(), 0..codes.len(), panels, |tile| {
        let offsets = &offsets[tile.column..offsets.len().min(tile.column + tile.columns)];
        for (row, words) in tile.words.chunks_exact(tile.columns).take(tile.rows).enumerate() {
            for (column, (word, offset)) in words.iter().zip(offsets).enumerate() {
                take(tile.row + row, tile.column + column, word.cast_signed() - offset);
            }
        }
    });
}
