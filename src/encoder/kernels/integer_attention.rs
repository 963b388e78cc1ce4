//! Attention within one text in 16-bit integers, whose products are summed in 32 bits.

use std::ops::Range;

use super::attention::ProjectedRows;
use super::rows::{
    ColumnScales, Epilogue, RowScale, StridedRows, WeightScale, column_ranges, finish_int8, load_columns, pack_columns,
    sum_of_weights, weights_in_range,
};
use crate::kernels::{Cpu, ElementType, PANEL, PackedPanels, PaddedRows, WordBuffer, gemm, gemm_into, rows_written};

/// Query rows whose scores are held at once: with 256 word pieces, they, their weights and a head's keys and values fill
/// 48 KiB. A multiple of the rows of tiles.
const PIECE: usize = 24;

/// Memory for [`attend_in_integers`], kept from one call to the next.
#[derive(Default)]
pub(super) struct IntegerScratch {
    lows: Vec<f32>,
    highs: Vec<f32>,
    /// Of queries, keys and values.
    scales: [ColumnScales; 3],
    queries: PaddedRows,
    key_rows: PaddedRows,
    keys: PackedPanels,
    scores: WordBuffer,
    weights: PaddedRows,
    sums: Vec<u32>,
    weight_scales: Vec<RowScale>,
    values: PackedPanels,
    /// For each column of values, padded: what a step of its integers is, and what 0 is.
    value_steps: Vec<f32>,
    value_centers: Vec<f32>,
    zeros: Vec<f32>,
}

/// [`super::attention::attend`] in integers.
pub(super) fn attend_in_integers(
    cpu: Cpu,
    projected: ProjectedRows<'_>,
    context: &mut [f32],
    scratch: &mut IntegerScratch,
) {
    let (length, depth) = (projected.length(), projected.depth);
    let size = projected.heads * depth;
    let steps = score_steps(depth);
    for head in 0..projected.heads {
        let parts = projected.head(head);
        let unit = scratch.scale(cpu, parts, steps);
        scratch.load(cpu, parts);
        let scale = WeightScale::new(unit, WEIGHT_SUM_BITS);
        for start in (0..length).step_by(PIECE) {
            let rows = start..length.min(start + PIECE);
            scratch.weigh(cpu, rows.clone(), length, scale);
            scratch.mix(cpu, rows.len(), &mut context[start * size + head * depth..], size);
        }
    }
}

/// Numbers below count as 0: no scale leaves the range of f32.
const SMALLEST: f32 = 1e-20;

/// The largest integers of queries and keys, so that no score leaves the range of i32.
fn score_steps(depth: usize) -> f32 {
    (i32::MAX as usize / depth).isqrt().min(i16::MAX as usize) as f32
}

/// Values are integers of this size and less.
const VALUE_STEPS: i32 = 1023;
/// Bits of the largest sum of weights: no sum of their products with values leaves the range of i32.
const WEIGHT_SUM_BITS: u32 = 21;

impl IntegerScratch {
    /// Finds how queries, keys and values become integers; gives what a score of 1 is.
    ///
    /// All of a head's queries have one scale, and all of its keys: what counts are distances between scores, not their
    /// ratios. Each column of values has its own.
    fn scale(&mut self, cpu: Cpu, parts: [StridedRows<'_>; 3], score_steps: f32) -> f32 {
        let depth = parts[0].columns;
        let IntegerScratch { lows, highs, scales: [queries, keys, values], .. } = self;
        lows.resize(depth, 0.0);
        highs.resize(depth, 0.0);
        let mut unit = 1.0;
        for (part, scales) in parts.into_iter().zip([queries, keys]) {
            column_ranges(cpu, part, lows, highs);
            let size = lows.iter().zip(&*highs).fold(SMALLEST, |size, (low, high)| size.max(high.max(-low)));
            scales.resize(depth);
            scales.factors.fill(score_steps / size);
            unit *= size / score_steps;
        }

        column_ranges(cpu, parts[2], lows, highs);
        values.resize(depth);
        let padded = depth.next_multiple_of(PANEL);
        self.zeros.resize(padded, 0.0);
        self.value_steps.resize(padded, 0.0);
        self.value_centers.resize(padded, 0.0);
        // Half a step is left for rounding.
        let steps = VALUE_STEPS as f32 - 0.5;
        for (index, (low, high)) in lows.iter().zip(highs).enumerate() {
            let (center, half) = (0.5 * (*low + *high), 0.5 * (*high - *low));
            values.factors[index] = if half > SMALLEST { steps / half } else { 0.0 };
            values.offsets[index] = -center * values.factors[index];
            self.value_steps[index] = half / steps;
            self.value_centers[index] = center;
        }
        unit
    }

    /// Loads a head's queries, keys and values.
    fn load(&mut self, cpu: Cpu, [queries, keys, values]: [StridedRows<'_>; 3]) {
        let [query_scales, key_scales, value_scales] = &self.scales;
        load_columns(cpu, queries, query_scales, &mut self.queries);
        load_columns(cpu, keys, key_scales, &mut self.key_rows);
        self.keys.resize(ElementType::Int16, keys.count(), keys.columns);
        self.keys.transpose(&self.key_rows);
        pack_columns(cpu, values, value_scales, &mut self.values);
    }

    /// The weights of some rows, which are `length` numbers long.
    fn weigh(&mut self, cpu: Cpu, rows: Range<usize>, length: usize, scale: WeightScale) {
        let IntegerScratch { queries, keys, scores, weights, sums, weight_scales, .. } = self;
        let width = length.next_multiple_of(PANEL);
        scores.grow(rows_written(PIECE) * width);
        gemm_into(cpu, queries, rows.clone(), keys, scores, width);
        weights.resize(ElementType::Int16, rows.len(), length);
        sums.clear();
        for row in 0..rows.len() {
            sums.push(sum_of_weights(cpu, &scores[row * width..][..length], scale, weights.row_mut(row)));
        }
        // Not in the loop above: there each row would wait for the sum of the one before.
        weight_scales.clear();
        for (row, sum) in sums.iter().enumerate() {
            let sum = weights_in_range(cpu, weights.row_mut(row), *sum, scale);
            weight_scales.push(RowScale { factor: 1.0 / sum as f32, offset: 0.0 });
        }
    }

    /// The mix of values by the weights of some rows.
    fn mix(&self, cpu: Cpu, rows: usize, out: &mut [f32], stride: usize) {
        let finish = Epilogue {
            columns: self.values.columns,
            digits: 1,
            scales: &self.weight_scales,
            factors: &self.value_steps,
            sums: &self.zeros,
            bias: &self.value_centers,
        };
        gemm(cpu, &self.weights, 0..rows, &self.values, |tile| finish_int8::<false>(cpu, &tile, &finish, out, stride));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_differences_have_the_mean() {
        let rows = [[0.0f32; 16], [0.0; 16], [3.0; 16]].concat().repeat(80);
        let mut context = vec![f32::NAN; 80 * 16];
        let projected = ProjectedRows { numbers: &rows, stride: 48, heads: 1, depth: 16 };
        attend_in_integers(Cpu::Scalar, projected, &mut context, &mut IntegerScratch::default());
        assert!(context.iter().all(|x| (x - 3.0).abs() < 1e-6));
    }

    #[test]
    fn sums_stay_in_range() {
        for depth in 1..500 {
            let steps = i64::from(score_steps(depth) as i32);
            assert!(steps * steps * depth as i64 <= i64::from(i32::MAX) && steps > 2000, "{depth}");
        }
    }
}
