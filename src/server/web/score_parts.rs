//! A score and its parts in percent, rounded so that the parts that are shown add up to the score that is shown.

use crate::recommend::{Recommendation, RelevanceWord};

/// A score, what it is made of, and what speaks for it.
pub(super) struct ShownScore {
    /// How likely the paper is relevant, in a word; empty when nothing is known of it.
    pub word: &'static str,
    /// 1 for far to 3 for close, for a bar. The probability itself would be a short bar for most papers that are close to a
    /// history.
    pub level: usize,
    /// The probability and the similarities in words.
    pub evidence: String,
    /// The score in percent.
    pub total: String,
    /// What it is the sum of: `50.0 base + 30.1 text − 0.4 novelty`.
    pub sum: String,
}

impl ShownScore {
    pub(super) fn new(result: &Recommendation) -> ShownScore {
        // Rounded down, as on the terminal: a paper is not said to match better than it does.
        let total = tenths(result.score).floor() as i64;
        let named: Vec<(&'static str, f32)> = result.breakdown.named().collect();
        let shares = rounded_to(total, &named.iter().map(|(_, part)| tenths(*part)).collect::<Vec<_>>());
        let parts = named.iter().zip(&shares).filter(|(_, share)| **share != 0);
        let percent = |share: f32| format!("{:.0}%", 100.0 * share);
        let evidence = [
            result
                .relevance
                .map(|relevance| format!("relevant with a probability of {}", percent(relevance.probability))),
            result.similarity.map(|similarity| format!("similarity {similarity:.2}")),
            result.term_similarity.map(|similarity| format!("of words {similarity:.2}")),
        ];
        ShownScore {
            word: result.relevance.map_or("", |relevance| relevance.word.name()),
            level: result.relevance.map_or(0, |relevance| match relevance.word {
                RelevanceWord::Close => 3,
                RelevanceWord::Related => 2,
                RelevanceWord::Far => 1,
            }),
            evidence: evidence.into_iter().flatten().collect::<Vec<_>>().join(", "),
            total: in_percent(total),
            sum: sum_text(parts.map(|((name, _), share)| (*name, *share))),
        }
    }
}

/// Tenths of a percent.
fn tenths(share: f32) -> f64 {
    f64::from(share) * 1000.0
}

fn in_percent(tenths: i64) -> String {
    format!("{}{}.{}", if tenths < 0 { "−" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
}

fn sum_text<'n>(parts: impl Iterator<Item = (&'n str, i64)>) -> String {
    let mut text = String::new();
    for (name, tenths) in parts {
        let (sign, amount) = match (text.is_empty(), tenths < 0) {
            (true, _) => ("", tenths),
            (false, false) => (" + ", tenths),
            (false, true) => (" − ", -tenths),
        };
        text.push_str(&format!("{sign}{} {name}", in_percent(amount)));
    }
    text
}

/// Rounds numbers to whole ones with a given sum: those that lose most by rounding down are rounded up (largest
/// remainder).
fn rounded_to(total: i64, parts: &[f64]) -> Vec<i64> {
    let mut rounded: Vec<i64> = parts.iter().map(|part| part.floor() as i64).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| {
        let lost = |index: &usize| parts[*index] - parts[*index].floor();
        lost(other).total_cmp(&lost(one))
    });
    let missing = total - rounded.iter().sum::<i64>();
    for index in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        rounded[index] += 1;
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_score() {
        assert_eq!(rounded_to(10, &[3.4, 3.3, 3.4]), [4, 3, 3]);
        assert_eq!(rounded_to(977, &[500.2, 480.9, -3.3]), [500, 481, -4]);
        assert_eq!(rounded_to(5, &[]), [0; 0]);
    }

    #[test]
    fn a_sum_is_an_equation() {
        let sum = |parts: &[(&'static str, i64)]| sum_text(parts.iter().copied());
        assert_eq!(sum(&[("base", 500), ("text", 481), ("novelty", -4)]), "50.0 base + 48.1 text − 0.4 novelty");
        assert_eq!(sum(&[("base", -7)]), "−0.7 base");
    }
}
