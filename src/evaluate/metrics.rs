//! Metrics of rankings.

/// Normalised discounted cumulative gain of the first `k` results, with linear gains and a discount of
/// `1 / log2(rank + 1)` (Järvelin and Kekäläinen 2002). `gains` are the judgments in ranked order, `all` the
/// judgments of all documents in any order. `None` when nothing is relevant.
pub fn ndcg(gains: &[f64], all: &[f64], k: usize) -> Option<f64> {
    let discounted = |gains: &[f64]| -> f64 {
        gains.iter().take(k).enumerate().map(|(index, gain)| gain / (index as f64 + 2.0).log2()).sum()
    };
    let mut ideal = all.to_vec();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(&ideal);
    (best > 0.0).then(|| discounted(gains) / best)
}

/// Share of the pairs of one person's rated papers that a score puts in the person's order, each pair weighted by the
/// difference of its ratings; equal scores count half. Sums over people, so that everybody's pairs weigh the same (the
/// complement of the loss of Stelmakh et al. 2023).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairAccuracy {
    right: f64,
    all: f64,
}

impl PairAccuracy {
    /// Counts the pairs of one person's papers, given as rating and score.
    pub fn add(&mut self, rated: &[(f64, f64)]) {
        for (index, (rating, score)) in rated.iter().enumerate() {
            for (other_rating, other_score) in &rated[index + 1..] {
                let weight = (rating - other_rating).abs();
                let agreement = (rating - other_rating) * (score - other_score);
                self.all += weight;
                self.right += match agreement {
                    agreement if agreement > 0.0 => weight,
                    agreement if agreement < 0.0 => 0.0,
                    _ => weight / 2.0,
                };
            }
        }
    }

    /// The share, 0 to 1; `None` without pairs.
    pub fn value(&self) -> Option<f64> {
        (self.all > 0.0).then(|| self.right / self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ndcg_by_hand() {
        let all = [0.0, 2.0, 1.0];
        assert_eq!(ndcg(&[2.0, 1.0, 0.0], &all, 10), Some(1.0));
        let expected = (1.0 + 2.0 / 3f64.log2()) / (2.0 + 1.0 / 3f64.log2());
        assert_eq!(ndcg(&[1.0, 2.0, 0.0], &all, 2), Some(expected));
        assert_eq!(ndcg(&[0.0], &all, 1), Some(0.0));
        assert_eq!(ndcg(&[0.0], &[0.0], 1), None);
    }

    #[test]
    fn pairs_by_hand() {
        let value = |rated: &[(f64, f64)]| {
            let mut accuracy = PairAccuracy::default();
            accuracy.add(rated);
            accuracy.value()
        };
        assert_eq!(value(&[(5.0, 0.9), (1.0, 0.1)]), Some(1.0));
        assert_eq!(value(&[(5.0, 0.1), (1.0, 0.9)]), Some(0.0));
        assert_eq!(value(&[(5.0, 0.5), (1.0, 0.5)]), Some(0.5));
        // The pair of 5 and 3 is wrong (weight 2), those of 5 and 1, and of 3 and 1, are right (weights 4 and 2).
        assert_eq!(value(&[(5.0, 0.5), (3.0, 0.6), (1.0, 0.1)]), Some(0.75));
        assert_eq!(value(&[(3.0, 0.5), (3.0, 0.6)]), None);
    }
}
