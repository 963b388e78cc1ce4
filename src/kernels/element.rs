//! Matrices as words of 4 bytes: one f32, two bf16, four int8, or two int8 in 16 bits each. Every product runs over
//! words, whatever is in them.

use std::ops::{Deref, DerefMut};

/// Columns of a panel: one register of AVX-512, or one tile of AMX.
pub(crate) const PANEL: usize = 16;
/// Words are padded to this many in each row: a tile of AMX reads 64 bytes at once.
const PADDING: usize = 16;

/// What a word holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ElementType {
    /// Four bytes: signed on the right of a product; on the left unsigned, or signed if `Cpu::has_signed_rows`.
    Int8,
    /// Two of those bytes, widened to 16 bits: for a CPU that multiplies bytes only with sums that saturate.
    Int16,
    /// Two numbers, the first in the low half.
    Bf16,
    /// One number.
    #[default]
    F32,
}

impl ElementType {
    /// Numbers in a word.
    pub(crate) fn per_word(self) -> usize {
        match self {
            ElementType::Int8 => 4,
            ElementType::Int16 | ElementType::Bf16 => 2,
            ElementType::F32 => 1,
        }
    }

    /// Words that `numbers` numbers take.
    pub(crate) fn words(self, numbers: usize) -> usize {
        numbers.div_ceil(self.per_word())
    }

    /// The same, with the padding.
    pub(crate) fn padded(self, numbers: usize) -> usize {
        self.words(numbers).next_multiple_of(PADDING)
    }

    /// Whether the numbers are integers, and their sums of products i32.
    pub(crate) fn is_integer(self) -> bool {
        matches!(self, ElementType::Int8 | ElementType::Int16)
    }

    /// A word of at most [`ElementType::per_word`] integers, of which the low bits count.
    pub(crate) fn word(self, integers: impl Iterator<Item = i32>) -> u32 {
        let bits = 32 / self.per_word();
        integers
            .enumerate()
            .fold(0, |word, (index, x)| word | (x.cast_unsigned() << (32 - bits)) >> (32 - bits * (index + 1)))
    }
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct CacheLine([u32; 16]);

/// Words in memory that begins at a cache line.
#[derive(Default)]
pub(crate) struct WordBuffer(Vec<CacheLine>);

impl WordBuffer {
    /// Makes room for at least `count` words. What was there stays.
    pub(crate) fn grow(&mut self, count: usize) {
        if self.len() < count {
            self.0.resize(count.div_ceil(16), CacheLine([0; 16]));
        }
    }

    /// The words as f32 numbers.
    pub(crate) fn numbers(&self) -> &[f32] {
        // SAFETY: u32 and f32 have one size and alignment, and every bit pattern is a number of both.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len()) }
    }

    /// The words as f32 numbers, to be written.
    pub(crate) fn numbers_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `numbers`; the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), self.len()) }
    }
}

impl Deref for WordBuffer {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        // SAFETY: a line is 16 words without padding, so the lines are 16 times as many words in a row.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), 16 * self.0.len()) }
    }
}

impl DerefMut for WordBuffer {
    fn deref_mut(&mut self) -> &mut [u32] {
        // SAFETY: as in `deref`; the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), 16 * self.0.len()) }
    }
}

/// An f32 rounded to bf16 (to nearest, ties to even), in the low half of a word. Not for NaN.
#[inline(always)]
pub(crate) fn bf16(x: f32) -> u32 {
    let bits = x.to_bits();
    (bits + 0x7fff + (bits >> 16 & 1)) >> 16
}

/// Two numbers as one word of bf16.
#[inline(always)]
pub(crate) fn bf16_pair(low: f32, high: f32) -> u32 {
    bf16(low) | bf16(high) << 16
}
