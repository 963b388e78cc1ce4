//! The loops that the compiler does not turn into good AVX-512 by itself: they narrow numbers.
//!
//! What they give is what the plain loops beside them give, but for the order of sums.

use std::arch::x86_64::*;

use super::Scale;

/// Lanes of a register.
const LANES: usize = 16;

/// The first `count` lanes.
fn mask(count: usize) -> __mmask16 {
    if count >= LANES { !0 } else { (1 << count) - 1 }
}

/// [`super::quantise_row`].
#[target_feature(enable = "avx512f")]
pub(super) fn quantise_row(x: &[f32], words: &mut [u32]) -> Scale {
    let low = -extreme(x, |x| _mm512_sub_ps(_mm512_setzero_ps(), x));
    let high = extreme(x, |x| x);
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
    Scale { factor: range / 255.0, offset: low }
}

/// The highest of `of(number)`: several blocks at a time, as each waits for the one before.
#[inline]
#[target_feature(enable = "avx512f")]
fn extreme(x: &[f32], of: impl Fn(__m512) -> __m512) -> f32 {
    const TOGETHER: usize = 4;
    let mut highest = [_mm512_set1_ps(f32::NEG_INFINITY); TOGETHER];
    let (groups, rest) = x.as_chunks::<{ TOGETHER * LANES }>();
    for group in groups {
        for (highest, block) in highest.iter_mut().zip(group.as_chunks::<LANES>().0) {
            // SAFETY: a block has as many numbers as a register.
            *highest = _mm512_max_ps(*highest, of(unsafe { _mm512_loadu_ps(block.as_ptr()) }));
        }
    }
    for (highest, block) in highest.iter_mut().zip(rest.chunks(LANES)) {
        let lanes = mask(block.len());
        // SAFETY: only the lanes of the block are read.
        let numbers = of(unsafe { _mm512_maskz_loadu_ps(lanes, block.as_ptr()) });
        *highest = _mm512_mask_max_ps(*highest, lanes, *highest, numbers);
    }
    let [a, b, c, d] = highest;
    _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(a, b), _mm512_max_ps(c, d)))
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
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
pub(super) fn exponentials_bf16(scores: &[f32], words: &mut [u32]) -> f32 {
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let highest = extreme(scores, |x| x);
    let log2_e = _mm512_set1_ps(std::f32::consts::LOG2_E);
    let shift = _mm512_set1_ps(-highest * std::f32::consts::LOG2_E);
    let mut sum = _mm512_setzero_ps();
    let (halves, padding) = words.split_at_mut(scores.len().next_multiple_of(LANES) / 2);
    for (block, halves) in scores.chunks(LANES).zip(halves.chunks_exact_mut(LANES / 2)) {
        // SAFETY: only the lanes of the block are read; 32 bytes are written to 8 words.
        unsafe {
            let numbers = _mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr());
            let t = _mm512_max_ps(_mm512_fmadd_ps(numbers, log2_e, shift), _mm512_set1_ps(-1000.0));
            let whole = _mm512_roundscale_ps(t, 0);
            let r = _mm512_sub_ps(t, whole);
            let [first, rest @ ..] = super::exponentials::EXP2;
            let mut p = _mm512_set1_ps(first);
            for c in rest {
                p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
            }
            let power = _mm512_scalef_ps(p, whole);
            sum = _mm512_add_ps(sum, power);
            _mm256_storeu_si256(halves.as_mut_ptr().cast(), narrowed(power));
        }
    }
    padding.fill(0);
    1.0 / _mm512_reduce_add_ps(sum)
}

/// Numbers rounded to bf16.
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
fn narrowed(numbers: __m512) -> __m256i {
    // SAFETY: both types are 32 bytes of numbers.
    unsafe { std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(numbers)) }
}
