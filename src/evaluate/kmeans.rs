//! Spherical k-means: the interests of a history.

use crate::linear_model::{SparseFeatures, mean};
use crate::random::SplitMix64;
use crate::vector::dot;

/// Rounds after which the clusters are taken as they are; most settle within ten.
const MAX_ITERATIONS: usize = 20;

/// Up to `k` unit vectors, each the mean of the unit vectors that are nearest to it, beginning with vectors far from each
/// other (k-means++, Arthur and Vassilvitskii 2007).
///
/// ```
/// let vectors: [&[f32]; 3] = [&[1.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]];
/// assert_eq!(paperkin::evaluate::kmeans_centroids(&vectors, 2, 1).len(), 2);
/// ```
pub fn kmeans_centroids(vectors: &[&[f32]], k: usize, seed: u64) -> Vec<Vec<f64>> {
    let Some(dimension) = vectors.first().map(|vector| vector.len()) else { return Vec::new() };
    let mut centroids = kmeans_plus_plus(vectors, k, seed);
    let mut before = Vec::new();
    for _ in 0..MAX_ITERATIONS {
        let rounded = rounded(&centroids);
        let nearest: Vec<usize> = vectors.iter().map(|vector| nearest(vector, &rounded)).collect();
        if nearest == before {
            break;
        }
        for (cluster, centroid) in centroids.iter_mut().enumerate() {
            let members = vectors.iter().zip(&nearest).filter(|(_, nearest)| **nearest == cluster);
            let mut members = members.map(|(vector, _)| vector).peekable();
            if members.peek().is_some() {
                *centroid = mean(members, dimension);
            }
        }
        before = nearest;
    }
    centroids
}

fn kmeans_plus_plus(vectors: &[&[f32]], k: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut random = SplitMix64::new(seed);
    let mut chosen = random.below(vectors.len());
    let mut centroids: Vec<Vec<f64>> = Vec::new();
    let mut distances = vec![f64::INFINITY; vectors.len()];
    loop {
        let centroid: Vec<f64> = vectors[chosen].iter().map(|x| f64::from(*x)).collect();
        for (distance, vector) in distances.iter_mut().zip(vectors) {
            *distance = distance.min((1.0 - vector.dot(&centroid)).max(0.0));
        }
        centroids.push(centroid);
        let sum: f64 = distances.iter().sum();
        if centroids.len() >= k || sum < 1e-6 {
            return centroids;
        }
        let mut left = random.unit() * sum;
        let passed = |distance: &f64| {
            left -= distance;
            left < 0.0
        };
        chosen = distances.iter().position(passed).unwrap_or(vectors.len() - 1);
    }
}

/// Centroids in the precision of the vectors, which are compared with them much faster so.
fn rounded(centroids: &[Vec<f64>]) -> Vec<Vec<f32>> {
    centroids.iter().map(|centroid| centroid.iter().map(|x| *x as f32).collect()).collect()
}

/// The place of the centroid that a vector is most similar to.
fn nearest(vector: &[f32], centroids: &[Vec<f32>]) -> usize {
    let similarity = |place: &usize| dot(vector, &centroids[*place]);
    (0..centroids.len()).max_by(|a, b| similarity(a).total_cmp(&similarity(b)).then(b.cmp(a))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directions_are_found() {
        let vectors: [&[f32]; 5] = [&[1.0, 0.0], &[0.8, 0.6], &[0.0, -1.0], &[0.6, 0.8], &[-0.6, -0.8]];
        for seed in 0..5 {
            let found = kmeans_centroids(&vectors, 2, seed);
            let found = rounded(&found);
            let near: Vec<usize> = vectors.iter().map(|vector| nearest(vector, &found)).collect();
            assert_eq!((near[0] == near[1], near[1] == near[3], near[2] == near[4]), (true, true, true), "{near:?}");
            assert_ne!(near[0], near[2]);
        }
    }

    #[test]
    fn as_many_as_there_can_be() {
        assert_eq!(kmeans_centroids(&[], 3, 1), Vec::<Vec<f64>>::new());
        let same: [&[f32]; 3] = [&[1.0, 0.0]; 3];
        assert_eq!(kmeans_centroids(&same, 3, 1), [[1.0, 0.0]]);
    }
}
