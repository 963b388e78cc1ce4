//! Score smoothing: papers that are near each other should score alike (Diaz 2005, score regularization).

use super::breakdown::ScoreBreakdown;
use crate::vector::dot;

/// Other candidates that a score is compared with: those whose embeddings are nearest.
const NEIGHBORS: usize = 5;

/// Moves the score of each candidate, given by its parts and its unit vector, towards the mean score of the five candidates
/// nearest to it: by the share `smoothing` of the difference, which becomes [`ScoreBreakdown::neighbors`]. With a smoothing
/// of 0 nothing changes. Takes time quadratic in the number of candidates.
///
/// ```
/// use paperkin::recommend::{ScoreBreakdown, smooth};
///
/// let score = |liked| ScoreBreakdown { liked, ..ScoreBreakdown::default() };
/// let mut scores = [score(2.0), score(1.0)];
/// smooth(&mut scores, &[&[1.0, 0.0], &[0.8, 0.6]], 0.25);
/// assert_eq!(scores.map(ScoreBreakdown::total), [1.75, 1.25]);
/// ```
pub fn smooth(parts: &mut [ScoreBreakdown], vectors: &[&[f32]], smoothing: f32) {
    if smoothing == 0.0 || parts.len() < 2 {
        return;
    }
    let scores: Vec<f32> = parts.iter().map(|parts| parts.total()).collect();
    let count = NEIGHBORS.min(parts.len() - 1);
    for (place, part) in parts.iter_mut().enumerate() {
        let others = (0..scores.len()).filter(|other| *other != place);
        let mut others: Vec<(f32, usize)> = others.map(|other| (dot(vectors[place], vectors[other]), other)).collect();
        others.select_nth_unstable_by(count - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        others[..count].sort_unstable_by_key(|(_, other)| *other);
        let mean = others[..count].iter().map(|(_, other)| scores[*other]).sum::<f32>() / count as f32;
        part.neighbors = smoothing * (mean - scores[place]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn totals(scores: &[f32], vectors: &[&[f32]], smoothing: f32) -> Vec<f32> {
        let mut parts: Vec<ScoreBreakdown> =
            scores.iter().map(|score| ScoreBreakdown { liked: *score, ..ScoreBreakdown::default() }).collect();
        smooth(&mut parts, vectors, smoothing);
        parts.into_iter().map(ScoreBreakdown::total).collect()
    }

    #[test]
    fn a_paper_among_good_ones_rises() {
        let near: [&[f32]; 7] =
            [&[1.0, 0.0], &[1.0, 0.0], &[1.0, 0.0], &[1.0, 0.0], &[1.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]];
        let smoothed = totals(&[3.0, 3.0, 3.0, 3.0, 3.0, 1.0, 1.0], &near, 0.5);
        assert_eq!(smoothed[5], 2.0, "the five others have 3");
        assert!(smoothed[6] <= 2.0 && smoothed[0] == 2.8, "{smoothed:?}");
        assert_eq!(totals(&[1.0], &[&[1.0, 0.0]], 0.5), [1.0], "nothing to compare with");
        assert!(totals(&[], &[], 0.5).is_empty());
    }

    proptest! {
        #[test]
        fn scores_stay_between_the_least_and_the_largest(
            scores in proptest::collection::vec(-3.0f32..3.0, 1..30),
            angles in proptest::collection::vec(0.0f32..6.3, 30),
            smoothing in 0.0f32..=1.0,
        ) {
            let vectors: Vec<[f32; 2]> = angles.iter().map(|angle| [angle.cos(), angle.sin()]).collect();
            let vectors: Vec<&[f32]> = vectors.iter().take(scores.len()).map(|vector| vector.as_slice()).collect();
            let least = scores.iter().copied().fold(f32::INFINITY, f32::min);
            let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for total in totals(&scores, &vectors, smoothing) {
                prop_assert!((least - 1e-5..=largest + 1e-5).contains(&total));
            }
            prop_assert_eq!(totals(&scores, &vectors, 0.0), scores);
        }
    }
}
