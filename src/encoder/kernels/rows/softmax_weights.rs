//! The weights of attention as 16-bit integers, from scores that are integers.

use std::f32::consts::LOG2_E;

use super::{Cpu, LANES, ROUND, fma, for_cpu};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// Bits of a distance, in powers of two, behind the point.
const FRACTION_BITS: u32 = 12;
/// A power of two in [`FRACTION_BITS`].
const ONE: f32 = (1 << FRACTION_BITS) as f32;

/// `32,763 · 2^-f` within 1.5e-4 of it, for f in steps of 2^-16: `c₀ - f (c₁ - f (c₂ - f c₃))`, each product's high half.
/// The interpolation at Chebyshev nodes, and from there the best of the integers nearby that are below 16,384 at the end:
/// the weights of the farthest scores are rounded to 0.
pub(super) const POWER: [u16; 4] = [32_763, 22_653, 7_562, 1_293];

/// How scores become weights.
#[derive(Debug, Clone, Copy)]
pub(in crate::encoder::kernels) struct WeightScale {
    /// Distance of two scores that differ by 1: in powers of two, times [`ONE`].
    pub(super) step: f32,
    /// Bits of the largest sum of a row's weights.
    sum_bits: u32,
}

impl WeightScale {
    /// For scores that are `unit` times integers, and weights whose sum has at most so many bits.
    pub(in crate::encoder::kernels) fn new(unit: f32, sum_bits: u32) -> WeightScale {
        // With this step, the distance of the lowest from the highest i32 is still one.
        const LARGEST_STEP: f32 = 0.25;
        WeightScale { step: (unit * LOG2_E * ONE).min(LARGEST_STEP), sum_bits }
    }

    /// What is added to a score times `-step` to get its distance from the highest.
    pub(super) fn top(self, highest: i32) -> f32 {
        highest as f32 * self.step
    }
}

/// Halves weights until their sum is in range; gives it. Where it is not, many weights are alike, and have bits to spare.
pub(in crate::encoder::kernels) fn weights_in_range(cpu: Cpu, words: &mut [u32], sum: u32, scale: WeightScale) -> u32 {
    match (sum.ilog2() + 1).saturating_sub(scale.sum_bits) {
        0 => sum,
        excess => shifted(cpu, words, excess),
    }
}

/// Makes 16-bit words of the weights of a row's scores, which are the bits of i32; gives their sum. `words` has whole blocks
/// of 32 weights. The highest score has the weight 32,763.
pub(in crate::encoder::kernels) fn sum_of_weights(
    cpu: Cpu,
    scores: &[u32],
    scale: WeightScale,
    words: &mut [u32],
) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        if cpu.has_avx512() {
            // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
            return unsafe { avx512::sum_of_weights(scores, scale, words) };
        }
        if cpu != Cpu::Scalar {
            // SAFETY: every other CPU but plain Rust has AVX2 and FMA, as above.
            return unsafe { avx2::sum_of_weights(scores, scale, words) };
        }
    }
    sum_of_weights_plain(cpu, scores, scale, words)
}

for_cpu! {
    /// Shifts the weights right; gives their sum.
    fn shifted(words: &mut [u32], bits: u32) -> u32 = shift_right
}

#[inline(always)]
fn shift_right<const FMA: bool>(words: &mut [u32], bits: u32) -> u32 {
    let kept = (0xffff >> bits) * 0x1_0001;
    let mut sum = 0;
    for word in words {
        *word = *word >> bits & kept;
        sum += (*word & 0xffff) + (*word >> 16);
    }
    sum
}

for_cpu! {
    /// [`sum_of_weights`], as it is defined.
    fn sum_of_weights_plain(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> u32 = to_weights
}

#[inline(always)]
fn to_weights<const FMA: bool>(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> u32 {
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
    sum
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
    let whole = distance >> FRACTION_BITS;
    (power + (1 << whole) / 2) >> whole
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
            sum_bits in 17u32..24,
        ) {
            let highest = f64::from(*scores.iter().max().unwrap());
            let exact: Vec<f64> = scores.iter().map(|x| (f64::from(unit) * (f64::from(*x) - highest)).exp()).collect();
            let bits: Vec<u32> = scores.iter().map(|x| x.cast_unsigned()).collect();
            let scale = WeightScale::new(unit, sum_bits);
            for cpu in Cpu::ALL.into_iter().filter(|cpu| cpu.is_here()) {
                let mut words = vec![!0; scores.len().next_multiple_of(32) / 2];
                let sum_before = sum_of_weights(cpu, &bits, scale, &mut words);
                let sum_after = weights_in_range(cpu, &mut words, sum_before, scale);
                let weights: Vec<u32> = words.iter().flat_map(|word| [word & 0xffff, word >> 16]).collect();
                let sum: u32 = weights.iter().sum();
                prop_assert_eq!(sum_after, sum);
                let most = 1 << sum_bits;
                prop_assert!(sum < most);
                let largest = f64::from(*weights.iter().max().unwrap());
                prop_assert!(largest > 32_760.0 || 2.0 * f64::from(sum) > f64::from(most) - 2.0 * 200.0, "{cpu}: {largest}");
                for (got, exact) in weights.iter().zip(&exact) {
                    // Distances are rounded to 2^-12 powers of two, and by the last bits of large scores.
                    let got = f64::from(*got) / largest;
                    prop_assert!((got - exact).abs() < 5e-4 * exact + 1.1 / largest, "{cpu}: {got} {exact}");
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
            let sum = sum_of_weights(cpu, &scores, WeightScale::new(1e9, 20), &mut words);
            assert!(
                words.iter().enumerate().all(|(at, word)| (*word >> 16 > 0) == (at == 3) && *word & 0xffff == 0),
                "{cpu}"
            );
            assert_eq!(sum, 32_763);
        }
    }
}
