//! The nearest neighbors of every vector of a collection.

/// What stands where a vector has fewer neighbors.
const NONE: u32 = u32::MAX;

/// For each vector of a collection, its nearest others, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NeighborLists {
    k: usize,
    vectors: usize,
    /// `k` for each vector; those at the end can be [`NONE`].
    rows: Vec<u32>,
    /// Their cosines.
    scores: Vec<f32>,
}

impl NeighborLists {
    /// Lists that are still empty, of at most `k` neighbors for each of so many vectors.
    pub(super) fn without_neighbors(k: usize, vectors: usize) -> NeighborLists {
        NeighborLists { k, vectors, rows: vec![NONE; k * vectors], scores: vec![0.0; k * vectors] }
    }

    /// Sets the list of a vector: at most `k` neighbors with their cosines, best first.
    pub(super) fn set(&mut self, vector: usize, list: impl Iterator<Item = (u32, f32)>) {
        for (place, (row, score)) in (vector * self.k..(vector + 1) * self.k).zip(list) {
            self.rows[place] = row;
            self.scores[place] = score;
        }
    }

    /// Collects lists of at most `k` neighbors, each with its cosine, best first: one list a vector.
    pub fn from_lists(k: usize, lists: impl Iterator<Item = Vec<(u32, f32)>>) -> NeighborLists {
        let lists: Vec<Vec<(u32, f32)>> = lists.collect();
        let mut neighbors = NeighborLists::without_neighbors(k, lists.len());
        for (vector, list) in lists.into_iter().enumerate() {
            neighbors.set(vector, list.into_iter());
        }
        neighbors
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.vectors
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vectors == 0
    }

    /// How many neighbors a vector has at most.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The neighbors of a vector with their cosines, best first.
    pub fn of(&self, vector: usize) -> impl Iterator<Item = (u32, f32)> {
        let place = vector * self.k..(vector + 1) * self.k;
        let rows = self.rows[place.clone()].iter().zip(&self.scores[place]);
        rows.take_while(|(row, _)| **row != NONE).map(|(row, score)| (*row, *score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_at_k_and_may_be_shorter() {
        let lists = [vec![(1, 0.9), (2, 0.5), (3, 0.1)], vec![(0, 0.9)], vec![]];
        let lists = NeighborLists::from_lists(2, lists.into_iter());
        let of = |vector| lists.of(vector).collect::<Vec<_>>();
        assert_eq!((lists.len(), lists.k()), (3, 2));
        assert_eq!((of(0), of(1), of(2)), (vec![(1, 0.9), (2, 0.5)], vec![(0, 0.9)], vec![]));
        assert!(NeighborLists::from_lists(2, std::iter::empty()).is_empty());
        assert_eq!(NeighborLists::from_lists(0, [vec![]].into_iter()).of(0).count(), 0);
    }
}
