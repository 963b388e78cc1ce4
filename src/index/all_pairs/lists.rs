//! The best neighbors found so far.

use std::ops::Range;

use super::codes::RowCodes;
use super::thresholds::NO_THRESHOLD;
use crate::index::NeighborLists;

/// A neighbor as a number: a larger one is better. No neighbor is 0.
pub(super) type Key = u64;

/// The lists of the places of a block.
pub(super) struct BlockLists {
    k: usize,
    /// The first place.
    start: usize,
    /// `k` for each place, best first.
    keys: Vec<Key>,
    /// For each place the steps that its k-th best has at least.
    thresholds: Vec<i32>,
}

impl BlockLists {
    pub(super) fn new(places: Range<usize>, k: usize) -> BlockLists {
        BlockLists {
            k,
            start: places.start,
            keys: vec![0; places.len() * k],
            thresholds: vec![NO_THRESHOLD; places.len()],
        }
    }

    /// For each place the steps that its k-th best has at least.
    pub(super) fn thresholds(&self) -> &[i32] {
        &self.thresholds
    }

    /// `k` neighbors for each place, best first.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Takes the lists of earlier work.
    pub(super) fn restore(&mut self, codes: &RowCodes, keys: &[Key]) {
        self.keys.copy_from_slice(keys);
        for (threshold, list) in self.thresholds.iter_mut().zip(keys.chunks_exact(self.k)) {
            *threshold = neighbor(list[self.k - 1]).map_or(NO_THRESHOLD, |(_, score)| codes.steps(score));
        }
    }

    /// Sets thresholds by the products of the block with itself, `width` to a place: `k` others have at least the k-th best of
    /// these, less what it may be off by.
    pub(super) fn set_first_thresholds(&mut self, codes: &RowCodes, dots: &[i32], width: usize) {
        let count = self.thresholds.len();
        let places = self.start..self.start + count;
        let taken: Vec<i32> = places.map(|place| codes.offset(place) + codes.error(place)).collect();
        let mut least = Vec::with_capacity(count);
        for (at, dots) in dots.chunks_exact(width).take(count).enumerate() {
            least.clear();
            least.extend(dots.iter().zip(&taken).map(|(dot, taken)| dot - taken));
            least.swap_remove(at);
            if least.len() >= self.k {
                let (_, kth, _) = least.select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a));
                self.thresholds[at] = self.thresholds[at].max(*kth - codes.error(self.start + at));
            }
        }
    }

    /// Offers similarities: a place of this block, another row, how similar.
    pub(super) fn offer(&mut self, codes: &RowCodes, pairs: impl Iterator<Item = (u32, u32, f32)>) {
        for (place, row, score) in pairs {
            let at = place as usize - self.start;
            let list = &mut self.keys[at * self.k..][..self.k];
            let key = key(row, score);
            if key > list[self.k - 1] {
                let place = list.partition_point(|better| *better > key);
                if list[place] == key {
                    // Offered before: work that was broken off may be done again.
                    continue;
                }
                list[place..].rotate_right(1);
                list[place] = key;
                if let Some((_, score)) = neighbor(list[self.k - 1]) {
                    self.thresholds[at] = self.thresholds[at].max(codes.steps(score));
                }
            }
        }
    }
}

/// All lists, with `k` places for each row; `order` has the rows of the lists.
pub(super) fn neighbors(lists: &[BlockLists], order: &[u32], k: usize) -> NeighborLists {
    let mut neighbors = NeighborLists::without_neighbors(k, order.len());
    for lists in lists {
        for (row, keys) in order[lists.start..].iter().zip(lists.keys.chunks_exact(lists.k)) {
            neighbors.set(*row as usize, keys.iter().map_while(|key| neighbor(*key)));
        }
    }
    neighbors
}

/// The similarity in the high half, in an order of integers; in the low half the row, the smaller the larger.
fn key(row: u32, score: f32) -> Key {
    // -0 is made 0, as both are equal.
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    u64::from(ordered) << 32 | u64::from(!row)
}

/// What a key stands for; nothing for 0.
pub(super) fn neighbor(key: Key) -> Option<(u32, f32)> {
    let ordered = (key >> 32) as u32;
    let bits = if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered };
    (key != 0).then(|| (!(key as u32), f32::from_bits(bits)))
}
