//! Metrics of rankings.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What is measured of a ranking: 0 is the worst, 1 the best.
///
/// ```
/// use paperkin::evaluate::Metric;
///
/// assert_eq!("ndcg@10".parse(), Ok(Metric::Ndcg(10)));
/// assert_eq!(Metric::Recall(100).to_string(), "recall@100");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The mean of the precisions at the ranks of the relevant papers. Its mean over queries is MAP.
    AveragePrecision,
    /// Normalized discounted cumulative gain of the first results: gains as they are judged, discounted by
    /// `1 / log2(rank + 1)` (Järvelin and Kekäläinen 2002), as trec_eval has it.
    Ndcg(usize),
    /// The same with gains of `2^judgment - 1` (Burges et al. 2005), which weighs the best papers more.
    ExponentialNdcg(usize),
    /// The share of the relevant papers that is among the first results.
    Recall(usize),
    /// The share of the relevant papers that is among the first so many percent of the ranking.
    RecallPercent(usize),
    /// 1 over the rank of the first relevant paper. Its mean over queries is MRR.
    ReciprocalRank,
    /// The area under the ROC curve: the share of the pairs of a relevant and another ranked paper in which the relevant
    /// one comes first.
    Auc,
    /// The share of the pairs of judged papers that the ranking puts in the judgments' order, each pair weighted by the
    /// difference of its judgments, over the pairs of all queries together; equal scores count half. The complement of
    /// the loss of Stelmakh et al. 2023.
    Pairs,
}

/// Metrics of judged queries unless others are asked for.
pub const DEFAULT_METRICS: [Metric; 5] =
    [Metric::AveragePrecision, Metric::Ndcg(10), Metric::Recall(50), Metric::ReciprocalRank, Metric::Pairs];

impl Metric {
    /// Measures the ranking of one query. `None` where there is nothing to find.
    pub fn measure(self, ranking: &JudgedRanking) -> Option<MetricRatio> {
        let relevant = ranking.all.iter().filter(|gain| **gain >= ranking.relevant).count();
        let mut found = ranking.gains.iter().enumerate().filter(|(_, gain)| **gain >= ranking.relevant);
        let of_relevant = |sum: f64| (relevant > 0).then(|| MetricRatio::of(sum / relevant as f64));
        match self {
            Metric::AveragePrecision => {
                of_relevant(found.zip(1..).map(|((index, _), found)| f64::from(found) / (index + 1) as f64).sum())
            }
            Metric::Recall(k) => of_relevant(found.take_while(|(index, _)| *index < k).count() as f64),
            Metric::RecallPercent(percent) => {
                let first = ranking.gains.len() * percent / 100;
                of_relevant(found.take_while(|(index, _)| *index < first).count() as f64)
            }
            Metric::Auc => {
                let others = ranking.gains.len() - found.clone().count();
                let ranked = ranking.gains.len() - others;
                // Before the n-th relevant paper come n relevant papers less one, the rest are others.
                let wrong: usize = found.enumerate().map(|(before, (index, _))| index - before).sum();
                let pairs = (ranked * others) as f64;
                (pairs > 0.0).then(|| MetricRatio::of(1.0 - wrong as f64 / pairs))
            }
            Metric::ReciprocalRank => {
                let first = found.next().map_or(0.0, |(index, _)| 1.0 / (index + 1) as f64);
                (relevant > 0).then(|| MetricRatio::of(first))
            }
            Metric::Ndcg(k) => ndcg(ranking, k, |gain| gain),
            Metric::ExponentialNdcg(k) => ndcg(ranking, k, |gain| gain.exp2() - 1.0),
            Metric::Pairs => pairs(&ranking.rated),
        }
    }
}

fn ndcg(ranking: &JudgedRanking, k: usize, gain: impl Fn(f64) -> f64) -> Option<MetricRatio> {
    let discounted = |gains: &[f64]| -> f64 {
        gains.iter().take(k).enumerate().map(|(index, judged)| gain(*judged) / (index as f64 + 2.0).log2()).sum()
    };
    let mut ideal = ranking.all.clone();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(&ideal);
    (best > 0.0).then(|| MetricRatio::of(discounted(&ranking.gains) / best))
}

fn pairs(rated: &[(f64, f64)]) -> Option<MetricRatio> {
    let mut share = MetricRatio { numerator: 0.0, denominator: 0.0 };
    for (index, (rating, score)) in rated.iter().enumerate() {
        for (other_rating, other_score) in &rated[index + 1..] {
            let weight = (rating - other_rating).abs();
            let agrees = if rating > other_rating { score > other_score } else { score < other_score };
            share.denominator += weight;
            share.numerator += if score == other_score { weight / 2.0 } else { weight * f64::from(u8::from(agrees)) };
        }
    }
    (share.denominator > 0.0).then_some(share)
}

/// `map`, `ndcg@10`, `exp-ndcg@10`, `recall@50`, `recall@10%`, `mrr`, `auc`, `pairs`.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::AveragePrecision => f.write_str("map"),
            Metric::Ndcg(k) => write!(f, "ndcg@{k}"),
            Metric::ExponentialNdcg(k) => write!(f, "exp-ndcg@{k}"),
            Metric::Recall(k) => write!(f, "recall@{k}"),
            Metric::RecallPercent(percent) => write!(f, "recall@{percent}%"),
            Metric::ReciprocalRank => f.write_str("mrr"),
            Metric::Auc => f.write_str("auc"),
            Metric::Pairs => f.write_str("pairs"),
        }
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Metric, String> {
        if let Some(percent) = text.strip_prefix("recall@").and_then(|text| text.strip_suffix('%')) {
            let percent = percent.parse().ok().filter(|percent| (1..=100).contains(percent));
            return percent.map(Metric::RecallPercent).ok_or(format!("`{text}` is not a percentage from 1 to 100"));
        }
        let (name, k) = match text.split_once('@') {
            Some((name, k)) => (
                name,
                Some(
                    k.parse()
                        .ok()
                        .filter(|k| *k > 0)
                        .ok_or(format!("`{k}` is not a cutoff rank: use a positive number"))?,
                ),
            ),
            None => (text, None),
        };
        match (name, k) {
            ("map", None) => Ok(Metric::AveragePrecision),
            ("mrr", None) => Ok(Metric::ReciprocalRank),
            ("auc", None) => Ok(Metric::Auc),
            ("pairs", None) => Ok(Metric::Pairs),
            ("ndcg", Some(k)) => Ok(Metric::Ndcg(k)),
            ("exp-ndcg", Some(k)) => Ok(Metric::ExponentialNdcg(k)),
            ("recall", Some(k)) => Ok(Metric::Recall(k)),
            _ => Err(format!(
                "`{text}` is not a metric: use map, ndcg@K, exp-ndcg@K, recall@K, recall@P%, mrr, auc, pairs"
            )),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What one query adds to a metric: shares add up, so that a query with much to tell counts for more. A plain mean is
/// made of shares of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricRatio {
    /// What was reached.
    pub numerator: f64,
    /// What could be reached.
    pub denominator: f64,
}

impl MetricRatio {
    fn of(part: f64) -> MetricRatio {
        MetricRatio { numerator: part, denominator: 1.0 }
    }
}

/// A ranking of one query, beside the judgments.
///
/// ```
/// use std::collections::HashMap;
/// use paperkin::evaluate::{JudgedRanking, Metric};
///
/// let ranking = JudgedRanking::new(&[("a", 0.9), ("b", 0.5)], &HashMap::from([("a", 1.0)]), 1.0);
/// let recall = Metric::Recall(1).measure(&ranking).unwrap();
/// assert_eq!(recall.numerator / recall.denominator, 1.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedRanking {
    /// Judgments of the ranked papers, best first; 0 for those that nobody judged.
    gains: Vec<f64>,
    /// All judgments.
    all: Vec<f64>,
    /// Judgment and score of the judged papers.
    rated: Vec<(f64, f64)>,
    relevant: f64,
}

impl JudgedRanking {
    /// Looks up the judgments of papers given best first with their scores. A paper is relevant when its judgment is
    /// `relevant` or above; judgments below 0 count as 0; a judged paper that is not ranked scores below all others.
    pub fn new<K: Hash + Eq>(ranked: &[(K, f64)], judged: &HashMap<K, f64>, relevant: f64) -> JudgedRanking {
        let gain = |id: &K| judged.get(id).map_or(0.0, |gain| gain.max(0.0));
        let scored = ranked.iter().filter_map(|(id, score)| Some((*judged.get(id)?, *score)));
        let mut rated: Vec<(f64, f64)> = scored.collect();
        if rated.len() < judged.len() {
            let ranked: HashMap<&K, ()> = ranked.iter().map(|(id, _)| (id, ())).collect();
            let missing = judged.iter().filter(|(id, _)| !ranked.contains_key(id));
            rated.extend(missing.map(|(_, gain)| (*gain, f64::NEG_INFINITY)));
        }
        JudgedRanking {
            gains: ranked.iter().map(|(id, _)| gain(id)).collect(),
            all: judged.values().map(|gain| gain.max(0.0)).collect(),
            rated,
            relevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The judgments in ranked order, and those of papers that are not ranked.
    fn ranking(gains: &[f64], not_ranked: &[f64]) -> JudgedRanking {
        let ranked: Vec<(usize, f64)> = (0..gains.len()).map(|index| (index, -(index as f64))).collect();
        let judged = gains.iter().chain(not_ranked).copied().enumerate().collect();
        JudgedRanking::new(&ranked, &judged, 1.0)
    }

    fn value(metric: &str, gains: &[f64], not_ranked: &[f64]) -> Option<f64> {
        let metric: Metric = metric.parse().unwrap();
        assert_eq!(metric.to_string().parse(), Ok(metric));
        metric.measure(&ranking(gains, not_ranked)).map(|share| share.numerator / share.denominator)
    }

    fn check(metric: &str, gains: &[f64], not_ranked: &[f64], expected: f64) {
        let found = value(metric, gains, not_ranked).unwrap();
        assert!((found - expected).abs() < 1e-12, "{metric} of {gains:?}, {not_ranked:?}: {found}, not {expected}");
    }

    #[test]
    fn by_hand() {
        let gains = [0.0, 2.0, 0.0, 1.0];
        check("map", &gains, &[], (0.5 + 0.5) / 2.0);
        check("map", &gains, &[1.0, 0.0], (0.5 + 0.5) / 3.0);
        check("mrr", &gains, &[], 0.5);
        check("mrr", &[0.0], &[1.0], 0.0);
        check("recall@3", &gains, &[3.0], 1.0 / 3.0);
        check("recall@4", &gains, &[3.0], 2.0 / 3.0);
        check("recall@50%", &gains, &[3.0], 1.0 / 3.0);
        check("recall@100%", &gains, &[3.0], 2.0 / 3.0);
        // Of the four pairs only the one of the second and the third is right, and those with the last are not.
        check("auc", &gains, &[3.0], 0.25);
        let log = f64::log2;
        check("ndcg@10", &gains, &[], (2.0 / log(3.0) + 1.0 / log(5.0)) / (2.0 + 1.0 / log(3.0)));
        check("ndcg@2", &gains, &[], (2.0 / log(3.0)) / (2.0 + 1.0 / log(3.0)));
        check("exp-ndcg@10", &gains, &[], (3.0 / log(3.0) + 1.0 / log(5.0)) / (3.0 + 1.0 / log(3.0)));
        check("ndcg@10", &gains, &[2.0], (2.0 / log(3.0) + 1.0 / log(5.0)) / (2.0 + 2.0 / log(3.0) + 1.0 / log(4.0)));
    }

    #[test]
    fn pairs_by_hand() {
        check("pairs", &[5.0, 1.0], &[], 1.0);
        check("pairs", &[1.0, 5.0], &[], 0.0);
        // The pair of 5 and 3 is wrong (weight 2), those of 5 and 1, and of 3 and 1, are right (weights 4 and 2).
        check("pairs", &[3.0, 5.0, 1.0], &[], 0.75);
        // Neither of the two is ranked: half.
        check("pairs", &[], &[5.0, 1.0], 0.5);
        let same = JudgedRanking::new(&[("a", 0.5), ("b", 0.5)], &HashMap::from([("a", 5.0), ("b", 1.0)]), 1.0);
        assert_eq!(Metric::Pairs.measure(&same), Some(MetricRatio { numerator: 2.0, denominator: 4.0 }));
    }

    #[test]
    fn nothing_to_find() {
        for metric in ["map", "mrr", "recall@5", "recall@5%", "auc", "ndcg@5", "exp-ndcg@5", "pairs"] {
            assert_eq!(value(metric, &[0.0, 0.0], &[0.0]), None, "{metric}");
            assert_eq!(value(metric, &[], &[]), None, "{metric}");
        }
        // Half a point is no relevant paper, but some gain.
        assert_eq!((value("map", &[0.5], &[]), value("ndcg@1", &[0.5], &[])), (None, Some(1.0)));
        check("ndcg@5", &[-2.0, 1.0], &[], 1.0 / f64::log2(3.0));
    }

    #[test]
    fn names_that_are_none() {
        for name in ["map@3", "ndcg", "ndcg@0", "ndcg@x", "recall@-1", "recall@0%", "recall@101%", ""] {
            assert!(name.parse::<Metric>().is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_ideal_order_is_1_and_a_better_swap_never_lowers(
            mut gains in proptest::collection::vec(0u8..4, 2..20), at in 0usize..19,
        ) {
            let metrics = ["map", "mrr", "auc", "ndcg@5", "exp-ndcg@5", "pairs"];
            let of = |gains: &[u8], metric| value(metric, &gains.iter().map(|gain| f64::from(*gain)).collect::<Vec<_>>(), &[]);
            let at = at % (gains.len() - 1);
            let before: Vec<_> = metrics.iter().map(|metric| of(&gains, metric)).collect();
            if gains[at] < gains[at + 1] {
                gains.swap(at, at + 1);
                for (metric, before) in metrics.iter().zip(before) {
                    prop_assert!(of(&gains, metric) >= before.map(|before| before - 1e-12), "{}", metric);
                }
            }
            gains.sort_by(|a, b| b.cmp(a));
            for metric in metrics {
                prop_assert!(of(&gains, metric).is_none_or(|value| (value - 1.0).abs() < 1e-12), "{}", metric);
            }
        }
    }
}
