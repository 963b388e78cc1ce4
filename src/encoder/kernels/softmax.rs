//! Softmax of a row.

use super::exp::exp;

/// Partial results kept apart, so that the compiler can hold them in vector registers.
const LANES: usize = 16;

/// The numbers become positive with sum 1.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32]) {
    let mut highest = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            highest[lane] = if block[lane] > highest[lane] { block[lane] } else { highest[lane] };
        }
    }
    let highest = highest.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));

    let mut sums = [0.0; LANES];
    let (blocks, rest) = row.as_chunks_mut::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            block[lane] = exp(block[lane] - highest);
            sums[lane] += block[lane];
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in rest {
        *x = exp(*x - highest);
        sum += *x;
    }
    let factor = 1.0 / sum;
    row.iter_mut().for_each(|x| *x *= factor);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_the_softmax(row in prop::collection::vec(-50.0f32..50.0, 1..70)) {
            let exps: Vec<f64> = row.iter().map(|x| f64::from(*x).exp()).collect();
            let sum: f64 = exps.iter().sum();
            let mut got = row.clone();
            super::softmax(&mut got);
            for (got, expect) in got.iter().zip(exps) {
                prop_assert!((f64::from(*got) - expect / sum).abs() < 1e-6);
            }
        }
    }
}
