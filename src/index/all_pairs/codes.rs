//! Vectors as words of bytes for both sides of a product, and what each may make a product be off by.

use std::ops::Range;

use rayon::prelude::*;

use crate::kernels::{Cpu, ElementType, PANEL, PackedPanels, PaddedRows};
use crate::vector::EmbeddingMatrix;

/// The share of rows whose numbers all fit between the smallest and the largest code: the scale could be chosen so that
/// all do, but then one odd row would coarsen the codes of all others. A clipped row has a larger error, no other harm.
const UNCLIPPED: f64 = 0.95;
/// What an f32 dot product of unit vectors may be off by.
const ROUNDING: f32 = 1e-5;
/// How long a unit vector may be.
const LONGEST: f32 = 1.001;
/// The byte of the number 0 on the left of a product, where bytes are unsigned.
const ZERO: i32 = 128;
/// Added and taken away again, it rounds a small number to a whole one.
const ROUND: f32 = 12_582_912.0;
/// The most numbers of a row: sums of products stay far from the ends of i32.
const MOST_NUMBERS: usize = 4096;

/// How vectors become codes: one scale for all. A similarity is counted in *steps*: products of two codes.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeScale {
    kind: ElementType,
    /// What is added to each code on the left: 0 where both sides are signed.
    zero: i32,
    /// The number that one step of a code stands for.
    scale: f32,
    /// Steps of a similarity of 1.
    steps_of_one: f64,
}

/// The codes of some rows, which are counted from 0: their *places*.
pub(super) struct RowCodes {
    scale: CodeScale,
    dimension: usize,
    /// The left side of products.
    words: PaddedRows,
    rows: Vec<CodedRow>,
}

#[derive(Debug, Clone, Copy, Default)]
struct CodedRow {
    /// Steps that a product with this row may be off by for its sake: a pair's bound is the sum of both.
    error: i32,
    /// The sum of the codes.
    sum: i32,
}

impl CodeScale {
    /// A scale for all vectors, of which there are some.
    pub(super) fn new(cpu: Cpu, vectors: &EmbeddingMatrix) -> CodeScale {
        assert!((1..=MOST_NUMBERS).contains(&vectors.dimension()), "rows of 1 to {MOST_NUMBERS} numbers");
        let largest = |row| vectors.row(row).iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
        let mut largest: Vec<f32> = (0..vectors.len()).into_par_iter().map(largest).collect();
        let rank = (largest.len() as f64 * UNCLIPPED) as usize;
        // The largest number of a unit vector cannot be smaller.
        let smallest = (vectors.dimension() as f32).sqrt().recip();
        let limit = largest.select_nth_unstable_by(rank, f32::total_cmp).1.max(smallest);
        let scale = limit / 127.0;
        let kind = if cpu.has_int8() { ElementType::Int8 } else { ElementType::Int16 };
        let zero = if kind == ElementType::Int8 && !cpu.has_signed_rows() { ZERO } else { 0 };
        CodeScale { kind, zero, scale, steps_of_one: f64::from(scale).powi(-2) }
    }

    /// Codes of a row; gives the most that a similarity to it may be off by for its sake.
    fn encode(&self, numbers: &[f32], codes: &mut [i32]) -> f32 {
        let inverse = self.scale.recip();
        let mut squares = 0.0;
        for (number, code) in numbers.iter().zip(codes) {
            let step = ((number * inverse).clamp(-127.0, 127.0) + ROUND) - ROUND;
            *code = step as i32;
            let off = number - step * self.scale;
            squares += off * off;
        }
        // |x·y - x'·y'| <= |x - x'| |y| + |x'| |y - y'| and |x'| <= |x| + |x - x'|: the product of both distances, at
        // most half the sum of their squares, is shared, and so is the rounding.
        LONGEST * squares.sqrt() + 0.5 * squares + ROUNDING
    }
}

impl RowCodes {
    /// The codes of these rows, each at its place.
    pub(super) fn new(scale: CodeScale, vectors: &EmbeddingMatrix, order: &[u32]) -> RowCodes {
        let mut words = PaddedRows::default();
        words.resize(scale.kind, order.len(), vectors.dimension());
        let mut rows = vec![CodedRow::default(); order.len()];
        let stride = words.stride;
        let each = words.words_mut().par_chunks_exact_mut(stride).zip(&mut rows).zip(order);
        each.for_each_init(
            || vec![0; vectors.dimension()],
            |codes, ((words, coded), row)| {
                let error = scale.encode(vectors.row(*row as usize), codes);
                coded.error = (f64::from(error) * scale.steps_of_one).ceil() as i32;
                coded.sum = codes.iter().sum();
                for (word, codes) in words.iter_mut().zip(codes.chunks(scale.kind.per_word())) {
                    *word = scale.kind.word(codes.iter().map(|code| code + scale.zero));
                }
            },
        );
        RowCodes { scale, dimension: vectors.dimension(), words, rows }
    }

    /// How many places.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The left side of products: all places.
    pub(super) fn words(&self) -> &PaddedRows {
        &self.words
    }

    /// Makes some places the right side of a product.
    pub(super) fn pack(&self, places: Range<usize>, panels: &mut PackedPanels) {
        panels.resize(self.scale.kind, places.len(), self.dimension);
        // Unsigned bytes become signed ones, 128 lower, when their highest bit is turned. Padding becomes -128, and
        // meets 0.
        let turned = if self.scale.zero == 0 { 0 } else { 0x8080_8080 };
        for (column, place) in places.enumerate() {
            let panel = panels.panel_mut(column / PANEL);
            for (to, word) in panel[column % PANEL..].iter_mut().step_by(PANEL).zip(self.words.row(place)) {
                *to = word ^ turned;
            }
        }
    }

    /// What a product with this place on the right is too large by.
    pub(super) fn offset(&self, place: usize) -> i32 {
        self.scale.zero * self.rows[place].sum
    }

    /// Steps that a product with this place may be off by, either way, for its sake.
    pub(super) fn error(&self, place: usize) -> i32 {
        self.rows[place].error
    }

    /// A similarity in steps, rounded down.
    pub(super) fn steps(&self, similarity: f32) -> i32 {
        (f64::from(similarity) * self.scale.steps_of_one).floor() as i32
    }
}
