//! Exponentials of scores, as the left side of a product.

use std::f32::consts::LOG2_E;

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::{Cpu, ElementType, LANES, ROUND, extreme, fma, for_cpu, to_bf16};
use crate::encoder::kernels::exp::{EXP2, exp};
use crate::kernels::PaddedRows;

/// Makes words of the exponentials of `scores` less the highest of them, all times a number; gives the factor that makes
/// the sum of what is in the words 1.
pub(in crate::encoder::kernels) fn exponentials(
    cpu: Cpu,
    kind: ElementType,
    scores: &mut [f32],
    row: usize,
    to: &mut PaddedRows,
) -> f32 {
    match kind {
        ElementType::Bf16 => exponentials_bf16(cpu, scores, to.row_mut(row)),
        ElementType::F32 => exponentials_f32(cpu, scores, to.row_mut(row)),
        ElementType::Int8 | ElementType::Int16 => unreachable!("integers have weights of their own"),
    }
}

fn exponentials_bf16(cpu: Cpu, scores: &mut [f32], words: &mut [u32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512_bf16() {
        // SAFETY: the CPU has AVX-512 with bf16, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::exponentials_bf16(scores, words) };
    }
    exponentials_bf16_plain(cpu, scores, words)
}

fn exponentials_f32(cpu: Cpu, scores: &mut [f32], words: &mut [u32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512() {
        // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::exponentials_f32(scores, words) };
    }
    exponentials_f32_plain(cpu, scores, words)
}

/// `2^t` within 1e-4 of it, for t up to 127; 2⁻¹²⁶ below.
#[inline(always)]
pub(super) fn quick_exp2<const FMA: bool>(t: f32) -> f32 {
    let t = if t > -126.0 { t } else { -126.0 };
    let shifted = t + ROUND;
    let r = t - (shifted - ROUND);
    let [mut p, rest @ ..] = EXP2;
    for c in rest {
        p = fma::<FMA>(p, r, c);
    }
    // The low bits of `shifted` hold the whole part: it is added to the exponent.
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

for_cpu! {
    /// [`exponentials_bf16`], as it is defined.
    fn exponentials_bf16_plain(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_bf16
}

for_cpu! {
    /// [`exponentials_f32`], as it is defined.
    fn exponentials_f32_plain(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_f32
}

#[inline(always)]
fn to_exponentials_bf16<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    let factor = map(scores, |x, highest| quick_exp2::<FMA>(fma::<FMA>(x, LOG2_E, -highest * LOG2_E)));
    to_bf16::<FMA>(scores, words);
    factor
}

#[inline(always)]
fn to_exponentials_f32<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    let factor = map(scores, |x, highest| exp(x - highest));
    words[..scores.len()].iter_mut().zip(&*scores).for_each(|(word, x)| *word = x.to_bits());
    words[scores.len()..].fill(0);
    factor
}

#[inline(always)]
fn map(scores: &mut [f32], exp: impl Fn(f32, f32) -> f32) -> f32 {
    let highest = extreme(scores, f32::NEG_INFINITY, |x, highest| if x > highest { x } else { highest });
    let mut sums = [0.0; LANES];
    let (blocks, rest) = scores.as_chunks_mut::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            block[lane] = exp(block[lane], highest);
            sums[lane] += block[lane];
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in rest {
        *x = exp(*x, highest);
        sum += *x;
    }
    1.0 / sum
}
