//! Maximal marginal relevance (Carbonell and Goldstein 1998): the best that differ from each other.

use super::breakdown::ScoreBreakdown;
use crate::error::Result;
use crate::vector::dot;

/// Chooses up to `limit` of the candidates, given best first by their parts and unit vectors; returns their places in
/// that list, in the order of choice. Each choice has the largest `(1 - diversity) * score - diversity * similarity`,
/// where the similarity, times the best score, is that to the chosen paper it is most like; `ScoreBreakdown::diversity` becomes the difference that
/// this makes, so the parts still add up, to scores that never rise along the list. With a diversity of 0 nothing
/// changes. `check` is called before each choice: its error ends the work.
///
/// ```
/// use paperkin::recommend::{ScoreBreakdown, diversify};
///
/// let score = |liked| ScoreBreakdown { liked, ..ScoreBreakdown::default() };
/// let vectors: [&[f32]; 3] = [&[1.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]];
/// let selected = diversify(&mut [score(0.9), score(0.89), score(0.5)], &vectors, 0.5, 2, &|| Ok(())).unwrap();
/// assert_eq!(selected, [0, 2], "a copy of the first gives way");
/// ```
///
/// # Errors
/// That of `check`.
pub fn diversify(
    parts: &mut [ScoreBreakdown],
    vectors: &[&[f32]],
    diversity: f32,
    limit: usize,
    check: &dyn Fn() -> Result<()>,
) -> Result<Vec<usize>> {
    let limit = limit.min(parts.len());
    if diversity == 0.0 {
        return Ok((0..limit).collect());
    }
    let scores: Vec<f32> = parts.iter().map(|parts| parts.total()).collect();
    let unit = scores.first().map_or(0.0, |best| best.max(0.0));
    let mut penalty = vec![0.0f32; parts.len()];
    let mut left: Vec<usize> = (0..parts.len()).collect();
    let mut chosen: Vec<usize> = Vec::with_capacity(limit);
    while chosen.len() < limit {
        check()?;
        if let Some(&last) = chosen.last() {
            for &place in &left {
                let similarity = dot(vectors[last], vectors[place]).max(0.0);
                penalty[place] = penalty[place].max(unit * similarity);
            }
        }
        let value = |place: usize| (1.0 - diversity) * scores[place] - diversity * penalty[place];
        let best = (0..left.len()).max_by(|a, b| value(left[*a]).total_cmp(&value(left[*b])).then(b.cmp(a)));
        let Some(best) = best else { break };
        let place = left.remove(best);
        parts[place].diversity = value(place) - scores[place];
        chosen.push(place);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn liked(score: f32) -> ScoreBreakdown {
        ScoreBreakdown { liked: score, ..ScoreBreakdown::default() }
    }

    #[test]
    fn a_copy_gives_way_to_something_else() {
        let vectors: [&[f32]; 3] = [&[1.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]];
        let mut parts = [liked(0.9), liked(0.89), liked(0.5)];
        assert_eq!(diversify(&mut parts.clone(), &vectors, 0.0, 2, &|| Ok(())).unwrap(), [0, 1]);
        assert_eq!(diversify(&mut parts, &vectors, 0.5, 2, &|| Ok(())).unwrap(), [0, 2]);
    }

    proptest! {
        #[test]
        fn scores_never_rise_and_each_is_chosen_once(
            mut scores in proptest::collection::vec(-1.0f32..1.0, 1..30),
            angles in proptest::collection::vec(0.0f32..6.3, 30),
            diversity in 0.0f32..=1.0,
            limit in 1usize..40,
        ) {
            scores.sort_by(|a, b| b.total_cmp(a));
            let mut parts: Vec<ScoreBreakdown> = scores.iter().map(|score| liked(*score)).collect();
            let vectors: Vec<[f32; 2]> = angles.iter().map(|angle| [angle.cos(), angle.sin()]).collect();
            let vectors: Vec<&[f32]> = vectors.iter().take(parts.len()).map(|vector| vector.as_slice()).collect();
            let chosen = diversify(&mut parts, &vectors, diversity, limit, &|| Ok(())).unwrap();
            prop_assert_eq!(chosen.len(), limit.min(scores.len()));
            let mut distinct = chosen.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), chosen.len());
            let totals: Vec<f32> = chosen.iter().map(|place| parts[*place].total()).collect();
            prop_assert!(totals.is_sorted_by(|a, b| a + 1e-6 >= *b), "{:?}", totals);
        }
    }
}
