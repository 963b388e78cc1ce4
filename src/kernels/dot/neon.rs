//! NEON: 4 lanes. Bytes are signed on both sides, as `Cpu::has_signed_rows` says.
//!
//! Dot products are written out, as the language has no stable names for them yet.

use std::arch::aarch64::*;
use std::arch::asm;

use super::DotKernel;

/// Words of four int8, by `sdot`.
pub(crate) struct Int8Dot;
/// Words of four int8: products of 16 bits are added in pairs, and the two sums of a word when they are stored.
pub(crate) struct Int8;
/// Words of two bf16, by `bfdot`.
pub(crate) struct Bf16Dot;
/// Words of one f32.
pub(crate) struct F32;

macro_rules! neon {
    ($name:ty, $sum:ty, $zero:expr, $to_words:expr, |$total:ident, $a:ident, $b:ident| $dot:expr) => {
        impl DotKernel for $name {
            const LANES: usize = 4;
            type Word = uint32x4_t;
            type Sum = $sum;

            #[inline(always)]
            unsafe fn zero() -> Self::Sum {
                // SAFETY: the caller vouches for the instructions, here and below.
                unsafe { $zero }
            }

            #[inline(always)]
            unsafe fn load(words: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { vld1q_u32(words) }
            }

            #[inline(always)]
            unsafe fn splat(word: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for a word.
                unsafe { vld1q_dup_u32(word) }
            }

            #[inline(always)]
            unsafe fn dot($total: Self::Sum, $a: Self::Word, $b: Self::Word) -> Self::Sum {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $dot }
            }

            #[inline(always)]
            unsafe fn store(sums: *mut u32, sum: Self::Sum) {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { vst1q_u32(sums, $to_words(sum)) }
            }
        }
    };
}

/// `sum` and the dot products of the words of `a` and `b`, in one instruction.
macro_rules! written_out {
    ($instruction:literal, $sum:ident, $a:ident, $b:ident) => {{
        let total;
        asm!($instruction, sum = inlateout(vreg) $sum => total, a = in(vreg) $a, b = in(vreg) $b,
             options(pure, nomem, nostack, preserves_flags));
        total
    }};
}

neon!(Int8Dot, int32x4_t, vdupq_n_s32(0), vreinterpretq_u32_s32, |sum, a, b| {
    written_out!("sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b", sum, a, b)
});
neon!(
    Int8,
    [int32x4_t; 2],
    [vdupq_n_s32(0); 2],
    |[low, high]: Self::Sum| vreinterpretq_u32_s32(vpaddq_s32(low, high)),
    |sum, a, b| {
        let (a, b) = (vreinterpretq_s8_u32(a), vreinterpretq_s8_u32(b));
        let low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
        [vpadalq_s16(sum[0], low), vpadalq_s16(sum[1], vmull_high_s8(a, b))]
    }
);
neon!(Bf16Dot, float32x4_t, vdupq_n_f32(0.0), vreinterpretq_u32_f32, |sum, a, b| {
    written_out!("bfdot {sum:v}.4s, {a:v}.8h, {b:v}.8h", sum, a, b)
});
neon!(F32, float32x4_t, vdupq_n_f32(0.0), vreinterpretq_u32_f32, |sum, a, b| {
    vfmaq_f32(sum, vreinterpretq_f32_u32(a), vreinterpretq_f32_u32(b))
});
