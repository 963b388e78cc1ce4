//! The nearest neighbors of every vector, exactly: as if all vectors had been compared with all others.
//!
//! Every pair is compared once, by codes of 8 bits, and offered to both sides. The similarity of codes is off by no more
//! than a known error, so a pair that could enter neither list is left out; the others, a few for each vector, are
//! compared by their vectors. Lists hold the exact similarities alone, so they do not depend on the order of the work or
//! on the number of threads.
//!
//! Thresholds, below which a pair is of no use, keep pairs out. They are high at once: near vectors stand together (see
//! [`order`]), and the pairs within each block come first.
//!
//! Vectors are taken in blocks of [`BLOCK`]. A *block row* is one block with the half of all blocks that follow it in a
//! circle: every pair of blocks is in one block row, and all of them take the same time.

mod batch_index;
mod codes;
mod lists;
mod order;
mod state;
mod thresholds;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use codes::{CodeScale, RowCodes};
use lists::BlockLists;
use rayon::prelude::*;
use thresholds::{ColumnThresholds, Hit, RowThresholds, find_hits};

use super::{NeighborLists, WorkWatcher};
use crate::kernels::{Cpu, PANEL, PackedPanels, gemm};
use crate::vector::{EmbeddingMatrix, dot, prefetch};

pub use batch_index::BatchIndex;
pub use state::PairState;

/// Vectors in a block: the codes of two blocks stay in the second cache of a core, and little time goes into what is done
/// once for a pair of blocks.
const BLOCK: usize = 1024;
/// Pairs that are kept before they are compared by their vectors.
const MOST_HITS: usize = 1 << 16;
/// How many pairs ahead vectors are asked for: they lie anywhere.
const AHEAD: usize = 8;

/// The `k` nearest others of every row; of equal ones the smaller row comes first. `done` is told how many more rows are
/// through: a block row at a time, which all take the same time.
///
/// # Panics
/// If there are 2³² rows or more, or rows of more than 4096 numbers.
///
/// ```
/// use paperkin::index::all_nearest;
/// use paperkin::vector::{Embedding, EmbeddingMatrix};
///
/// let mut vectors = EmbeddingMatrix::with_capacity(2, 3);
/// for numbers in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] {
///     vectors.push(&Embedding::normalize(numbers.to_vec()).unwrap());
/// }
/// let nearest = all_nearest(&vectors, 1, &|_| {});
/// assert_eq!(nearest.of(0).map(|(row, _)| row).collect::<Vec<_>>(), [2]);
/// ```
pub fn all_nearest(vectors: &EmbeddingMatrix, k: usize, done: &(dyn Fn(usize) + Sync)) -> NeighborLists {
    let lists = continue_all_nearest(vectors, k, None, &|rows| done(rows));
    lists.expect("nobody stops it")
}

/// [`all_nearest`], from a state of the same work on: the same vectors, in the same order, and the same `k`. A state of
/// another size is ignored. `None` when the watcher stopped it.
///
/// # Panics
/// As [`all_nearest`].
pub fn continue_all_nearest(
    vectors: &EmbeddingMatrix,
    k: usize,
    from: Option<PairState>,
    watcher: &dyn WorkWatcher<PairState>,
) -> Option<NeighborLists> {
    all_nearest_with(Cpu::detect(), BLOCK, vectors, k, from, watcher)
}

/// The same with the instructions of `cpu`, which must be here, and blocks of any size.
fn all_nearest_with(
    cpu: Cpu,
    block: usize,
    vectors: &EmbeddingMatrix,
    k: usize,
    from: Option<PairState>,
    watcher: &dyn WorkWatcher<PairState>,
) -> Option<NeighborLists> {
    let places = k.min(vectors.len().saturating_sub(1));
    if places == 0 {
        return Some(NeighborLists::without_neighbors(k, vectors.len()));
    }
    let all = AllPairs::new(cpu, block, vectors, places);
    if let Some(state) = from {
        all.restore(state);
    }
    all.run(watcher);
    if watcher.is_canceled() {
        return None;
    }
    let AllPairs { order, codes, lists, .. } = all;
    // The neighbors take as much memory as the lists: the codes make room.
    drop(codes);
    let lists: Vec<BlockLists> =
        lists.into_iter().map(|lists| lists.into_inner().expect("no thread panicked")).collect();
    Some(lists::neighbors(&lists, &order, k))
}

/// What all threads share. Rows are taken in an order of its own: a row's *place* is where it stands in it.
struct AllPairs<'a> {
    cpu: Cpu,
    /// Places in a block.
    size: usize,
    vectors: &'a EmbeddingMatrix,
    /// The row at each place.
    order: Vec<u32>,
    codes: RowCodes,
    lists: Vec<Mutex<BlockLists>>,
    /// The block rows that are through.
    finished: Vec<AtomicBool>,
}

/// What a thread works with.
#[derive(Default)]
struct Workspace {
    panels: PackedPanels,
    columns: ColumnThresholds,
    rows: RowThresholds,
    hits: Vec<Hit>,
    scores: Vec<f32>,
    dots: Vec<i32>,
}

impl<'a> AllPairs<'a> {
    fn new(cpu: Cpu, size: usize, vectors: &'a EmbeddingMatrix, k: usize) -> AllPairs<'a> {
        let scale = CodeScale::new(cpu, vectors);
        let order = order::near_together(cpu, scale, vectors);
        let codes = RowCodes::new(scale, vectors, &order);
        let blocks = vectors.len().div_ceil(size);
        let mut all = AllPairs { cpu, size, vectors, order, codes, lists: Vec::new(), finished: Vec::new() };
        all.lists = (0..blocks).map(|block| Mutex::new(BlockLists::new(all.places(block), k))).collect();
        all.finished = (0..blocks).map(|_| AtomicBool::new(false)).collect();
        all
    }

    /// The places of a block.
    fn places(&self, block: usize) -> Range<usize> {
        block * self.size..self.vectors.len().min((block + 1) * self.size)
    }

    /// Offers every pair to both sides.
    fn run(&self, watcher: &dyn WorkWatcher<PairState>) {
        let blocks = self.lists.len();
        self.for_each_block(watcher, |work, block| self.within_block(work, block));
        self.for_each_block(watcher, |work, block| {
            if !self.finished[block].load(Ordering::Acquire) {
                self.codes.pack(self.places(block), &mut work.panels);
                // With an even number, the block across the circle is met from one of the two sides.
                let ahead = blocks / 2 - usize::from(blocks.is_multiple_of(2) && block >= blocks / 2);
                for step in 1..=ahead {
                    self.pair_of_blocks(work, block, (block + step) % blocks);
                }
                self.finished[block].store(true, Ordering::Release);
                watcher.offer_state(&|| self.state());
            }
            watcher.advance(self.places(block).len());
        });
    }

    /// Every block in turn, by as many threads as there are.
    fn for_each_block(&self, watcher: &dyn WorkWatcher<PairState>, of_block: impl Fn(&mut Workspace, usize) + Sync) {
        let next = AtomicUsize::new(0);
        // A thread that is busy elsewhere is not waited for: the others take all blocks.
        (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).for_each(|_| {
            let mut work = Workspace::default();
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if block >= self.lists.len() || watcher.is_canceled() {
                    break;
                }
                of_block(&mut work, block);
            }
        });
    }

    /// What is needed to go on from here. Lists can have more than the finished block rows offered: those pairs are offered
    /// again, and are known then.
    fn state(&self) -> PairState {
        // Before the lists: what is finished is in them.
        let finished = self.finished.iter().map(|finished| finished.load(Ordering::Acquire)).collect();
        let keys = (0..self.lists.len()).flat_map(|block| self.locked(block).keys().to_vec()).collect();
        PairState { finished, keys }
    }

    /// Goes on from a state, unless it is of another size.
    fn restore(&self, PairState { finished, keys }: PairState) {
        let count: usize = (0..self.lists.len()).map(|block| self.locked(block).keys().len()).sum();
        let are_rows =
            keys.iter().all(|key| lists::neighbor(*key).is_none_or(|(row, _)| (row as usize) < self.order.len()));
        if finished.len() != self.finished.len() || keys.len() != count || !are_rows {
            return;
        }
        let mut rest = &keys[..];
        for block in 0..self.lists.len() {
            let mut lists = self.locked(block);
            let (own, others) = rest.split_at(lists.keys().len());
            lists.restore(&self.codes, own);
            rest = others;
        }
        self.finished.iter().zip(finished).for_each(|(to, finished)| to.store(finished, Ordering::Release));
    }

    /// The lists of a block. No thread holds those of two, so none waits for ever.
    fn locked(&self, block: usize) -> MutexGuard<'_, BlockLists> {
        self.lists[block].lock().expect("no thread panicked")
    }

    /// The pairs within a block. First a threshold for each row: the k-th best similarity of codes, less what it may be off by.
    fn within_block(&self, work: &mut Workspace, block: usize) {
        let places = self.places(block);
        self.codes.pack(places.clone(), &mut work.panels);
        let width = places.len().next_multiple_of(PANEL);
        work.dots.resize(places.len() * width, 0);
        let dots = &mut work.dots;
        gemm(self.cpu, self.codes.words(), places.clone(), &work.panels, |tile| {
            for (row, words) in tile.words.chunks_exact(tile.columns).take(tile.rows).enumerate() {
                let to = &mut dots[(tile.row - places.start + row) * width + tile.column..][..tile.columns];
                to.copy_from_slice(bytemuck::cast_slice(words));
            }
        });
        self.locked(block).set_first_thresholds(&self.codes, &work.dots, width);
        self.pair_of_blocks(work, block, block);
    }

    /// The pairs of a block, whose panels are packed, with another one or itself.
    fn pair_of_blocks(&self, work: &mut Workspace, block: usize, other: usize) {
        let (columns, rows) = (self.places(block), self.places(other));
        work.columns.fill(&self.codes, columns.clone(), self.locked(block).thresholds());
        work.rows.fill(&self.codes, rows.clone(), self.locked(other).thresholds());
        let Workspace { panels, columns: column_thresholds, rows: row_thresholds, hits, scores, .. } = work;
        gemm(self.cpu, self.codes.words(), rows.clone(), panels, |tile| {
            find_hits(&tile, column_thresholds, row_thresholds, (rows.start, columns.start), hits);
            if hits.len() >= MOST_HITS {
                self.compare(hits, scores, block, other);
            }
        });
        self.compare(hits, scores, block, other);
    }

    /// Compares pairs by their vectors, offers each to both sides, and forgets them.
    fn compare(&self, hits: &mut Vec<Hit>, scores: &mut Vec<f32>, block: usize, other: usize) {
        if block == other {
            hits.retain(|hit| hit.row < hit.column);
        }
        let row = |place: u32| self.order[place as usize];
        let vector = |place: u32| self.vectors.row(row(place) as usize);
        scores.clear();
        for (at, hit) in hits.iter().enumerate() {
            if let Some(later) = hits.get(at + AHEAD) {
                prefetch(vector(later.row));
                prefetch(vector(later.column));
            }
            scores.push(dot(vector(hit.row), vector(hit.column)));
        }
        let pairs = || hits.iter().zip(scores.iter());
        self.locked(block).offer(&self.codes, pairs().map(|(hit, score)| (hit.column, row(hit.row), *score)));
        self.locked(other).offer(&self.codes, pairs().map(|(hit, score)| (hit.row, row(hit.column), *score)));
        hits.clear();
    }
}
