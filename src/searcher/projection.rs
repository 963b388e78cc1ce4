//! Papers in the plane: a projection of their embeddings.

use super::Searcher;
use crate::error::Result;
use crate::paper::PaperId;
use crate::vector::dot;

/// Iterations of the power method: enough for a picture.
const POWER_ITERATIONS: usize = 50;

/// Coordinates of papers in the unit square, in their order: their embeddings on the two axes along which these papers
/// vary most (principal component analysis, Pearson 1901). A paper that is not in the library is in the center.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(crate) fn project(searcher: &Searcher<'_>, ids: &[PaperId]) -> Result<Vec<[f32; 2]>> {
    let snapshot = &searcher.snapshot;
    let mut vectors: Vec<Option<Vec<f32>>> = Vec::with_capacity(ids.len());
    for id in ids {
        let row = searcher.library.lookup(id)?.and_then(|stored| snapshot.row(stored.key));
        vectors.push(row.map(|row| snapshot.vector(row).map(<[f32]>::to_vec)).transpose()?);
    }
    let known: Vec<&Vec<f32>> = vectors.iter().flatten().collect();
    let dimension = known.first().map_or(0, |vector| vector.len());
    let mut mean = vec![0.0; dimension];
    for vector in &known {
        mean.iter_mut().zip(*vector).for_each(|(mean, x)| *mean += x / known.len() as f32);
    }
    let centered = |vector: &Vec<f32>| -> Vec<f32> { vector.iter().zip(&mean).map(|(x, mean)| x - mean).collect() };
    let points: Vec<Vec<f32>> = known.into_iter().map(centered).collect();
    let first = principal_axis(&points, None);
    let second = principal_axis(&points, Some(&first));
    let mut places: Vec<Option<[f32; 2]>> = vectors
        .iter()
        .map(|vector| vector.as_ref().map(centered).map(|point| [dot(&point, &first), dot(&point, &second)]))
        .collect();
    for side in 0..2 {
        let values: Vec<f32> = places.iter().flatten().map(|place| place[side]).collect();
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let range = values.iter().copied().fold(f32::NEG_INFINITY, f32::max) - low;
        for place in places.iter_mut().flatten() {
            place[side] = if range > 1e-6 { (place[side] - low) / range } else { 0.5 };
        }
    }
    Ok(places.into_iter().map(|place| place.unwrap_or([0.5, 0.5])).collect())
}

/// The direction in which points differ most, at right angles to another one.
fn principal_axis(points: &[Vec<f32>], other: Option<&[f32]>) -> Vec<f32> {
    let Some(mut axis) = points.first().cloned() else { return Vec::new() };
    // Any direction that is not at right angles to all points will do.
    axis.iter_mut().zip(0..).for_each(|(x, at)| *x += 1e-3 * (1.0 + (at % 7) as f32));
    for _ in 0..POWER_ITERATIONS {
        let mut next = vec![0.0; axis.len()];
        for point in points {
            let along = dot(point, &axis);
            next.iter_mut().zip(point).for_each(|(next, x)| *next += along * x);
        }
        if let Some(other) = other {
            let along = dot(&next, other);
            next.iter_mut().zip(other).for_each(|(next, x)| *next -= along * x);
        }
        let norm = dot(&next, &next).sqrt();
        if norm < 1e-12 {
            break;
        }
        axis = next.into_iter().map(|x| x / norm).collect();
    }
    axis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_of_most_difference() {
        let points: Vec<Vec<f32>> = [[5.0, 0.1, 0.0], [-5.0, 0.0, 0.1], [0.0, 2.0, 0.0], [0.0, -2.1, -0.1]]
            .map(|point| point.to_vec())
            .to_vec();
        let first = principal_axis(&points, None);
        let second = principal_axis(&points, Some(&first));
        assert!(first[0].abs() > 0.99 && second[1].abs() > 0.99, "{first:?} {second:?}");
        assert!(principal_axis(&[], None).is_empty());
    }
}
