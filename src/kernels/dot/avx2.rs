//! AVX2 with FMA: 8 lanes.

use std::arch::asm;
use std::arch::x86_64::*;

use super::DotKernel;

/// Words of four int8, by AVX-VNNI's `vpdpbusd`.
pub(crate) struct Int8Vnni;
/// Words of two bytes, widened to 16 bits: `vpmaddubsw` would take four as they are, but its sums of two saturate.
pub(crate) struct Int16;
/// The same words, by AVX-VNNI's `vpdpwssd`.
pub(crate) struct Int16Vnni;
/// Words of one f32.
pub(crate) struct F32;

macro_rules! avx2 {
    ($name:ty, $sum:ty, $zero:ident, $to_words:expr, |$total:ident, $a:ident, $b:ident| $dot:expr) => {
        impl DotKernel for $name {
            const LANES: usize = 8;
            type Word = __m256i;
            type Sum = $sum;

            #[inline(always)]
            unsafe fn zero() -> Self::Sum {
                // SAFETY: the caller vouches for the instructions, here and below.
                unsafe { $zero() }
            }

            #[inline(always)]
            unsafe fn load(words: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { _mm256_loadu_si256(words.cast()) }
            }

            #[inline(always)]
            unsafe fn splat(word: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for a word.
                unsafe { _mm256_set1_epi32(word.read().cast_signed()) }
            }

            #[inline(always)]
            unsafe fn dot($total: Self::Sum, $a: Self::Word, $b: Self::Word) -> Self::Sum {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $dot }
            }

            #[inline(always)]
            unsafe fn store(sums: *mut u32, sum: Self::Sum) {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { _mm256_storeu_si256(sums.cast(), $to_words(sum)) }
            }
        }
    };
}

avx2!(Int8Vnni, __m256i, _mm256_setzero_si256, |sum| sum, |sum, a, b| _mm256_dpbusd_avx_epi32(sum, a, b));
avx2!(Int16, __m256i, _mm256_setzero_si256, |sum| sum, |sum, a, b| _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)));
avx2!(Int16Vnni, __m256i, _mm256_setzero_si256, |sum| sum, |sum, a, b| vpdpwssd(sum, a, b));
avx2!(F32, __m256, _mm256_setzero_ps, |sum| _mm256_castps_si256(sum), |sum, a, b| {
    _mm256_fmadd_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), sum)
});

/// `_mm256_dpwssd_avx_epi32`, written out: the compiler makes the two instructions of [`Int16`] of it, which take twice as
/// long where both are fast.
#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn vpdpwssd(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
    let total;
    // SAFETY: registers alone are changed.
    unsafe {
        asm!("{{vex}} vpdpwssd {sum}, {a}, {b}", sum = inlateout(ymm_reg) sum => total, a = in(ymm_reg) a,
             b = in(ymm_reg) b, options(pure, nomem, nostack, preserves_flags));
    }
    total
}
