//! The loop that the compiler does not turn into good AVX2 by itself: it narrows numbers.

use std::arch::x86_64::*;

use super::{LANES, RowScale};
use crate::kernels::ElementType;

/// [`super::quantize_row`] for a row of whole blocks of 16 numbers.
#[target_feature(enable = "avx2,fma")]
pub(super) fn quantize_row(kind: ElementType, x: &[f32], words: &mut [u32]) -> RowScale {
    let blocks = x.as_chunks::<LANES>().0;
    // SAFETY: a block has as many numbers as two registers.
    let load =
        |block: &[f32; LANES]| unsafe { [_mm256_loadu_ps(block.as_ptr()), _mm256_loadu_ps(block[8..].as_ptr())] };
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
        let [first, second] = load(block);
        // Packing works within halves of registers: this puts the quarters in order.
        let shorts = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(round(first), round(second)));
        let bytes = _mm_packus_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256::<1>(shorts));
        // SAFETY: 16 numbers are 8 words of two, or 4 words of four.
        unsafe {
            match kind {
                ElementType::Int16 => _mm256_storeu_si256(words.as_mut_ptr().cast(), shorts),
                _ => _mm_storeu_si128(words.as_mut_ptr().cast(), bytes),
            }
        }
    }
    padding.fill(0);
    RowScale { factor: range / 255.0, offset: low }
}

fn lanes(register: __m256) -> [f32; 8] {
    // SAFETY: both types are 32 bytes of numbers.
    unsafe { std::mem::transmute(register) }
}
