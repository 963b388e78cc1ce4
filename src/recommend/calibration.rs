//! Scores as shares: how many ordinary papers score less.

/// The share of the ordinary scores in each tail. In the tails few scores are known, so they are taken for those of a
/// generalized Pareto distribution.
const TAIL_FRACTION: f64 = 0.1;
/// Fewer scores than these tell nothing of their tails: they are taken for a normal distribution's.
const MIN_SCORES: usize = 40;
/// Shapes of tails that are believed: from nearly exponential to one in which the extremes are far out.
const SHAPE_RANGE: (f64, f64) = (0.05, 0.4);

/// The distribution of the scores of ordinary papers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calibration {
    /// In ascending order; empty: those of a normal distribution of mean 0 and deviation 1.
    scores: Vec<f64>,
    lower: ParetoTail,
    upper: ParetoTail,
}

/// The tail of a distribution beyond a point.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct ParetoTail {
    threshold: f64,
    scale: f64,
    shape: f64,
}

impl ParetoTail {
    /// By the method of moments (Hosking and Wallis 1987), of what exceeds `from`.
    fn fit(from: f64, excesses: impl Iterator<Item = f64>) -> ParetoTail {
        let excesses: Vec<f64> = excesses.collect();
        let count = excesses.len().max(1) as f64;
        let mean = excesses.iter().sum::<f64>() / count;
        let variance = excesses.iter().map(|excess| (excess - mean).powi(2)).sum::<f64>() / count;
        if mean.is_nan() || mean <= 0.0 {
            return ParetoTail { threshold: from, scale: 1e-6, shape: SHAPE_RANGE.0 };
        }
        let shape = (0.5 * (1.0 - mean * mean / variance.max(1e-12))).clamp(SHAPE_RANGE.0, SHAPE_RANGE.1);
        ParetoTail { threshold: from, scale: mean * (1.0 - shape), shape }
    }

    /// The share of the tail beyond an excess.
    fn survival(self, excess: f64) -> f64 {
        (1.0 + self.shape * excess / self.scale).powf(-1.0 / self.shape)
    }
}

impl Calibration {
    /// That of the scores of ordinary papers, which have mean 0 and deviation 1 or are all 0.
    pub(super) fn from_scores(scores: impl IntoIterator<Item = f32>) -> Calibration {
        let mut scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
        scores.sort_unstable_by(f64::total_cmp);
        if scores.len() < MIN_SCORES || scores.first() == scores.last() {
            return Calibration { scores: Vec::new(), lower: ParetoTail::default(), upper: ParetoTail::default() };
        }
        let cut = (scores.len() as f64 * TAIL_FRACTION) as usize;
        let (low, high) = (scores[cut], scores[scores.len() - 1 - cut]);
        let lower = ParetoTail::fit(low, scores[..cut].iter().map(|score| low - score));
        let upper = ParetoTail::fit(high, scores[scores.len() - cut..].iter().map(|score| score - high));
        Calibration { scores, lower, upper }
    }

    /// The share of ordinary papers that score less: above 0, below 1, and larger for larger scores.
    pub(super) fn percentile(&self, score: f32) -> f32 {
        let score = f64::from(score);
        if self.scores.is_empty() {
            return normal_cdf(score) as f32;
        }
        let share = if score < self.lower.threshold {
            TAIL_FRACTION * self.lower.survival(self.lower.threshold - score)
        } else if score > self.upper.threshold {
            1.0 - TAIL_FRACTION * self.upper.survival(score - self.upper.threshold)
        } else {
            let cut = (self.scores.len() as f64 * TAIL_FRACTION) as usize;
            let middle = &self.scores[cut..self.scores.len() - cut];
            let after = middle.partition_point(|known| *known <= score).clamp(1, middle.len() - 1);
            let (left, right) = (middle[after - 1], middle[after]);
            let between = if right > left { (score - left) / (right - left) } else { 1.0 };
            TAIL_FRACTION + (1.0 - 2.0 * TAIL_FRACTION) * ((after - 1) as f64 + between) / (middle.len() - 1) as f64
        };
        share as f32
    }
}

/// The normal distribution, by Abramowitz and Stegun's formula 7.1.26: right to 7 digits.
fn normal_cdf(score: f64) -> f64 {
    let x = score.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = 0.5 * polynomial * (-x * x).exp();
    if score < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_grow_with_scores(known in proptest::collection::vec(-3.0f32..3.0, 0..300), mut asked in proptest::collection::vec(-20.0f32..20.0, 2..40)) {
            let calibration = Calibration::from_scores(known);
            asked.sort_unstable_by(f32::total_cmp);
            let shares: Vec<f32> = asked.iter().map(|score| calibration.percentile(*score)).collect();
            prop_assert!(shares.is_sorted(), "{shares:?}");
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        }
    }

    #[test]
    fn a_share_is_the_share_of_the_known() {
        // The logistic distribution, by its quantiles.
        let quantile = |share: f32| (share / (1.0 - share)).ln();
        let calibration = Calibration::from_scores((1..1000).map(|at| quantile(at as f32 / 1000.0)));
        for expected in [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] {
            let share = calibration.percentile(quantile(expected));
            assert!((share - expected).abs() < 0.004, "{expected}: {share}");
        }
    }

    #[test]
    fn few_scores_are_normal() {
        let calibration = Calibration::from_scores([0.0; 5]);
        for (score, share) in [(0.0, 0.5), (1.0, 0.841_345), (-1.959_964, 0.025), (4.0, 0.999_968)] {
            assert!((calibration.percentile(score) - share).abs() < 1e-5, "{score}");
        }
    }
}
