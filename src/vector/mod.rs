//! Unit vectors and their dot products.

mod code_dot;
mod codes;
mod dot;
mod rows;

pub use code_dot::code_dot;
pub use codes::{CACHE_LINE, Quantizer, QueryCode, padded_len};
pub(crate) use codes::{RowEncoder, largest_number};
pub use dot::dot;
pub(crate) use dot::{add_scaled, dot_matrix, dot_with_each, dots, prefetch};
pub(crate) use rows::key_position;
pub use rows::{RowBitmap, RowId};

/// A sentence embedding: finite, of length 1, so a cosine is a [`dot`] product.
///
/// ```
/// use paperkin::Embedding;
///
/// let a = Embedding::normalize(vec![3.0, 4.0]).unwrap();
/// assert_eq!(a.as_slice(), [0.6, 0.8]);
/// assert!((a.cosine(&a) - 1.0).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

impl Embedding {
    /// The vector scaled to length 1. `None` when it is empty, zero or not finite.
    ///
    /// ```
    /// use paperkin::Embedding;
    ///
    /// assert!(Embedding::normalize(vec![0.0, 0.0]).is_none());
    /// assert!(Embedding::normalize(vec![f32::NAN, 1.0]).is_none());
    /// ```
    pub fn normalize(mut vector: Vec<f32>) -> Option<Embedding> {
        let norm = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        if !norm.is_normal() {
            return None;
        }
        vector.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        Some(Embedding(vector.into()))
    }

    /// A copy of a row of [`EmbeddingMatrix`], which has length 1 already.
    pub(crate) fn from_unit_slice(row: &[f32]) -> Embedding {
        Embedding(row.into())
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// How many there are.
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// Cosine similarity, -1 to 1. Both must come from one model.
    pub fn cosine(&self, other: &Embedding) -> f32 {
        dot(&self.0, &other.0)
    }
}

/// Whether numbers are finite and have length 1.
pub(crate) fn is_unit_vector(numbers: &[f32]) -> bool {
    // Of numbers that are not finite, the product is not either.
    (dot(numbers, numbers) - 1.0).abs() < 1e-3
}

/// What is wrong with numbers that should be a unit vector of a dimension; `None` if they are one.
pub(crate) fn vector_error(numbers: &[f32], dimension: usize) -> Option<String> {
    if numbers.len() != dimension {
        return Some(format!("the vector has {} numbers, not {dimension}", numbers.len()));
    }
    if numbers.iter().any(|number| !number.is_finite()) {
        return Some("the vector has a number that is not finite".to_owned());
    }
    let length = dot(numbers, numbers).sqrt();
    (!is_unit_vector(numbers)).then(|| format!("the vector has length {length:.3}, not 1"))
}

/// Rows of unit vectors of one dimension, in one piece of memory.
///
/// ```
/// use paperkin::Embedding;
/// use paperkin::vector::EmbeddingMatrix;
///
/// let mut matrix = EmbeddingMatrix::with_capacity(2, 1);
/// matrix.push(&Embedding::normalize(vec![0.0, 2.0]).unwrap());
/// assert_eq!((matrix.len(), matrix.row(0)), (1, &[0.0, 1.0][..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingMatrix {
    dimension: usize,
    values: Vec<f32>,
}

impl EmbeddingMatrix {
    /// No rows yet, room for `rows`.
    pub fn with_capacity(dimension: usize, rows: usize) -> EmbeddingMatrix {
        EmbeddingMatrix { dimension, values: Vec::with_capacity(dimension * rows) }
    }

    /// Rows of little-endian f32, as `paperkin embed` writes them. The error says which row is no unit vector.
    ///
    /// ```
    /// use paperkin::vector::EmbeddingMatrix;
    ///
    /// let bytes: Vec<u8> = [0.6f32, 0.8].iter().flat_map(|x| x.to_le_bytes()).collect();
    /// assert_eq!(EmbeddingMatrix::from_le_bytes(2, &bytes).unwrap().row(0), [0.6, 0.8]);
    /// assert!(EmbeddingMatrix::from_le_bytes(3, &bytes).is_err());
    /// ```
    pub fn from_le_bytes(dimension: usize, bytes: &[u8]) -> Result<EmbeddingMatrix, String> {
        let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
        let mut vectors = EmbeddingMatrix::with_capacity(dimension, numbers.len() / dimension.max(1));
        for (row, numbers) in numbers.chunks(dimension.max(1)).enumerate() {
            if !vectors.push_unit(numbers) {
                return Err(format!("row {row} is not a unit vector of {dimension} dimensions"));
            }
        }
        Ok(vectors)
    }

    /// Makes room for so many more rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.values.reserve(self.dimension * rows);
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If its dimension is another one.
    pub fn push(&mut self, embedding: &Embedding) {
        assert_eq!(embedding.dimension(), self.dimension, "one dimension for all rows");
        self.values.extend_from_slice(embedding.as_slice());
    }

    /// Adds a row of numbers if they are a unit vector of the right dimension, and says whether they are.
    pub fn push_unit(&mut self, numbers: &[f32]) -> bool {
        let unit = numbers.len() == self.dimension && is_unit_vector(numbers);
        if unit {
            self.values.extend_from_slice(numbers);
        }
        unit
    }

    /// Puts the rows in another order: the row at a place is then the one that `order` has there. It takes no second copy
    /// of the rows.
    ///
    /// # Panics
    /// If `order` does not have every row once.
    ///
    /// ```
    /// use paperkin::vector::EmbeddingMatrix;
    ///
    /// let mut matrix = EmbeddingMatrix::with_capacity(2, 3);
    /// for row in [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]] {
    ///     matrix.push_unit(&row);
    /// }
    /// matrix.reorder(&[2, 0, 1]);
    /// assert_eq!(matrix.rows().collect::<Vec<_>>(), [[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]]);
    /// ```
    pub fn reorder(&mut self, order: &[u32]) {
        assert_eq!(order.len(), self.len(), "a place for each row");
        let mut is_placed = vec![false; order.len()];
        for start in 0..order.len() {
            // Around a cycle of rows, each is swapped with the one that belongs in its place.
            let mut place = start;
            while !is_placed[place] {
                is_placed[place] = true;
                let row = order[place] as usize;
                if row == start {
                    break;
                }
                assert!(!is_placed[row], "every row once");
                self.swap_rows(place, row);
                place = row;
            }
        }
    }

    fn swap_rows(&mut self, one: usize, other: usize) {
        let [first, second] = [one.min(other), one.max(other)].map(|row| row * self.dimension);
        let (before, after) = self.values.split_at_mut(second);
        before[first..][..self.dimension].swap_with_slice(&mut after[..self.dimension]);
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.dimension).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Numbers in a row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// A matrix of these numbers, row after row; `None` when a row is no unit vector.
    pub(crate) fn from_units(dimension: usize, values: Vec<f32>) -> Option<EmbeddingMatrix> {
        let is_whole = values.is_empty() || (dimension > 0 && values.len().is_multiple_of(dimension));
        let is_sound = is_whole && values.chunks(dimension.max(1)).all(|row| vector_error(row, dimension).is_none());
        is_sound.then_some(EmbeddingMatrix { dimension, values })
    }

    /// The numbers of all rows, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.dimension..][..self.dimension]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.values.chunks_exact(self.dimension.max(1))
    }

    /// A copy of one row.
    pub fn embedding(&self, row: usize) -> Embedding {
        Embedding::from_unit_slice(self.row(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directions_become_embeddings() {
        for bad in [vec![], vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0]] {
            assert_eq!(Embedding::normalize(bad), None);
        }
        let unit = Embedding::normalize(vec![3.0, 4.0]).unwrap();
        assert_eq!(unit.as_slice(), [0.6, 0.8]);
        assert!(Embedding::normalize(vec![f32::MAX, f32::MAX]).is_some());
    }

    #[test]
    fn vectors_that_are_no_unit_vectors() {
        for (numbers, error) in [
            (&[0.6, 0.8][..], None),
            (&[0.6], Some("the vector has 1 numbers, not 2")),
            (&[f32::NAN, 0.0], Some("the vector has a number that is not finite")),
            (&[0.0, f32::INFINITY], Some("the vector has a number that is not finite")),
            (&[3.0, 4.0], Some("the vector has length 5.000, not 1")),
            (&[0.0, 0.0], Some("the vector has length 0.000, not 1")),
        ] {
            assert_eq!(vector_error(numbers, 2).as_deref(), error, "{numbers:?}");
        }
    }

    #[test]
    fn rows_come_back_from_bytes() {
        let bytes: Vec<u8> = [1.0f32, 0.0, 0.6, 0.8].iter().flat_map(|x| x.to_le_bytes()).collect();
        let vectors = EmbeddingMatrix::from_le_bytes(2, &bytes).unwrap();
        assert_eq!((vectors.len(), vectors.row(1)), (2, &[0.6, 0.8][..]));
        assert_eq!(
            EmbeddingMatrix::from_le_bytes(4, &bytes).unwrap_err(),
            "row 0 is not a unit vector of 4 dimensions"
        );
        assert!(EmbeddingMatrix::from_le_bytes(2, &bytes[..12]).is_err());
        assert!(EmbeddingMatrix::from_le_bytes(2, &[]).unwrap().is_empty());
    }
}
