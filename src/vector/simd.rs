//! Dot products of f32 vectors, compiled once for each instruction set and chosen by what the CPU has.

/// Partial sums kept apart, so that the compiler can hold them in vector registers: 16 is one AVX-512 register.
const LANES: usize = 16;

/// The dot product of two vectors of one length. Every instruction set gives the same bits: the order of the
/// additions is fixed.
///
/// # Panics
/// If the lengths differ.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "vectors of one dimension");
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, asked in the line above.
            return unsafe { dot_avx512(a, b) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { dot_avx2(a, b) };
        }
    }
    dot_portable(a, b)
}

#[inline(always)]
fn dot_portable(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [[0.0f32; LANES]; 2];
    let (a_blocks, b_blocks) = (a.chunks_exact(2 * LANES), b.chunks_exact(2 * LANES));
    let tail: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for half in 0..2 {
            for lane in 0..LANES {
                sums[half][lane] += x[half * LANES + lane] * y[half * LANES + lane];
            }
        }
    }
    let mut folded: [f32; LANES] = std::array::from_fn(|lane| sums[0][lane] + sums[1][lane]);
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            folded[lane] += folded[lane + width];
        }
        width /= 2;
    }
    folded[0] + tail
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn dot_avx512(a: &[f32], b: &[f32]) -> f32 {
    dot_portable(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    dot_portable(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_gives_the_bits_of_the_portable_one(
            (a, b) in (0usize..200).prop_flat_map(|n| {
                let numbers = || proptest::collection::vec(-1.0f32..1.0, n);
                (numbers(), numbers())
            })
        ) {
            let portable = dot_portable(&a, &b);
            prop_assert_eq!(dot(&a, &b).to_bits(), portable.to_bits());
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            prop_assert!((f64::from(portable) - exact).abs() < 1e-4);
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, asked in the line above.
                prop_assert_eq!(unsafe { dot_avx2(&a, &b) }.to_bits(), portable.to_bits());
            }
        }
    }
}
