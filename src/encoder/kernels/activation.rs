//! Activations, in place.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::exp::exp;
use super::for_each_cpu;

for_each_cpu! {
    /// The exact GELU.
    fn gelu(x: &mut [f32]) = each_gelu
}

for_each_cpu! {
    /// GELU's tanh approximation.
    fn gelu_tanh(x: &mut [f32]) = each_gelu_tanh
}

for_each_cpu! {
    /// `max(x, 0)`.
    fn relu(x: &mut [f32]) = each_relu
}

#[inline(always)]
fn each_gelu(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x *= 0.5 * (1.0 + erf(*x * FRAC_1_SQRT_2)));
}

#[inline(always)]
fn each_gelu_tanh(x: &mut [f32]) {
    // 0.5 (1 + tanh y) is 1 / (1 + e^-2y), and y = √(2/π) (x + 0.044715 x³): Hendrycks and Gimpel, arXiv:1606.08415.
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
    x.iter_mut().for_each(|x| *x /= 1.0 + exp(-TWICE_SQRT_2_OVER_PI * (*x + 0.044_715 * *x * *x * *x)));
}

#[inline(always)]
fn each_relu(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 });
}

/// The error function within 4e-7: the rational approximation of Eigen and XLA for f32.
#[inline(always)]
fn erf(x: f32) -> f32 {
    // From here on erf rounds to ±1.
    let x = x.clamp(-3.832_507, 3.832_507);
    let square = x * x;
    let mut p = 2.290_506_6e-4;
    for c in [3.408_291e-3, 5.095_569_5e-2, 1.852_083_2e-1, FRAC_2_SQRT_PI] {
        p = p * square + c;
    }
    let mut q = -1.179_160_3e-7;
    for c in [2.354_796_6e-5, 1.017_962_5e-3, 1.407_047e-2, 1.109_850_5e-1, 4.974_692_5e-1, 1.0] {
        q = q * square + c;
    }
    (x * p / q).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// erf by its Maclaurin series near 0 and its continued fraction far out, in f64.
    fn true_erf(x: f64) -> f64 {
        let size = x.abs();
        if size < 3.0 {
            let (mut term, mut sum) = (x, x);
            for n in 1..100 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            return sum * std::f64::consts::FRAC_2_SQRT_PI;
        }
        let fraction = (1..=60).rev().fold(size, |below, k| size + f64::from(k) / 2.0 / below);
        (1.0 - (-size * size).exp() / (fraction * std::f64::consts::PI.sqrt())).copysign(x)
    }

    #[track_caller]
    fn near(got: &[f32], expect: impl Iterator<Item = f64>) {
        for (got, expect) in got.iter().zip(expect) {
            let error = (f64::from(*got) - expect).abs();
            assert!(error < 5e-7 * expect.abs().max(2.0), "{got} is not {expect}");
        }
    }

    #[test]
    fn the_true_erf_is_true() {
        // Values from DLMF 7.23's tables.
        for (x, expect) in
            [(0.5, 0.520_499_877_813_046_5), (2.0, 0.995_322_265_018_952_7), (3.5, 0.999_999_256_901_627_7)]
        {
            assert!((true_erf(x) - expect).abs() < 1e-12, "{x}: {}", true_erf(x));
            assert!((true_erf(-x) + expect).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn activations_are_what_they_say(x in prop::collection::vec(-12.0f32..12.0, 1..120)) {
            let exact = || x.iter().map(|x| f64::from(*x));
            let after = |kernel: fn(&mut [f32])| {
                let mut got = x.clone();
                kernel(&mut got);
                got
            };
            near(&after(relu), exact().map(|x| x.max(0.0)));
            near(&after(gelu), exact().map(|x| x * (1.0 + true_erf(x / 2f64.sqrt())) / 2.0));
            let tanh = |x: f64| ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh();
            near(&after(gelu_tanh), exact().map(|x| x * (1.0 + tanh(x)) / 2.0));
        }
    }
}
