//! The exponential function without branches, tables or calls, so that loops around it become vector instructions.

/// Adding and subtracting it rounds a small f32 to an integer: 1.5 · 2²³.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, the first with few enough bits that its small multiples are exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// 2^r for |r| <= 1/2, minimax of degree 3: the highest power's coefficient first. Nowhere above 1 for r up to 0.
pub(super) const EXP2: [f32; 4] = [5.517_140_8e-2, 2.426_107_5e-1, 6.932_61e-1, 9.999_281e-1];

/// `e^x` within 2 units in the last place; 2⁻¹²⁶ below -87.3, and e^88 above 88. Coefficients of Cephes' `expf`.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5.0e-1] {
        p = p * r + c;
    }
    let fraction = p * r * r + r + 1.0;
    // The low bits of `shifted` hold n: as the exponent of an f32 it is 2^n.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    fraction * power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_the_exponential(x in -87.2f32..88.0) {
            let (got, expect) = (f64::from(super::exp(x)), f64::from(x).exp());
            prop_assert!((got / expect - 1.0).abs() < 2.5e-7, "{x}: {got} {expect}");
        }
    }

    #[test]
    fn ends() {
        assert_eq!(super::exp(0.0), 1.0);
        assert!(super::exp(-1e30) < 1.3e-38);
        assert!(super::exp(f32::NEG_INFINITY) < 1.3e-38);
        assert!(super::exp(1e30).is_finite());
    }
}
