//! Many queries at once, each compared with all vectors: half of [all pairs](super).

use std::ops::Range;

use rayon::prelude::*;

use super::codes::{CodeScale, RowCodes};
use super::lists::{self, BlockLists};
use super::thresholds::{ColumnThresholds, Hit, RowThresholds, find_hits};
use super::{AHEAD, BLOCK, MOST_HITS};
use crate::index::NeighborLists;
use crate::kernels::{Cpu, PANEL, PackedPanels, gemm};
use crate::vector::{EmbeddingMatrix, dot, prefetch};

/// The threshold of a vector of the index, which has no list: above every product.
const NEVER: i32 = i32::MAX / 4;

/// Vectors that many queries at a time are compared with, exactly.
///
/// ```
/// use paperkin::index::BatchIndex;
/// use paperkin::vector::{Embedding, EmbeddingMatrix};
///
/// let matrix = |rows: &[[f32; 2]]| {
///     let mut vectors = EmbeddingMatrix::with_capacity(2, rows.len());
///     rows.iter().for_each(|row| vectors.push(&Embedding::normalize(row.to_vec()).unwrap()));
///     vectors
/// };
/// let index = BatchIndex::new(matrix(&[[1.0, 0.0], [0.0, 1.0]]));
/// let nearest = index.nearest(&matrix(&[[0.1, 1.0], [1.0, 0.1]]), 1);
/// assert_eq!(nearest.of(0).map(|(row, _)| row).collect::<Vec<_>>(), [1]);
/// ```
pub struct BatchIndex {
    cpu: Cpu,
    vectors: EmbeddingMatrix,
    /// With their scale; `None` without vectors.
    codes: Option<(CodeScale, RowCodes)>,
}

impl BatchIndex {
    /// Makes the codes.
    ///
    /// # Panics
    /// If there are 2³² vectors or more, or some of more than 4096 numbers.
    pub fn new(vectors: EmbeddingMatrix) -> BatchIndex {
        BatchIndex::with_cpu(Cpu::detect(), vectors)
    }

    /// The same with the instructions of `cpu`, which must be here.
    pub(super) fn with_cpu(cpu: Cpu, vectors: EmbeddingMatrix) -> BatchIndex {
        let coded = || {
            let scale = CodeScale::new(cpu, &vectors);
            (scale, RowCodes::new(scale, &vectors, &all_rows(&vectors)))
        };
        let codes = (!vectors.is_empty()).then(coded);
        BatchIndex { cpu, vectors, codes }
    }

    /// The `k` vectors nearest to each query, best first; of equal ones the smaller row comes first.
    ///
    /// # Panics
    /// If the queries have another dimension.
    pub fn nearest(&self, queries: &EmbeddingMatrix, k: usize) -> NeighborLists {
        let places = k.min(self.vectors.len());
        let Some((scale, codes)) = self.codes.as_ref().filter(|_| places > 0 && !queries.is_empty()) else {
            return NeighborLists::without_neighbors(k, queries.len());
        };
        assert_eq!(queries.dimension(), self.vectors.dimension(), "one dimension for all vectors");
        let order = all_rows(queries);
        let query_codes = RowCodes::new(*scale, queries, &order);
        let share = queries.len().div_ceil(rayon::current_num_threads());
        let size = share.next_multiple_of(PANEL).min(BLOCK);
        let blocks: Vec<Range<usize>> =
            (0..queries.len()).step_by(size).map(|start| start..queries.len().min(start + size)).collect();
        let of_block = |block: Range<usize>| {
            let queries = QueryBlock { queries, codes: &query_codes, lists: BlockLists::new(block.clone(), places) };
            self.of_block(codes, queries, block)
        };
        let lists: Vec<BlockLists> = blocks.into_par_iter().map(of_block).collect();
        lists::neighbors(&lists, &order, k)
    }

    /// Compares a block of queries with all vectors, block by block.
    fn of_block(&self, codes: &RowCodes, mut queries: QueryBlock<'_>, block: Range<usize>) -> BlockLists {
        let (mut panels, mut hits) = (PackedPanels::default(), Vec::new());
        let (mut columns, mut rows) = (ColumnThresholds::default(), RowThresholds::default());
        queries.codes.pack(block.clone(), &mut panels);
        for start in (0..self.vectors.len()).step_by(BLOCK) {
            let places = start..self.vectors.len().min(start + BLOCK);
            columns.fill(queries.codes, block.clone(), queries.lists.thresholds());
            rows.fill(codes, places.clone(), &[NEVER; BLOCK][..places.len()]);
            gemm(self.cpu, codes.words(), places.clone(), &panels, |tile| {
                find_hits(&tile, &columns, &rows, (places.start, block.start), &mut hits);
                if hits.len() >= MOST_HITS {
                    queries.compare(&self.vectors, &mut hits);
                }
            });
            queries.compare(&self.vectors, &mut hits);
        }
        queries.lists
    }
}

/// Some queries, and their lists.
struct QueryBlock<'a> {
    queries: &'a EmbeddingMatrix,
    codes: &'a RowCodes,
    lists: BlockLists,
}

impl QueryBlock<'_> {
    /// Compares pairs by their vectors, offers each to the list of the query, and forgets them.
    fn compare(&mut self, vectors: &EmbeddingMatrix, hits: &mut Vec<Hit>) {
        let scored = hits.iter().enumerate().map(|(at, hit)| {
            if let Some(later) = hits.get(at + AHEAD) {
                prefetch(vectors.row(later.row as usize));
            }
            let score = dot(self.queries.row(hit.column as usize), vectors.row(hit.row as usize));
            (hit.column, hit.row, score)
        });
        self.lists.offer(self.codes, scored);
        hits.clear();
    }
}

fn all_rows(vectors: &EmbeddingMatrix) -> Vec<u32> {
    (0..vectors.len() as u32).collect()
}
