//! How embeddings are spread around their mean.

use crate::vector::{EmbeddingMatrix, dot, dot_with_each};

/// How many times the mean variance is added to the variance in every direction. The covariance of a thousand papers is
/// noisy, and with less of it a contrast looks at directions that tell nothing: `docs/evaluation.md`.
const COVARIANCE_SHRINKAGE: f32 = 10.0;

/// Mean and covariance of vectors, the covariance shrunk towards that of a ball.
///
/// What two vectors have in common beyond what is usual is the dot product of both once they are
/// [whitened](Whitening::whiten): the score of Fisher's linear discriminant between the one and all vectors.
#[derive(Debug, Clone)]
pub(super) struct Whitening {
    mean: Vec<f32>,
    /// The Cholesky factor of the covariance, row after row.
    cholesky: Vec<f32>,
}

impl Whitening {
    /// That of some vectors.
    pub(super) fn fit(vectors: &EmbeddingMatrix) -> Whitening {
        let (dimension, count) = (vectors.dimension(), vectors.len().max(1));
        let mut mean = vec![0.0; dimension];
        vectors.rows().for_each(|row| mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x / count as f32));
        // Column after column, so that a covariance is a dot product.
        let mut columns = vec![0.0; dimension * count];
        for (place, row) in vectors.rows().enumerate() {
            for (column, (x, mean)) in row.iter().zip(&mean).enumerate() {
                columns[column * count + place] = x - mean;
            }
        }
        let column = |column: usize| &columns[column * count..][..count];
        let variance = |at: usize| dot(column(at), column(at)) / count as f32;
        let usual = (0..dimension).map(variance).sum::<f32>() / dimension.max(1) as f32;
        let ball = if usual > 0.0 { COVARIANCE_SHRINKAGE * usual } else { 1.0 };
        let mut factor = vec![0.0; dimension * dimension];
        for row in 0..dimension {
            let (above, this) = factor.split_at_mut(row * dimension);
            for at in 0..=row {
                let covariance = dot(column(row), column(at)) / count as f32;
                if at == row {
                    this[at] = (covariance + ball - dot(&this[..at], &this[..at])).sqrt();
                } else {
                    let other = &above[at * dimension..][..=at];
                    this[at] = (covariance - dot(&this[..at], &other[..at])) / other[at];
                }
            }
        }
        Whitening { mean, cholesky: factor }
    }

    /// The mean, and the Cholesky factor of the covariance, row after row.
    pub(super) fn numbers(&self) -> (&[f32], &[f32]) {
        (&self.mean, &self.cholesky)
    }

    /// That of these [numbers](Whitening::numbers); `None` if they do not fit each other.
    pub(super) fn from_numbers(mean: Vec<f32>, cholesky: Vec<f32>) -> Option<Whitening> {
        (mean.len().checked_mul(mean.len()) == Some(cholesky.len())).then_some(Whitening { mean, cholesky })
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.cholesky[row * self.mean.len()..][..=row]
    }

    /// The mean.
    pub(super) fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// A vector's difference from the mean, in a space where all directions vary alike.
    pub(super) fn whiten(&self, vector: &[f32]) -> Vec<f32> {
        let mut white = Vec::with_capacity(vector.len());
        for (at, (x, mean)) in vector.iter().zip(&self.mean).enumerate() {
            let row = self.row(at);
            white.push((x - mean - dot(&row[..at], &white)) / row[at]);
        }
        white
    }

    /// [`Whitening::whiten`] of each of some vectors. Four go together: the factor is read once for them.
    pub(super) fn whiten_all(&self, vectors: &[&[f32]]) -> Vec<Vec<f32>> {
        let (fours, rest) = vectors.as_chunks::<4>();
        let mut all = Vec::with_capacity(vectors.len());
        for four in fours {
            let mut white = four.map(|vector| Vec::with_capacity(vector.len()));
            for (at, mean) in self.mean.iter().enumerate() {
                let row = self.row(at);
                let known = dot_with_each(&row[..at], white.each_ref().map(Vec::as_slice));
                for ((white, vector), known) in white.iter_mut().zip(four).zip(known) {
                    white.push((vector[at] - mean - known) / row[at]);
                }
            }
            all.extend(white);
        }
        all.extend(rest.iter().map(|vector| self.whiten(vector)));
        all
    }

    /// The direction whose dot products with vectors are those of this whitened one with the whitened vectors, but for
    /// a number that is the same for all.
    pub(super) fn unwhiten(&self, mut white: Vec<f32>) -> Vec<f32> {
        for at in (0..white.len()).rev() {
            let row = self.row(at);
            white[at] /= row[at];
            let known = white[at];
            white[..at].iter_mut().zip(row).for_each(|(left, factor)| *left -= known * factor);
        }
        white
    }
}

/// Where embeddings stand out.
pub(super) struct LinearDiscriminant {
    direction: Vec<f32>,
    /// What an ordinary paper has of it.
    background_score: f32,
}

impl LinearDiscriminant {
    /// That of a [whitened](Whitening::whiten) vector.
    pub(super) fn from_whitened(spread: &Whitening, white: Vec<f32>) -> LinearDiscriminant {
        let direction = spread.unwhiten(white);
        LinearDiscriminant { background_score: dot(&direction, spread.mean()), direction }
    }

    /// How much a vector has of it beyond what is usual.
    pub(super) fn score(&self, vector: &[f32]) -> f32 {
        dot(&self.direction, vector) - self.background_score
    }

    /// The length of the direction.
    pub(super) fn norm(&self) -> f32 {
        dot(&self.direction, &self.direction).sqrt()
    }

    /// A unit vector of it; `None` if it is nowhere.
    pub(super) fn unit_direction(&self) -> Option<Vec<f32>> {
        let norm = self.norm();
        (norm > 0.0).then(|| self.direction.iter().map(|x| x / norm).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::Embedding;
    use proptest::prelude::*;

    fn vectors() -> impl Strategy<Value = EmbeddingMatrix> {
        let one = proptest::collection::vec(-1.0f32..1.0, 6).prop_filter_map("zero", Embedding::normalize);
        proptest::collection::vec(one, 1..30).prop_map(|all| {
            let mut vectors = EmbeddingMatrix::with_capacity(6, all.len());
            all.iter().for_each(|one| vectors.push(one));
            vectors
        })
    }

    proptest! {
        #[test]
        fn a_direction_is_its_whitened_products(vectors in vectors()) {
            let spread = Whitening::fit(&vectors);
            let white: Vec<Vec<f32>> = vectors.rows().map(|row| spread.whiten(row)).collect();
            prop_assert_eq!(&spread.whiten_all(&vectors.rows().collect::<Vec<_>>()), &white);
            let direction = spread.unwhiten(white[0].clone());
            let offset = dot(&direction, &spread.mean);
            for (row, other) in vectors.rows().zip(&white) {
                let (one, other) = (dot(&direction, row) - offset, dot(&white[0], other));
                prop_assert!((one - other).abs() < 1e-3 * (1.0 + other.abs()), "{one} {other}");
            }
        }

        #[test]
        fn the_mean_is_white_nothing(vectors in vectors()) {
            let spread = Whitening::fit(&vectors);
            prop_assert!(spread.whiten(&spread.mean.clone()).iter().all(|x| x.abs() < 1e-5));
        }
    }

    #[test]
    fn what_varies_much_counts_less() {
        let mut vectors = EmbeddingMatrix::with_capacity(2, 4);
        for (x, y) in [(1.0, 0.1), (-1.0, 0.1), (1.0, -0.1), (-1.0, -0.1)] {
            vectors.push(&Embedding::normalize(vec![x, y]).unwrap());
        }
        let spread = Whitening::fit(&vectors);
        let (wide, narrow) = (spread.whiten(&[0.5, 0.0]), spread.whiten(&[0.0, 0.5]));
        assert!(dot(&wide, &wide) < dot(&narrow, &narrow));
    }
}
