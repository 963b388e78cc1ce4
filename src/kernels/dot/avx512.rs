//! AVX-512: 16 lanes.

use std::arch::x86_64::*;

use super::DotKernel;

/// Words of four int8, by `vpdpbusd`.
pub(crate) struct Int8Vnni;
/// Words of two bytes, widened to 16 bits: `vpmaddubsw` would take four as they are, but its sums of two saturate.
pub(crate) struct Int16;
/// The same words, by `vpdpwssd`.
pub(crate) struct Int16Vnni;
/// Words of two bf16, by `vdpbf16ps`.
pub(crate) struct Bf16Dot;
/// Words of one f32.
pub(crate) struct F32;

macro_rules! avx512 {
    ($name:ty, $sum:ty, $zero:ident, $to_words:expr, |$total:ident, $a:ident, $b:ident| $dot:expr) => {
        impl DotKernel for $name {
            const LANES: usize = 16;
            type Word = __m512i;
            type Sum = $sum;

            #[inline(always)]
            unsafe fn zero() -> Self::Sum {
                // SAFETY: the caller vouches for the instructions, here and below.
                unsafe { $zero() }
            }

            #[inline(always)]
            unsafe fn load(words: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { _mm512_loadu_si512(words.cast()) }
            }

            #[inline(always)]
            unsafe fn splat(word: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for a word.
                unsafe { _mm512_set1_epi32(word.read().cast_signed()) }
            }

            #[inline(always)]
            unsafe fn dot($total: Self::Sum, $a: Self::Word, $b: Self::Word) -> Self::Sum {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $dot }
            }

            #[inline(always)]
            unsafe fn store(sums: *mut u32, sum: Self::Sum) {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { _mm512_storeu_si512(sums.cast(), $to_words(sum)) }
            }
        }
    };
}

avx512!(Int8Vnni, __m512i, _mm512_setzero_si512, |sum| sum, |sum, a, b| _mm512_dpbusd_epi32(sum, a, b));
avx512!(Int16, __m512i, _mm512_setzero_si512, |sum| sum, |sum, a, b| _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)));
avx512!(Int16Vnni, __m512i, _mm512_setzero_si512, |sum| sum, |sum, a, b| _mm512_dpwssd_epi32(sum, a, b));
avx512!(Bf16Dot, __m512, _mm512_setzero_ps, |sum| _mm512_castps_si512(sum), |sum, a, b| {
    _mm512_dpbf16_ps(sum, std::mem::transmute::<__m512i, __m512bh>(a), std::mem::transmute::<__m512i, __m512bh>(b))
});
avx512!(F32, __m512, _mm512_setzero_ps, |sum| _mm512_castps_si512(sum), |sum, a, b| {
    _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum)
});
