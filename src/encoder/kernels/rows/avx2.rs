//! The loops that the compiler does not turn into good AVX2 by itself: they narrow numbers.
//!
//! What they give is what the plain loops beside them give.

use std::arch::x86_64::*;

use super::columns::ColumnScales;
use super::softmax_weights::{POWER, WeightScale, highest};
use super::{LANES, RowScale, StridedRows};
use crate::kernels::{ElementType, PaddedRows};

/// [`super::quantize_row`] for a row of whole blocks of 16 numbers.
#[target_feature(enable = "avx2,fma")]
pub(super) fn quantize_row(kind: ElementType, x: &[f32], words: &mut [u32]) -> RowScale {
    let blocks = x.as_chunks::<LANES>().0;
    let mut low = [_mm256_set1_ps(f32::INFINITY); 2];
    let mut high = [_mm256_set1_ps(f32::NEG_INFINITY); 2];
    for block in blocks {
        let [first, second] = load(block);
        low = [_mm256_min_ps(low[0], first), _mm256_min_ps(low[1], second)];
        high = [_mm256_max_ps(high[0], first), _mm256_max_ps(high[1], second)];
    }
    let low = lanes(_mm256_min_ps(low[0], low[1])).into_iter().fold(f32::INFINITY, f32::min);
    let high = lanes(_mm256_max_ps(high[0], high[1])).into_iter().fold(f32::NEG_INFINITY, f32::max);
    let range = if high > low { high - low } else { 1.0 };
    let (inverse, lowest) = (_mm256_set1_ps(255.0 / range), _mm256_set1_ps(low));
    let round = |x| _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_sub_ps(x, lowest), inverse));
    let size = LANES / kind.per_word();
    let (whole, padding) = words.split_at_mut(blocks.len() * size);
    for (block, words) in blocks.iter().zip(whole.chunks_exact_mut(size)) {
        store(kind, load(block).map(round), words);
    }
    padding.fill(0);
    RowScale { factor: range / 255.0, offset: low }
}

/// [`super::columns::load_columns`] for whole blocks of 16 columns.
#[target_feature(enable = "avx2,fma")]
pub(super) fn load_columns(rows: StridedRows<'_>, scales: &ColumnScales, to: &mut PaddedRows) {
    let (factors, offsets) = (scales.factors.as_chunks::<LANES>().0, scales.offsets.as_chunks::<LANES>().0);
    for (row, x) in rows.iter().enumerate() {
        let blocks = x.as_chunks::<LANES>().0.iter().zip(factors.iter().zip(offsets));
        for ((block, (factors, offsets)), words) in blocks.zip(to.row_mut(row).chunks_exact_mut(LANES / 2)) {
            let (x, factors, offsets) = (load(block), load(factors), load(offsets));
            let scaled = |half: usize| _mm256_cvtps_epi32(_mm256_fmadd_ps(x[half], factors[half], offsets[half]));
            store(ElementType::Int16, [scaled(0), scaled(1)], words);
        }
    }
}

/// [`super::softmax_weights::sum_of_weights`]: 16 scores at once.
#[target_feature(enable = "avx2,fma")]
pub(super) fn sum_of_weights(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> u32 {
    let top = _mm256_set1_ps(scale.top(highest_score(scores)));
    let step = _mm256_set1_ps(-scale.step);
    let [c0, c1, c2, c3] = POWER.map(|c| _mm256_set1_epi16(c.cast_signed()));
    // 2^(15 - n) for n from 0 to 15, in bytes: the product is divided by 2^15, and rounded.
    let low_bytes = both_halves([0, 0, 0, 0, 0, 0, 0, 0, 128, 64, 32, 16, 8, 4, 2, 1]);
    let high_bytes = both_halves([128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let weights = |block: &[u32; LANES]| {
        // SAFETY: a block has as many words as two registers.
        let halves =
            unsafe { [_mm256_loadu_si256(block.as_ptr().cast()), _mm256_loadu_si256(block[8..].as_ptr().cast())] };
        let [first, second] =
            halves.map(|half| _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(half), step, top)));
        let distance = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(first, second));
        let fraction = _mm256_slli_epi16::<4>(distance);
        let power = _mm256_sub_epi16(c2, _mm256_mulhi_epu16(fraction, c3));
        let power = _mm256_sub_epi16(c1, _mm256_mulhi_epu16(fraction, power));
        let power = _mm256_sub_epi16(c0, _mm256_mulhi_epu16(fraction, power));
        let whole = _mm256_srli_epi16::<12>(distance);
        let high = _mm256_slli_epi16::<8>(_mm256_shuffle_epi8(high_bytes, whole));
        let shift = _mm256_or_si256(high, _mm256_shuffle_epi8(low_bytes, whole));
        // 2^15 is negative in 16 bits.
        _mm256_abs_epi16(_mm256_mulhrs_epi16(power, shift))
    };
    let ones = _mm256_set1_epi16(1);
    let mut sum = _mm256_setzero_si256();
    let (blocks, rest) = scores.as_chunks::<LANES>();
    let (whole, padding) = words.split_at_mut(blocks.len() * LANES / 2);
    for (block, words) in blocks.iter().zip(whole.as_chunks_mut::<{ LANES / 2 }>().0) {
        let weights = weights(block);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(weights, ones));
        // SAFETY: 16 weights are 8 words.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), weights) };
    }
    padding.fill(0);
    if !rest.is_empty() {
        let mut block = [0; LANES];
        block[..rest.len()].copy_from_slice(rest);
        // SAFETY: both types are 32 bytes of integers.
        let mut last = unsafe { std::mem::transmute::<__m256i, [u16; LANES]>(weights(&block)) };
        last[rest.len()..].fill(0);
        for (word, pair) in padding.iter_mut().zip(last.as_chunks::<2>().0) {
            *word = u32::from(pair[0]) | u32::from(pair[1]) << 16;
        }
        // SAFETY: as above.
        let last = unsafe { std::mem::transmute::<[u16; LANES], __m256i>(last) };
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(last, ones));
    }
    // SAFETY: both types are 32 bytes of integers.
    unsafe { std::mem::transmute::<__m256i, [u32; 8]>(sum) }.iter().sum()
}

#[inline]
#[target_feature(enable = "avx2")]
fn highest_score(scores: &[u32]) -> i32 {
    highest(scores)
}

#[inline]
#[target_feature(enable = "avx2")]
fn both_halves(bytes: [u8; 16]) -> __m256i {
    // SAFETY: both types are 16 bytes.
    _mm256_broadcastsi128_si256(unsafe { std::mem::transmute::<[u8; 16], __m128i>(bytes) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &[f32; LANES]) -> [__m256; 2] {
    // SAFETY: a block has as many numbers as two registers.
    unsafe { [_mm256_loadu_ps(block.as_ptr()), _mm256_loadu_ps(block[8..].as_ptr())] }
}

/// 16 integers to words of unsigned bytes or of 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn store(kind: ElementType, [first, second]: [__m256i; 2], words: &mut [u32]) {
    // Packing works within halves of registers: this puts the quarters in order.
    let shorts = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(first, second));
    // SAFETY: 16 numbers are 8 words of two, or 4 words of four.
    unsafe {
        if kind == ElementType::Int16 {
            return _mm256_storeu_si256(words.as_mut_ptr().cast(), shorts);
        }
        let bytes = _mm_packus_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256::<1>(shorts));
        _mm_storeu_si128(words.as_mut_ptr().cast(), bytes);
    }
}

fn lanes(register: __m256) -> [f32; 8] {
    // SAFETY: both types are 32 bytes of numbers.
    unsafe { std::mem::transmute(register) }
}
