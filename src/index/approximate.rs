//! The nearest neighbors of every vector, most of them: by a graph, whose time grows hardly faster than the number of
//! vectors, where that of comparing all pairs grows with its square.

use rayon::prelude::*;

use super::{HnswGraph, NeighborLists, PairState, SOURCE_ID_LEN, WorkWatcher, flat};
use crate::vector::{EmbeddingMatrix, RowId};

/// Rows whose lists are compared with exact ones.
const AUDITED: usize = 400;
/// Rows between two looks at the watcher.
const CHUNK: usize = 1024;

/// Neighbor lists with their recall.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproximateNeighbors {
    /// The lists.
    pub lists: NeighborLists,
    /// The share of the true neighbors that the audited lists have: 0 to 1.
    pub recall: f32,
    /// How many lists were compared with exact ones.
    pub audited: usize,
}

/// About the `k` nearest others of every row, from a graph that is built for them: the same vectors in the same order give
/// the same lists. The watcher hears of rows as they are linked and as they are looked up, half a row each. `None` when it
/// stopped the work.
///
/// ```
/// use paperkin::index::approximate_nearest;
/// use paperkin::vector::{Embedding, EmbeddingMatrix};
///
/// let mut vectors = EmbeddingMatrix::with_capacity(2, 3);
/// for numbers in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] {
///     vectors.push(&Embedding::normalize(numbers.to_vec()).unwrap());
/// }
/// let found = approximate_nearest(&vectors, 1, &|_: usize| {}).unwrap();
/// assert_eq!((found.recall, found.audited), (1.0, 3));
/// ```
pub fn approximate_nearest(
    vectors: &EmbeddingMatrix,
    k: usize,
    watcher: &dyn WorkWatcher<PairState>,
) -> Option<ApproximateNeighbors> {
    if vectors.is_empty() || k == 0 {
        let lists = NeighborLists::without_neighbors(k, vectors.len());
        return Some(ApproximateNeighbors { lists, recall: 1.0, audited: 0 });
    }
    let keys: Vec<i64> = (0..vectors.len() as i64).collect();
    let graph = HnswGraph::build(&keys, vectors, [0; SOURCE_ID_LEN], &|rows| watcher.advance(rows / 2));
    let ef = graph.ef().max(2 * k);
    let list = |row: usize| {
        // The row itself is among them.
        let hits = graph.nearest(vectors.row(row), k + 1, ef, None).expect("a graph in memory is not damaged");
        let others = hits.into_iter().filter(|hit| hit.row.index() != row).take(k);
        others.map(|hit| (hit.row.0, hit.score)).collect::<Vec<_>>()
    };
    let rows: Vec<usize> = (0..vectors.len()).collect();
    let of_chunk = |chunk: &[usize]| {
        if watcher.is_canceled() {
            return Vec::new();
        }
        watcher.advance(chunk.len() / 2);
        chunk.iter().map(|row| list(*row)).collect()
    };
    let lists: Vec<Vec<(u32, f32)>> = rows.par_chunks(CHUNK).flat_map_iter(of_chunk).collect();
    if watcher.is_canceled() {
        return None;
    }
    let lists = NeighborLists::from_lists(k, lists.into_iter());
    let sample: Vec<usize> = (0..vectors.len()).step_by(vectors.len().div_ceil(AUDITED)).collect();
    let found: f32 = sample.par_iter().map(|row| share_found(&graph, vectors, &lists, *row)).sum();
    Some(ApproximateNeighbors { lists, recall: found / sample.len() as f32, audited: sample.len() })
}

/// The share of the true neighbors of a row that its list has. One as near as the farthest of them is as good.
fn share_found(graph: &HnswGraph, vectors: &EmbeddingMatrix, lists: &NeighborLists, row: usize) -> f32 {
    let wanted = lists.k().min(vectors.len() - 1);
    let is_other = |other: RowId| other.index() != row;
    let exact =
        flat::nearest(graph, vectors.row(row), wanted, Some(&is_other)).expect("a graph in memory is not damaged");
    let farthest = exact.last().map_or(f32::NEG_INFINITY, |hit| hit.score);
    let found = lists.of(row).filter(|(_, score)| *score >= farthest).count().min(wanted);
    found as f32 / wanted.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::all_nearest;
    use crate::random::SplitMix64;
    use crate::vector::Embedding;

    #[test]
    fn most_neighbors_are_found_and_the_recall_says_how_many() {
        let mut random = SplitMix64::new(3);
        let mut vectors = EmbeddingMatrix::with_capacity(16, 3_000);
        for _ in 0..3_000 {
            let numbers = (0..16).map(|_| random.unit() as f32 - 0.5).collect();
            vectors.push(&Embedding::normalize(numbers).unwrap());
        }
        let exact = all_nearest(&vectors, 10, &|_| {});
        let ApproximateNeighbors { lists, recall, audited } =
            approximate_nearest(&vectors, 10, &|_: usize| {}).unwrap();
        let is_found = |row: usize| {
            let list: Vec<u32> = lists.of(row).map(|(other, _)| other).collect();
            assert!(list.len() == 10 && !list.contains(&(row as u32)));
            exact.of(row).filter(|(other, _)| list.contains(other)).count()
        };
        let share = (0..3_000).map(is_found).sum::<usize>() as f32 / 30_000.0;
        assert!(share > 0.95 && (share - recall).abs() < 0.02 && audited == 375, "{share} {recall} {audited}");
    }

    #[test]
    fn few_rows_have_the_neighbors_that_there_are() {
        let mut vectors = EmbeddingMatrix::with_capacity(2, 2);
        assert_eq!(approximate_nearest(&vectors, 3, &|_: usize| {}).unwrap().lists.len(), 0);
        vectors.push(&Embedding::normalize(vec![1.0, 0.0]).unwrap());
        let found = approximate_nearest(&vectors, 3, &|_: usize| {}).unwrap();
        assert_eq!(found.lists.of(0).count(), 0);
    }
}
