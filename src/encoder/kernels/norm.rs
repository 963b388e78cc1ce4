//! Layer normalization of rows.

use super::for_each_cpu;

/// Partial sums kept apart: four registers of AVX-512, so that none waits for the one before.
const LANES: usize = 64;

for_each_cpu! {
    /// Each row of `weight.len()` numbers becomes `(x - mean) / √(variance + epsilon) · weight + shift`.
    fn norm_rows(x: &mut [f32], weight: &[f32], shift: &[f32], epsilon: f32) = plain
}

for_each_cpu! {
    /// `x + residual`, then [`norm_rows`].
    fn residual_norm(x: &mut [f32], residual: &[f32], weight: &[f32], shift: &[f32], epsilon: f32) = with_residual
}

#[inline(always)]
fn with_residual(x: &mut [f32], residual: &[f32], weight: &[f32], shift: &[f32], epsilon: f32) {
    let columns = weight.len();
    for (row, residual) in x.chunks_exact_mut(columns).zip(residual.chunks_exact(columns)) {
        row.iter_mut().zip(residual).for_each(|(x, residual)| *x += residual);
        norm(row, weight, shift, epsilon);
    }
}

#[inline(always)]
fn plain(x: &mut [f32], weight: &[f32], shift: &[f32], epsilon: f32) {
    for row in x.chunks_exact_mut(weight.len()) {
        norm(row, weight, shift, epsilon);
    }
}

#[inline(always)]
fn norm(row: &mut [f32], weight: &[f32], shift: &[f32], epsilon: f32) {
    let size = row.len() as f32;
    let mean = sum(row, |x| x) / size;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / size;
    let factor = 1.0 / (variance + epsilon).sqrt();
    for ((x, weight), shift) in row.iter_mut().zip(weight).zip(shift) {
        *x = (*x - mean) * factor * weight + shift;
    }
}

#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += of(block[lane]);
        }
    }
    total(sums) + rest.iter().map(|x| of(*x)).sum::<f32>()
}

/// The sum, by halves: each step is one of vectors.
#[inline(always)]
fn total(mut sums: [f32; LANES]) -> f32 {
    const { assert!(LANES == 64) };
    for width in [32, 16, 8, 4, 2, 1] {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_the_normalization(row in prop::collection::vec(-9.0f32..9.0, 2..200)) {
            let n = row.len();
            let (weight, shift) = (vec![2.0; n], vec![0.5; n]);
            let sums: Vec<f64> = row.iter().map(|x| 2.0 * f64::from(*x)).collect();
            let mean = sums.iter().sum::<f64>() / n as f64;
            let variance = sums.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            // Numbers that are alike lose digits when their mean is taken away.
            let tolerance = 1e-5 + 1e-6 * mean.abs() / (variance + 1e-3).sqrt();
            let mut got = row.clone();
            super::residual_norm(&mut got, &row, &weight, &shift, 1e-3);
            for (got, x) in got.iter().zip(sums) {
                let expect = (x - mean) / (variance + 1e-3).sqrt() * 2.0 + 0.5;
                prop_assert!((f64::from(*got) - expect).abs() < tolerance, "{got} {expect}");
            }
        }
    }
}
