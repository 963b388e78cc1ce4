//! The weights of attention as 16-bit integers, from scores that are integers.

use std::f32::consts::LOG2_E;

use super::{Cpu, LANES, ROUND, fma, for_cpu};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// Bits of a distance, in powers of two, behind the point.
const FRACTION_BITS: u32 = 12;
/// A power of two in [`FRACTION_BITS`].
const ONE: f32 = (1 << FRACTION_BITS) as f32;

/// `32,767 · 2^-f` within 1.5e-4 of it, for f in 65,536ths: `c₀ - f (c₁ - f (c₂ - f c₃))`, each product's high half.
/// The interpolation at Chebyshev nodes, and from there the best of the integers nearby.
pub(super) const POWER: [u16; 4] = [32_765, 22_653, 7_562, 1_293];

/// The largest weight, but for [`WeightScale::shift`].
pub(in crate::encoder::kernels) const LARGEST_WEIGHT: i32 = 32_767;

/// How scores become weights.
#[derive(Debug, Clone, Copy)]
pub(in crate::encoder::kernels) struct WeightScale {
    /// Distance of two scores that differ by 1: in powers of two, times [`ONE`].
    pub(super) step: f32,
    /// Distance of the highest score from the weight [`LARGEST_WEIGHT`].
    pub(super) top: f32,
}

impl WeightScale {
    /// For scores that are `unit` times integers; weights are those of 15 bits, shifted right by `shift`.
    pub(in crate::encoder::kernels) fn new(unit: f32, shift: u32) -> WeightScale {
        // With this step, the distance of the lowest from the highest i32 is still one.
        const MOST: f32 = 0.25;
        WeightScale { step: (unit * LOG2_E * ONE).min(MOST), top: shift as f32 * ONE }
    }

    /// What is added to a score times `-step` to get its distance.
    pub(super) fn top(self, highest: i32) -> f32 {
        fma::<false>(highest as f32, self.step, self.top)
    }
}

/// Makes 16-bit words of the weights of a row's scores, which are the bits of i32; gives the factor that makes the sum of
/// the weights 1. `words` has whole blocks of 32 weights.
pub(in crate::encoder::kernels) fn softmax_weights(
    cpu: Cpu,
    scores: &[u32],
    scale: WeightScale,
    words: &mut [u32],
) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if cpu.has_avx512() {
            // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
            return unsafe { avx512::softmax_weights(scores, scale, words) };
        }
        if cpu != Cpu::Scalar {
            // SAFETY: every other CPU but plain Rust has AVX2 and FMA, as above.
            return unsafe { avx2::softmax_weights(scores, scale, words) };
        }
    }
    softmax_weights_plain(cpu, scores, scale, words)
}

for_cpu! {
    /// [`softmax_weights`], as it is defined.
    fn softmax_weights_plain(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> f32 = to_weights
}

#[inline(always)]
fn to_weights<const FMA: bool>(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> f32 {
    let top = scale.top(highest(scores));
    let (pairs, rest) = scores.as_chunks::<2>();
    let weight = |score: &u32| weight::<FMA>(score.cast_signed(), scale.step, top);
    let mut sum = 0;
    let (whole, padding) = words.split_at_mut(pairs.len());
    for (word, pair) in whole.iter_mut().zip(pairs) {
        let (low, high) = (weight(&pair[0]), weight(&pair[1]));
        sum += low + high;
        *word = low | high << 16;
    }
    padding.fill(0);
    if let [score] = rest {
        padding[0] = weight(score);
        sum += padding[0];
    }
    1.0 / sum as f32
}

#[inline(always)]
fn weight<const FMA: bool>(score: i32, step: f32, top: f32) -> u32 {
    let distance = fma::<FMA>(score as f32, -step, top);
    let distance = if distance > 0.0 { distance } else { 0.0 };
    let distance = if distance < 65_535.0 { distance } else { 65_535.0 };
    let distance = (distance + ROUND).to_bits() & 0xffff;
    let fraction = distance << (16 - FRACTION_BITS) & 0xffff;
    let [c0, c1, c2, c3] = POWER.map(u32::from);
    let high = |a: u32, b: u32| (a * b) >> 16;
    let power = c0 - high(fraction, c1 - high(fraction, c2 - high(fraction, c3)));
    power >> (distance >> FRACTION_BITS)
}

/// The highest of scores.
#[inline(always)]
pub(super) fn highest(scores: &[u32]) -> i32 {
    let mut highest = [i32::MIN; LANES];
    let (blocks, rest) = scores.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            highest[lane] = highest[lane].max(block[lane].cast_signed());
        }
    }
    let rest = rest.iter().map(|score| score.cast_signed());
    highest.into_iter().chain(rest).fold(i32::MIN, i32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_are_the_softmax(
            scores in prop::collection::vec(-1_000_000i32..1_000_000, 1..200),
            unit in 1e-7f32..3e-5,
            shift in 0u32..3,
        ) {
            let highest = f64::from(*scores.iter().max().unwrap());
            let exact: Vec<f64> = scores.iter().map(|x| (f64::from(unit) * (f64::from(*x) - highest)).exp()).collect();
            let bits: Vec<u32> = scores.iter().map(|x| x.cast_unsigned()).collect();
            let scale = WeightScale::new(unit, shift);
            let largest = f64::from(LARGEST_WEIGHT >> shift);
            for cpu in Cpu::ALL.into_iter().filter(|cpu| cpu.is_here()) {
                let mut words = vec![!0; scores.len().next_multiple_of(32) / 2];
                let factor = softmax_weights(cpu, &bits, scale, &mut words);
                let weights: Vec<u32> = words.iter().flat_map(|word| [word & 0xffff, word >> 16]).collect();
                let sum: u32 = weights.iter().sum();
                prop_assert_eq!(factor, 1.0 / sum as f32);
                for (got, exact) in weights.iter().zip(&exact) {
                    // Distances are rounded to 2^-12 powers of two, and by the last bits of large scores.
                    let got = f64::from(*got) / largest;
                    prop_assert!((got - exact).abs() < 4e-4 * exact + 1.5 / largest, "{cpu}: {got} {exact}");
                }
                prop_assert!(weights[scores.len()..].iter().all(|weight| *weight == 0), "{cpu}");
            }
        }
    }

    #[test]
    fn far_scores_have_no_weight() {
        let scores: Vec<u32> =
            (0..40).map(|i: i32| (if i == 7 { 2_000_000_000 } else { -2_000_000_000 + i }).cast_unsigned()).collect();
        for cpu in Cpu::ALL.into_iter().filter(|cpu| cpu.is_here()) {
            let mut words = vec![!0; 32];
            let factor = softmax_weights(cpu, &scores, WeightScale::new(1e9, 0), &mut words);
            assert!(
                words.iter().enumerate().all(|(at, word)| (*word >> 16 > 0) == (at == 3) && *word & 0xffff == 0),
                "{cpu}"
            );
            assert!((factor * LARGEST_WEIGHT as f32 - 1.0).abs() < 1e-3);
        }
    }
}
