//! Attention within one text: scores, softmax and the mix of values, head by head, in pieces that stay in the cache.
//! In bf16 or f32 here, in integers in `integer_attention`.

use super::integer_attention::{IntegerScratch, attend_in_integers};
use super::rows::{Epilogue, RowScale, StridedRows, exponentials, finish_float, interleave, load};
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
    integers: IntegerScratch,
}

/// Queries (scaled), keys and values of heads: a row for each word piece, with the queries of all heads, their keys and
/// their values side by side.
#[derive(Clone, Copy)]
pub(super) struct ProjectedRows<'a> {
    pub(super) numbers: &'a [f32],
    /// Numbers from one row to the next.
    pub(super) stride: usize,
    pub(super) heads: usize,
    /// Numbers of a query, a key or a value.
    pub(super) depth: usize,
}

impl<'a> ProjectedRows<'a> {
    /// Word pieces.
    pub(super) fn length(self) -> usize {
        self.numbers.len().div_ceil(self.stride)
    }

    /// Queries, keys and values of a head.
    pub(super) fn head(self, head: usize) -> [StridedRows<'a>; 3] {
        let ProjectedRows { numbers, stride, heads, depth } = self;
        std::array::from_fn(|which| {
            let from = (which * heads + head) * depth;
            StridedRows { numbers: &numbers[from..][..(self.length() - 1) * stride + depth], stride, columns: depth }
        })
    }
}

/// Attention of one text. Each head writes `depth` numbers into each row of `context`, one head beside the other.
///
/// What is multiplied is f32, bf16, or of 16 bits for integers, in which NEON has no kernel.
pub(super) fn attend(
    cpu: Cpu,
    kind: ElementType,
    projected: ProjectedRows<'_>,
    context: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    if kind.is_integer() {
        return attend_in_integers(cpu, projected, context, &mut scratch.integers);
    }
    let AttentionScratch { queries, weights, scales, keys, values, scores, .. } = scratch;
    let (length, depth) = (projected.length(), projected.depth);
    let width = length.next_multiple_of(PANEL);
    let piece = piece(cpu);
    scores.grow(piece * width);
    for head in 0..projected.heads {
        let [query, key, value] = projected.head(head);
        keys.resize(kind, length, depth);
        load(cpu, kind, key, queries, scales);
        keys.panels.transpose(queries);
        values.resize(kind, depth, length);
        values.pack_values(cpu, value);
        for start in (0..length).step_by(piece) {
            let rows = piece.min(length - start);
            load(cpu, kind, query.part(start, rows), queries, scales);
            let numbers = scores.numbers_mut();
            keys.product(cpu, queries, scales, numbers, width);
            weights.resize(kind, rows, length);
            for (row, scale) in scales.iter_mut().enumerate() {
                let factor = exponentials(cpu, kind, &mut numbers[row * width..][..length], row, weights);
                *scale = RowScale { factor, offset: 0.0 };
            }
            let size = projected.heads * depth;
            values.product(cpu, weights, scales, &mut context[start * size + head * depth..], size);
        }
    }
}

/// Query rows whose scores are held at once: with 512 word pieces they are 64 KiB. A multiple of the rows of tiles.
fn piece(cpu: Cpu) -> usize {
    if cpu == Cpu::Amx { 32 } else { 36 }
}

/// The right side of a product, and what its columns are finished with: nothing.
#[derive(Default)]
struct AttentionColumns {
    panels: PackedPanels,
    ones: Vec<f32>,
    zeros: Vec<f32>,
}

impl AttentionColumns {
    /// Becomes other columns. What is in the panels is not defined.
    fn resize(&mut self, kind: ElementType, columns: usize, depth: usize) {
        self.panels.resize(kind, columns, depth);
        let padded = columns.next_multiple_of(PANEL);
        self.ones.resize(padded, 1.0);
        self.zeros.resize(padded, 0.0);
    }

    /// The product with rows, into rows of `stride` numbers.
    fn product(&self, cpu: Cpu, rows: &PaddedRows, scales: &[RowScale], out: &mut [f32], stride: usize) {
        let AttentionColumns { panels, ones, zeros } = self;
        let finish = Epilogue { columns: panels.columns, digits: 1, scales, factors: ones, sums: zeros, bias: zeros };
        gemm(cpu, rows, 0..scales.len(), panels, |tile| finish_float(cpu, &tile, &finish, out, stride));
    }

    /// Values as rows: each column is one number of all values.
    fn pack_values(&mut self, cpu: Cpu, values: StridedRows<'_>) {
        let (kind, depth, count) = (self.panels.kind, values.columns, values.count());
        let in_a_word = kind.per_word();
        for panel in 0..depth.div_ceil(PANEL) {
            let part = panel * PANEL..depth.min((panel + 1) * PANEL);
            let row = |index: usize| if index < count { &values.row(index)[part.clone()] } else { &[][..] };
            let (lines, _) = self.panels.panel_mut(panel).as_chunks_mut::<PANEL>();
            for (step, line) in lines.iter_mut().enumerate() {
                let rows: [&[f32]; 2] = std::array::from_fn(|index| row(in_a_word * step + index));
                interleave(cpu, kind, &rows[..in_a_word], line);
            }
        }
    }
}
