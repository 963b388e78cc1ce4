//! Attention within one text: scores, softmax and the mix of values, head by head, in pieces that stay in the cache.

use super::rows::{
    Epilogue, RowScale, exponentials, finish_float, finish_int8, interleave, load, load_signed, times, whole_numbers,
};
use crate::kernels::{Cpu, ElementType, PANEL, PackedPanels, PaddedRows, WordBuffer, gemm};

/// Memory for [`attend`], kept from one call to the next.
#[derive(Default)]
pub(super) struct AttentionScratch {
    queries: PaddedRows,
    weights: PaddedRows,
    scales: Vec<RowScale>,
    keys: AttentionColumns,
    values: AttentionColumns,
    scores: WordBuffer,
    /// A head's queries, keys or values, scaled for int8.
    scaled: WordBuffer,
    ones: PaddedRows,
}

/// Queries, keys or values of one head: rows of `depth` numbers, `stride` apart.
#[derive(Clone, Copy)]
struct HeadRows<'a> {
    numbers: &'a [f32],
    stride: usize,
    depth: usize,
}

impl<'a> HeadRows<'a> {
    fn rows(self, start: usize, count: usize) -> &'a [f32] {
        &self.numbers[start * self.stride..][..(count - 1) * self.stride + self.depth]
    }

    fn count(self) -> usize {
        self.numbers.len().div_ceil(self.stride)
    }
}

/// Attention of one text: `projected` has a row for each word piece, of query (scaled), key and value side by side,
/// `stride` numbers apart, each `size` numbers for all heads. Writes `size` numbers into each row of `context`.
///
/// What is multiplied is of any kind but words of 16 bits, and of int8 only if the CPU's rows are unsigned.
pub(super) fn attend(
    cpu: Cpu,
    kind: ElementType,
    projected: &[f32],
    stride: usize,
    heads: usize,
    context: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    let AttentionScratch { queries, weights, scales, keys, values, scores, scaled, ones } = scratch;
    let length = projected.len().div_ceil(stride);
    let size = context.len() / length;
    let depth = size / heads;
    let width = length.next_multiple_of(PANEL);
    let piece = piece(cpu);
    scores.grow(piece * width);
    scaled.grow(length * depth);
    for head in 0..heads {
        let part = |which: usize| {
            let from = which * size + head * depth;
            HeadRows { numbers: &projected[from..][..(length - 1) * stride + depth], stride, depth }
        };
        keys.resize(kind, length, depth, 1);
        values.resize(kind, depth, length, if kind == ElementType::Int8 { 2 } else { 1 });
        values.pack_values(cpu, part(2), scaled.numbers_mut());
        let part = keys.pack_keys(cpu, part(0), part(1), scaled.numbers_mut(), queries, ones);
        for start in (0..length).step_by(piece) {
            let rows = piece.min(length - start);
            load(cpu, kind, part.rows(start, rows), part.stride, depth, queries, scales);
            let numbers = scores.numbers_mut();
            keys.product(cpu, queries, scales, numbers, width);
            weights.resize(kind, values.digits * rows, length);
            for (row, scale) in scales.iter_mut().enumerate() {
                let factor = exponentials(cpu, kind, &mut numbers[row * width..][..length], row, weights);
                *scale = RowScale { factor, offset: 0.0 };
            }
            values.product(cpu, weights, scales, &mut context[start * size + head * depth..], size);
        }
    }
}

/// Query rows whose scores are held at once: with 512 word pieces they are 64 KiB. A multiple of the rows of tiles.
fn piece(cpu: Cpu) -> usize {
    if cpu == Cpu::Amx { 32 } else { 36 }
}

/// The right side of a product, and what its columns are finished with.
#[derive(Default)]
struct AttentionColumns {
    panels: PackedPanels,
    /// Of the rows on the left.
    digits: usize,
    factors: Vec<f32>,
    sums: Vec<f32>,
    bias: Vec<f32>,
}

impl AttentionColumns {
    /// Becomes columns that are finished with nothing. What is in the panels is not defined.
    fn resize(&mut self, kind: ElementType, columns: usize, depth: usize, digits: usize) {
        self.digits = digits;
        self.panels.resize(kind, columns, depth);
        for (numbers, value) in [(&mut self.factors, 1.0), (&mut self.sums, 0.0), (&mut self.bias, 0.0)] {
            numbers.clear();
            numbers.resize(columns.next_multiple_of(PANEL), value);
        }
    }

    /// The product with rows, into rows of `stride` numbers.
    fn product(&self, cpu: Cpu, rows: &PaddedRows, scales: &[RowScale], out: &mut [f32], stride: usize) {
        let AttentionColumns { panels, factors, sums, bias, digits } = self;
        let finish = Epilogue { columns: panels.columns, digits: *digits, scales, factors, sums, bias };
        gemm(cpu, rows, 0..digits * scales.len(), panels, |tile| match panels.kind {
            ElementType::Int8 | ElementType::Int16 => finish_int8(cpu, &tile, &finish, out, stride),
            ElementType::Bf16 | ElementType::F32 => finish_float(cpu, &tile, &finish, out, stride),
        });
    }

    /// Keys as columns: the words of each key go down its column. Gives the queries that belong to them, which may be in
    /// `scaled`; `rows` is for keys on their way.
    ///
    /// Of int8, each of a key's numbers has a scale of its own, which goes to the queries. What would have to be added to
    /// it is the same for all keys: the softmax takes it away again.
    fn pack_keys<'a>(
        &mut self,
        cpu: Cpu,
        queries: HeadRows<'a>,
        keys: HeadRows<'_>,
        scaled: &'a mut [f32],
        rows: &mut PaddedRows,
        ones: &mut PaddedRows,
    ) -> HeadRows<'a> {
        let (kind, depth, count) = (self.panels.kind, keys.depth, keys.count());
        if kind != ElementType::Int8 {
            load(cpu, kind, keys.numbers, keys.stride, depth, rows, &mut Vec::new());
            self.transpose(rows);
            return queries;
        }
        let scaled = &mut scaled[..count * depth];
        let (mut factors, mut offsets) = (vec![0.0; depth], vec![0.0; depth]);
        whole_numbers(cpu, keys.numbers, keys.stride, &mut factors, &mut offsets, scaled);
        load_signed(cpu, scaled, depth, rows);
        self.transpose(rows);
        ones.resize(kind, 1, depth);
        ones.row_mut(0).fill(0x0101_0101);
        let sums = &mut self.sums;
        gemm(cpu, ones, 0..1, &self.panels, |tile| {
            let sums = sums[tile.column..].iter_mut();
            sums.zip(tile.words).for_each(|(sum, word)| *sum = word.cast_signed() as f32);
        });
        times(cpu, queries.numbers, queries.stride, &factors, scaled);
        HeadRows { numbers: scaled, stride: depth, depth }
    }

    /// The words of each row go down a column.
    fn transpose(&mut self, rows: &mut PaddedRows) {
        let (columns, steps) = (self.panels.columns, self.panels.steps);
        for panel in 0..columns.div_ceil(PANEL) {
            let words = self.panels.panel_mut(panel);
            for column in 0..PANEL {
                let row = panel * PANEL + column;
                let down = words[column..].iter_mut().step_by(PANEL).take(steps);
                match row < columns {
                    true => down.zip(rows.row_mut(row)).for_each(|(word, from)| *word = *from),
                    false => down.for_each(|word| *word = 0),
                }
            }
        }
    }

    /// Values as rows: each column is one number of all values.
    fn pack_values<'a>(&mut self, cpu: Cpu, mut values: HeadRows<'a>, scaled: &'a mut [f32]) {
        let (kind, depth, count) = (self.panels.kind, values.depth, values.count());
        if kind == ElementType::Int8 {
            let (factors, offsets, scaled) =
                (&mut self.factors[..depth], &mut self.bias[..depth], &mut scaled[..count * depth]);
            whole_numbers(cpu, values.numbers, values.stride, factors, offsets, scaled);
            values = HeadRows { numbers: scaled, stride: depth, depth };
        }
        let in_a_word = kind.per_word();
        for panel in 0..depth.div_ceil(PANEL) {
            let part = panel * PANEL..depth.min((panel + 1) * PANEL);
            let row = |index: usize| if index < count { &values.rows(index, 1)[part.clone()] } else { &[][..] };
            let (lines, _) = self.panels.panel_mut(panel).as_chunks_mut::<PANEL>();
            for (step, line) in lines.iter_mut().enumerate() {
                let rows: [&[f32]; 4] = std::array::from_fn(|index| row(in_a_word * step + index));
                interleave(cpu, kind, &rows[..in_a_word], line);
            }
        }
    }
}
