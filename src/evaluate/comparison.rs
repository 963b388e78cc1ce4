//! What a method gains over another one on several sets of queries.

use std::fmt;

use serde::Serialize;

use super::metrics::MetricRatio;
use super::report::{BOOTSTRAP_SAMPLES, QueryMetrics, mean, percentiles};
use crate::random::SplitMix64;

/// The queries of one set as each method answers them: by method, one entry a query.
pub type MeasuredSet = Vec<(String, Vec<QueryMetrics>)>;

/// The gain of one method over another in the first metric of each set. Each set counts the same, however many queries it
/// has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodComparison {
    /// The other method.
    pub baseline: String,
    /// How many sets both have answered.
    pub sets: usize,
    /// The mean gain over the sets.
    pub gain: f64,
    /// 95 of 100 mean gains on other such queries (paired bootstrap: of each set, queries are drawn anew).
    pub interval: [f64; 2],
    /// Sets with a gain.
    pub wins: usize,
    /// Sets with a gain whose interval is above 0.
    pub certain_wins: usize,
    /// Sets with a loss.
    pub losses: usize,
    /// Sets with a loss whose interval is below 0.
    pub certain_losses: usize,
}

impl MethodComparison {
    /// Compares a method with another one on the sets that both have answered; `None` if there is none.
    pub fn new(sets: &[MeasuredSet], method: &str, baseline: &str, seed: u64) -> Option<MethodComparison> {
        let pairs: Vec<Vec<[MetricRatio; 2]>> = sets.iter().filter_map(|set| paired(set, method, baseline)).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut random = SplitMix64::new(seed);
        let mut totals = vec![0.0; BOOTSTRAP_SAMPLES];
        let mut comparison = MethodComparison {
            baseline: baseline.to_owned(),
            sets: pairs.len(),
            gain: pairs.iter().map(|pairs| gain(pairs.iter())).sum::<f64>() / pairs.len() as f64,
            interval: [0.0; 2],
            wins: 0,
            certain_wins: 0,
            losses: 0,
            certain_losses: 0,
        };
        for pairs in &pairs {
            let draw = |_| {
                let drawn: Vec<_> = (0..pairs.len()).map(|_| &pairs[random.below(pairs.len())]).collect();
                gain(drawn.into_iter())
            };
            let gains: Vec<f64> = (0..BOOTSTRAP_SAMPLES).map(draw).collect();
            totals.iter_mut().zip(&gains).for_each(|(total, gain)| *total += gain);
            let [low, high] = percentiles(gains);
            let of_set = gain(pairs.iter());
            comparison.wins += usize::from(of_set > 0.0);
            comparison.certain_wins += usize::from(low > 0.0);
            comparison.losses += usize::from(of_set < 0.0);
            comparison.certain_losses += usize::from(high < 0.0);
        }
        comparison.interval = percentiles(totals).map(|total| total / pairs.len() as f64);
        Some(comparison)
    }
}

/// The first metric of the queries that both methods have answered.
fn paired(set: &MeasuredSet, method: &str, baseline: &str) -> Option<Vec<[MetricRatio; 2]>> {
    let queries = |name: &str| set.iter().find(|(known, _)| known == name).map(|(_, queries)| queries);
    let both = queries(method)?.iter().zip(queries(baseline)?);
    let pairs: Vec<[MetricRatio; 2]> = both.filter_map(|(one, other)| Some([one.first()?, other.first()?])).collect();
    (!pairs.is_empty()).then_some(pairs)
}

fn gain<'a>(pairs: impl Iterator<Item = &'a [MetricRatio; 2]> + Clone) -> f64 {
    mean(pairs.clone().map(|[one, _]| one)) - mean(pairs.map(|[_, other]| other))
}

/// `dense-mean: +0.021 (+0.014 to +0.028) on 12 sets; better on 11 (8 surely), worse on 1 (0 surely)`.
impl fmt::Display for MethodComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MethodComparison { baseline, sets, gain, interval: [low, high], .. } = self;
        let MethodComparison { wins, certain_wins, losses, certain_losses, .. } = self;
        write!(f, "{baseline}: {gain:+.3} ({low:+.3} to {high:+.3})")?;
        if *sets == 1 {
            return Ok(());
        }
        write!(
            f,
            " on {sets} sets; better on {wins} ({certain_wins} surely), \
             worse on {losses} ({certain_losses} surely)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(one: &[f64], other: &[f64]) -> MeasuredSet {
        let queries = |parts: &[f64]| parts.iter().map(|part| QueryMetrics::of(*part)).collect();
        vec![("one".to_owned(), queries(one)), ("other".to_owned(), queries(other))]
    }

    #[test]
    fn sets_count_the_same() {
        let better = set(&[0.5, 0.75, 0.5, 0.75], &[0.25, 0.5, 0.25, 0.5]);
        let worse = set(&[0.0, 0.5], &[0.5, 0.5]);
        let found = MethodComparison::new(&[better, worse], "one", "other", 1).unwrap();
        assert_eq!((found.sets, found.gain), (2, 0.0));
        assert_eq!([found.wins, found.certain_wins, found.losses, found.certain_losses], [1, 1, 1, 0]);
        assert!(found.interval[0] < 0.0 && found.interval[1] > 0.0, "{found}");
        assert_eq!(MethodComparison::new(&[], "one", "other", 1), None);
        assert_eq!(MethodComparison::new(&[set(&[0.5], &[0.25])], "one", "third", 1), None);
    }
}
