//! The loops that the compiler does not turn into good AVX-512 by itself: they narrow numbers.
//!
//! What they give is what the plain loops beside them give, but for the order of sums.

use std::arch::x86_64::*;
use std::f32::consts::LOG2_E;

use super::RowScale;
use crate::encoder::kernels::exp::EXP2;

/// Lanes of a register.
const LANES: usize = 16;

/// The first `count` lanes.
fn mask(count: usize) -> __mmask16 {
    if count >= LANES { !0 } else { (1 << count) - 1 }
}

/// [`super::quantize_row`].
#[target_feature(enable = "avx512f")]
pub(super) fn quantize_row(x: &[f32], words: &mut [u32]) -> RowScale {
    let (low, high) = range(x);
    let range = if high > low { high - low } else { 1.0 };
    let (inverse, lowest) = (_mm512_set1_ps(255.0 / range), _mm512_set1_ps(low));
    let (quads, padding) = words.split_at_mut(x.len().next_multiple_of(LANES) / 4);
    for (block, quads) in x.chunks(LANES).zip(quads.chunks_exact_mut(LANES / 4)) {
        // SAFETY: only the lanes of the block are read; 16 bytes are written to 4 words.
        unsafe {
            let numbers = _mm512_maskz_loadu_ps(mask(block.len()), block.as_ptr());
            let numbers = _mm512_mul_ps(_mm512_sub_ps(numbers, lowest), inverse);
            let bytes = _mm512_maskz_cvtps_epi32(mask(block.len()), numbers);
            _mm_storeu_si128(quads.as_mut_ptr().cast(), _mm512_cvtusepi32_epi8(bytes));
        }
    }
    padding.fill(0);
    RowScale { factor: range / 255.0, offset: low }
}

/// The lowest and the highest: of several blocks side by side, as each waits for the one before.
#[inline]
#[target_feature(enable = "avx512f")]
fn range(x: &[f32]) -> (f32, f32) {
    const TOGETHER: usize = 4;
    let mut lowest = [_mm512_set1_ps(f32::INFINITY); TOGETHER];
    let mut highest = [_mm512_set1_ps(f32::NEG_INFINITY); TOGETHER];
    let (groups, rest) = x.as_chunks::<{ TOGETHER * LANES }>();
    for group in groups {
        for (index, block) in group.as_chunks::<LANES>().0.iter().enumerate() {
            // SAFETY: a block has as many numbers as a register.
            let numbers = unsafe { _mm512_loadu_ps(block.as_ptr()) };
            lowest[index] = _mm512_min_ps(lowest[index], numbers);
            highest[index] = _mm512_max_ps(highest[index], numbers);
        }
    }
    for (index, block) in rest.chunks(LANES).enumerate() {
        let lanes = mask(block.len());
        // SAFETY: only the lanes of the block are read.
        let numbers = unsafe { _mm512_maskz_loadu_ps(lanes, block.as_ptr()) };
        lowest[index] = _mm512_mask_min_ps(lowest[index], lanes, lowest[index], numbers);
        highest[index] = _mm512_mask_max_ps(highest[index], lanes, highest[index], numbers);
    }
    let [a, b, c, d] = lowest;
    let low = _mm512_reduce_min_ps(_mm512_min_ps(_mm512_min_ps(a, b), _mm512_min_ps(c, d)));
    let [a, b, c, d] = highest;
    (low, _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(a, b), _mm512_max_ps(c, d))))
}

/// A row of [`super::load_signed`].
#[target_feature(enable = "avx512f")]
pub(super) fn signed_row(x: &[f32], words: &mut [u32]) {
    let (quads, padding) = words.split_at_mut(x.len().next_multiple_of(LANES) / 4);
    for (block, quads) in x.chunks(LANES).zip(quads.chunks_exact_mut(LANES / 4)) {
        // SAFETY: only the lanes of the block are read; 16 bytes are written to 4 words.
        unsafe {
            let numbers = _mm512_maskz_loadu_ps(mask(block.len()), block.as_ptr());
            _mm_storeu_si128(quads.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(numbers)));
        }
    }
    padding.fill(0);
}

/// [`super::exponentials::exponentials_f32`]; the exponential is within 2 units in the last place of its range.
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn exponentials_f32(scores: &[f32], words: &mut [u32]) -> f32 {
    // Cephes' `exp2f`.
    const CEPHES_EXP2: [f32; 7] =
        [1.535_336_2e-4, 1.339_887_5e-3, 9.618_437e-3, 5.550_332_5e-2, 2.402_264_8e-1, 6.931_472e-1, 1.0];
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let powers = ExpTable::below(range(scores).1, CEPHES_EXP2);
    let mut sum = _mm512_setzero_ps();
    let (ones, padding) = words.split_at_mut(scores.len().next_multiple_of(LANES));
    for (block, ones) in scores.chunks(LANES).zip(ones.chunks_exact_mut(LANES)) {
        // SAFETY: only the lanes of the block are read; 64 bytes are written to 16 words.
        unsafe {
            let power = powers.of(_mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr()));
            sum = _mm512_add_ps(sum, power);
            _mm512_storeu_ps(ones.as_mut_ptr().cast(), power);
        }
    }
    padding.fill(0);
    1.0 / _mm512_reduce_add_ps(sum)
}

/// [`super::exponentials::exponentials_int8`].
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn exponentials_int8(scores: &[f32], [high, low]: [&mut [u32]; 2]) -> f32 {
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let powers = ExpTable::below(range(scores).1, EXP2.map(|c| 65_535.0 * c));
    let mut sum = _mm512_setzero_si512();
    let (high, high_padding) = high.split_at_mut(scores.len().next_multiple_of(LANES) / 4);
    let (low, low_padding) = low.split_at_mut(high.len());
    let digits = high.chunks_exact_mut(LANES / 4).zip(low.chunks_exact_mut(LANES / 4));
    for (block, (high, low)) in scores.chunks(LANES).zip(digits) {
        // SAFETY: only the lanes of the block are read; 16 bytes are written to 4 words each.
        unsafe {
            let power = powers.of(_mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr()));
            let steps = _mm512_cvtps_epi32(power);
            sum = _mm512_add_epi32(sum, steps);
            _mm_storeu_si128(high.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(_mm512_srli_epi32(steps, 8)));
            _mm_storeu_si128(low.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(steps));
        }
    }
    high_padding.fill(0);
    low_padding.fill(0);
    1.0 / _mm512_reduce_add_epi32(sum) as f32
}

/// [`super::bf16_row`].
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
pub(super) fn bf16_row(x: &[f32], words: &mut [u32]) {
    let (halves, padding) = words.split_at_mut(x.len().next_multiple_of(LANES) / 2);
    for (block, halves) in x.chunks(LANES).zip(halves.chunks_exact_mut(LANES / 2)) {
        // SAFETY: only the lanes of the block are read; 32 bytes are written to 8 words.
        unsafe {
            let numbers = _mm512_maskz_loadu_ps(mask(block.len()), block.as_ptr());
            _mm256_storeu_si256(halves.as_mut_ptr().cast(), narrowed(numbers));
        }
    }
    padding.fill(0);
}

/// [`super::exponentials_bf16`]; the exponential is within 1e-4.
#[target_feature(enable = "avx512f,avx512dq,avx512bf16,avx512vl")]
pub(super) fn exponentials_bf16(scores: &[f32], words: &mut [u32]) -> f32 {
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let powers = ExpTable::below(range(scores).1, EXP2);
    let mut sum = _mm512_setzero_ps();
    let (halves, padding) = words.split_at_mut(scores.len().next_multiple_of(LANES) / 2);
    for (block, halves) in scores.chunks(LANES).zip(halves.chunks_exact_mut(LANES / 2)) {
        // SAFETY: only the lanes of the block are read; 32 bytes are written to 8 words.
        unsafe {
            let power = powers.of(_mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr()));
            sum = _mm512_add_ps(sum, power);
            _mm256_storeu_si256(halves.as_mut_ptr().cast(), narrowed(power));
        }
    }
    padding.fill(0);
    1.0 / _mm512_reduce_add_ps(sum)
}

/// The exponentials of numbers less the highest of them, by a polynomial for 2^r with |r| <= 1/2.
struct ExpTable<const N: usize> {
    shift: __m512,
    polynomial: [__m512; N],
}

impl<const N: usize> ExpTable<N> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn below(highest: f32, polynomial: [f32; N]) -> ExpTable<N> {
        ExpTable { shift: _mm512_set1_ps(-highest), polynomial: polynomial.map(|c| _mm512_set1_ps(c)) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn of(&self, x: __m512) -> __m512 {
        let t = _mm512_mul_ps(_mm512_add_ps(x, self.shift), _mm512_set1_ps(LOG2_E));
        // Missing lanes are minus infinity.
        let t = _mm512_max_ps(t, _mm512_set1_ps(-1000.0));
        // What is left of the nearest whole number, which is the power of two at the end.
        let r = _mm512_reduce_ps(t, 0);
        let mut p = self.polynomial[0];
        for c in &self.polynomial[1..] {
            p = _mm512_fmadd_ps(p, r, *c);
        }
        _mm512_scalef_ps(p, _mm512_sub_ps(t, r))
    }
}

/// Numbers rounded to bf16.
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
fn narrowed(numbers: __m512) -> __m256i {
    // SAFETY: both types are 32 bytes of numbers.
    unsafe { std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(numbers)) }
}
