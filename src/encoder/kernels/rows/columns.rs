//! Columns of rows become integers, each column with a scale of its own.

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::{Cpu, ElementType, LANES, ROUND, StridedRows, fma, for_cpu};
use crate::kernels::{PANEL, PackedPanels, PaddedRows};

/// How the numbers of columns become integers: `x · factor + offset`, rounded.
#[derive(Default)]
pub(in crate::encoder::kernels) struct ColumnScales {
    pub(in crate::encoder::kernels) factors: Vec<f32>,
    pub(in crate::encoder::kernels) offsets: Vec<f32>,
}

impl ColumnScales {
    /// Makes room for columns.
    pub(in crate::encoder::kernels) fn resize(&mut self, columns: usize) {
        self.factors.resize(columns, 0.0);
        self.offsets.resize(columns, 0.0);
    }
}

for_cpu! {
    /// The lowest and the highest number of each column.
    fn column_ranges(rows: StridedRows<'_>, lows: &mut [f32], highs: &mut [f32]) = ranges
}

#[inline(always)]
fn ranges<const FMA: bool>(rows: StridedRows<'_>, lows: &mut [f32], highs: &mut [f32]) {
    // Two registers of AVX-512 each, so that none waits for the one before.
    const TOGETHER: usize = 2 * LANES;
    let (low_blocks, low_rest) = lows.as_chunks_mut::<TOGETHER>();
    let (high_blocks, high_rest) = highs.as_chunks_mut::<TOGETHER>();
    for (block, (lows, highs)) in low_blocks.iter_mut().zip(high_blocks).enumerate() {
        let (mut low, mut high) = ([f32::INFINITY; TOGETHER], [f32::NEG_INFINITY; TOGETHER]);
        for row in rows.iter() {
            let numbers = &row.as_chunks::<TOGETHER>().0[block];
            for lane in 0..TOGETHER {
                low[lane] = if numbers[lane] < low[lane] { numbers[lane] } else { low[lane] };
                high[lane] = if numbers[lane] > high[lane] { numbers[lane] } else { high[lane] };
            }
        }
        (*lows, *highs) = (low, high);
    }
    low_rest.fill(f32::INFINITY);
    high_rest.fill(f32::NEG_INFINITY);
    for row in rows.iter() {
        let numbers = row.as_chunks::<TOGETHER>().1;
        for ((low, high), x) in low_rest.iter_mut().zip(&mut *high_rest).zip(numbers) {
            *low = if *x < *low { *x } else { *low };
            *high = if *x > *high { *x } else { *high };
        }
    }
}

/// Makes 16-bit words of rows, with the scales of their columns. Words that no product takes are not defined.
pub(in crate::encoder::kernels) fn load_columns(
    cpu: Cpu,
    rows: StridedRows<'_>,
    scales: &ColumnScales,
    to: &mut PaddedRows,
) {
    to.resize(ElementType::Int16, rows.count(), rows.columns);
    #[cfg(target_arch = "x86_64")]
    if cpu != Cpu::Scalar && rows.columns.is_multiple_of(LANES) {
        // SAFETY: every CPU but plain Rust has AVX2 and FMA, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx2::load_columns(rows, scales, to) };
    }
    load_columns_plain(cpu, rows, scales, to);
}

for_cpu! {
    /// [`load_columns`], as it is defined.
    fn load_columns_plain(rows: StridedRows<'_>, scales: &ColumnScales, to: &mut PaddedRows) = scaled_rows
}

#[inline(always)]
fn scaled_rows<const FMA: bool>(rows: StridedRows<'_>, scales: &ColumnScales, to: &mut PaddedRows) {
    for (row, x) in rows.iter().enumerate() {
        let words = to.row_mut(row);
        words.fill(0);
        let scaled = x.iter().zip(&scales.factors).zip(&scales.offsets);
        for (index, ((x, factor), offset)) in scaled.enumerate() {
            words[index / 2] |= (scaled_bits::<FMA>(*x, *factor, *offset) & 0xffff) << (16 * (index % 2));
        }
    }
}

/// The integer in the low bits.
#[inline(always)]
fn scaled_bits<const FMA: bool>(x: f32, factor: f32, offset: f32) -> u32 {
    (fma::<FMA>(x, factor, offset) + ROUND).to_bits()
}

for_cpu! {
    /// Packs rows as the right side of a product over them: a word has a column's integers of two rows, in 16 bits each.
    fn pack_columns(rows: StridedRows<'_>, scales: &ColumnScales, panels: &mut PackedPanels) = packed_columns
}

#[inline(always)]
fn packed_columns<const FMA: bool>(rows: StridedRows<'_>, scales: &ColumnScales, panels: &mut PackedPanels) {
    let columns = rows.columns;
    panels.resize(ElementType::Int16, columns, rows.count());
    for panel in 0..columns.div_ceil(PANEL) {
        let part = panel * PANEL..columns.min((panel + 1) * PANEL);
        let (factors, offsets) = (padded(&scales.factors[part.clone()]), padded(&scales.offsets[part.clone()]));
        let count = rows.count();
        for (step, line) in panels.panel_mut(panel).as_chunks_mut::<PANEL>().0.iter_mut().enumerate() {
            let low = scaled_part::<FMA>(rows, 2 * step, count, part.clone(), &factors, &offsets);
            let high = scaled_part::<FMA>(rows, 2 * step + 1, count, part.clone(), &factors, &offsets);
            for lane in 0..PANEL {
                line[lane] = low[lane] & 0xffff | high[lane] << 16;
            }
        }
    }
}

/// The integers of a part of a row, in the low bits; 0 where there is no row.
#[inline(always)]
fn scaled_part<const FMA: bool>(
    rows: StridedRows<'_>,
    row: usize,
    count: usize,
    part: Range<usize>,
    factors: &[f32; PANEL],
    offsets: &[f32; PANEL],
) -> [u32; PANEL] {
    let mut integers = [0; PANEL];
    if row < count {
        let x = padded(&rows.row(row)[part]);
        for lane in 0..PANEL {
            integers[lane] = scaled_bits::<FMA>(x[lane], factors[lane], offsets[lane]);
        }
    }
    integers
}

/// Up to 16 numbers, and 0 behind them.
#[inline(always)]
pub(super) fn padded(numbers: &[f32]) -> [f32; PANEL] {
    if let Some(all) = numbers.as_array() {
        return *all;
    }
    let mut padded = [0.0; PANEL];
    padded[..numbers.len()].copy_from_slice(numbers);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn here() -> impl Iterator<Item = Cpu> {
        Cpu::ALL.into_iter().filter(|cpu| cpu.is_here())
    }

    /// The integer of a column in words of a row.
    fn integer(words: &[u32], column: usize) -> i32 {
        i32::from((words[column / 2] >> (16 * (column % 2))) as i16)
    }

    proptest! {
        #[test]
        fn columns_become_integers(
            columns in prop::sample::select(vec![3, 12, 16, 20, 32, 48, 64]),
            numbers in prop::collection::vec(-9.0f32..9.0, 64..400),
            gap in 0usize..9,
        ) {
            // The last row ends with its columns.
            let stride = columns + gap;
            let numbers = &numbers[..(numbers.len() - columns) / stride * stride + columns];
            let rows = StridedRows { numbers, stride, columns };
            let at = |row: usize, column: usize| numbers[row * rows.stride + column];
            let scales = ColumnScales {
                factors: (0..columns).map(|i| 5.0 + i as f32 / 10.0).collect(),
                offsets: (0..columns).map(|i| i as f32 / 3.0 - 10.0).collect(),
            };
            let expect = |row: usize, column: usize| at(row, column) * scales.factors[column] + scales.offsets[column];
            for cpu in here() {
                let (mut lows, mut highs) = (vec![0.0; columns], vec![0.0; columns]);
                column_ranges(cpu, rows, &mut lows, &mut highs);
                for column in 0..columns {
                    let all = (0..rows.count()).map(|row| at(row, column));
                    prop_assert_eq!(lows[column], all.clone().fold(f32::INFINITY, f32::min), "{}", cpu);
                    prop_assert_eq!(highs[column], all.fold(f32::NEG_INFINITY, f32::max), "{}", cpu);
                }
                let mut words = PaddedRows::default();
                load_columns(cpu, rows, &scales, &mut words);
                for row in 0..rows.count() {
                    for column in 0..columns {
                        let error = integer(words.row(row), column) as f32 - expect(row, column);
                        prop_assert!(error.abs() < 0.501, "{cpu}: {error}");
                    }
                    // A product takes four words at once.
                    let used = columns.div_ceil(2);
                    prop_assert!(words.row(row)[used..used.next_multiple_of(4)].iter().all(|word| *word == 0), "{cpu}");
                }
                let mut panels = PackedPanels::default();
                pack_columns(cpu, rows, &scales, &mut panels);
                for row in 0..rows.count().next_multiple_of(2) {
                    for column in 0..columns {
                        let word = panels.panel_mut(column / PANEL)[row / 2 * PANEL + column % PANEL];
                        let got = integer(&[word], row % 2) as f32;
                        let expect = if row < rows.count() { expect(row, column) } else { 0.0 };
                        prop_assert!((got - expect).abs() < 0.501, "{cpu}: {got} {expect}");
                    }
                }
            }
        }
    }
}
