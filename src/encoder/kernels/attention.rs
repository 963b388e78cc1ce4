//! Attention within one text: scores, softmax and the mix of values, head by head, in pieces that stay in the cache.

use super::cpu::Cpu;
use super::product::{Panels, Rows, product};
use super::rows::{Scale, exponentials_bf16, exponentials_f32, finish_scaled, interleave, load};
use super::words::{Kind, PANEL, Words};

/// Query rows whose scores are held at once: with 512 word pieces they are 64 KiB.
const PIECE: usize = 32;

/// Memory for [`attend`], kept from one call to the next.
pub(super) struct Scratch {
    queries: Rows,
    weights: Rows,
    keys: Panels,
    values: Panels,
    scores: Words,
    scales: Vec<Scale>,
    factors: Vec<f32>,
}

impl Scratch {
    pub(super) fn new(kind: Kind) -> Scratch {
        Scratch {
            queries: Rows::new(),
            weights: Rows::new(),
            keys: Panels::zeros(kind, 0, 0),
            values: Panels::zeros(kind, 0, 0),
            scores: Words::default(),
            scales: Vec::new(),
            factors: Vec::new(),
        }
    }

    /// The kind of words that attention multiplies.
    pub(super) fn kind(&self) -> Kind {
        self.keys.kind
    }
}

/// Attention of one text: `projected` has a row for each word piece, of query (scaled), key and value side by side,
/// `stride` numbers apart, each `size` numbers for all heads. Writes `size` numbers into each row of `context`.
pub(super) fn attend(
    cpu: Cpu,
    projected: &[f32],
    stride: usize,
    size: usize,
    heads: usize,
    context: &mut [f32],
    scratch: &mut Scratch,
) {
    let Scratch { queries, weights, keys, values, scores, scales, factors } = scratch;
    let kind = keys.kind;
    let length = projected.len().div_ceil(stride);
    let depth = size / heads;
    let width = length.next_multiple_of(PANEL);
    keys.resize(length, depth);
    values.resize(depth, length);
    scores.grow(PIECE * width);
    for head in 0..heads {
        let part = |which: usize, row: usize| &projected[row * stride + which * size + head * depth..][..depth];
        let all = &projected[size + head * depth..];
        load(cpu, kind, &all[..(length - 1) * stride + depth], stride, depth, queries, scales);
        pack_keys(keys, length, queries);
        pack_values(cpu, values, length, |row| part(2, row));
        for start in (0..length).step_by(PIECE) {
            let rows = PIECE.min(length - start);
            let from = start * stride + head * depth;
            let until = (start + rows - 1) * stride + head * depth + depth;
            load(cpu, kind, &projected[from..until], stride, depth, queries, scales);
            let numbers = scores.numbers_mut();
            factors.clear();
            factors.resize(rows, 1.0);
            product(cpu, queries, rows, keys, |tile| finish_scaled(cpu, &tile, factors, width, numbers, width));
            weights.resize(kind, rows, length);
            for (row, factor) in factors.iter_mut().enumerate() {
                let scores = &mut numbers[row * width..][..length];
                let words = weights.row_mut(row);
                *factor = match kind {
                    Kind::F32 => exponentials_f32(cpu, scores, words),
                    _ => exponentials_bf16(cpu, scores, words),
                };
            }
            let out = &mut context[start * size + head * depth..];
            product(cpu, weights, rows, values, |tile| finish_scaled(cpu, &tile, factors, depth, out, size));
        }
    }
}

/// Keys as columns: the words of each key go down its column.
fn pack_keys(keys: &mut Panels, length: usize, rows: &mut Rows) {
    let steps = keys.steps;
    for panel in 0..length.div_ceil(PANEL) {
        let words = keys.panel_mut(panel);
        for column in 0..PANEL {
            let key = panel * PANEL + column;
            let down = words[column..].iter_mut().step_by(PANEL).take(steps);
            match key < length {
                true => down.zip(rows.row_mut(key)).for_each(|(word, from)| *word = *from),
                false => down.for_each(|word| *word = 0),
            }
        }
    }
}

/// Values as rows: each column is one number of all values.
fn pack_values<'a>(cpu: Cpu, values: &mut Panels, length: usize, row: impl Fn(usize) -> &'a [f32]) {
    let kind = values.kind;
    let (steps, columns) = (values.steps, values.columns);
    for panel in 0..columns.div_ceil(PANEL) {
        let words = values.panel_mut(panel);
        let part = panel * PANEL..columns.min((panel + 1) * PANEL);
        let numbers = |index: usize| if index < length { &row(index)[part.clone()] } else { &[][..] };
        for (step, line) in words.as_chunks_mut::<PANEL>().0.iter_mut().take(steps).enumerate() {
            if kind == Kind::F32 {
                line.fill(0);
                line.iter_mut().zip(numbers(step)).for_each(|(word, x)| *word = x.to_bits());
            } else {
                interleave(cpu, numbers(2 * step), numbers(2 * step + 1), line);
            }
        }
    }
}
