//! The HNSW graph. The only file that names `hnsw_rs`, and the only one where a distance is small for what is alike.

use std::collections::HashMap;
use std::fmt;

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use super::{Hit, best};
use crate::vector::{Row, Vectors, dot};

/// Links of a node on an upper layer, twice as many on the lowest: the usual choice of the HNSW paper (Malkov and
/// Yashunin 2018) for data of this kind.
const LINKS: usize = 16;
/// Candidates looked at when a node is linked.
const EF_CONSTRUCTION: usize = 200;
/// Layers at most: hnsw_rs's own limit.
const LAYERS: usize = 16;
/// Candidates looked at in a search, at least; measured recall@10 in `docs/performance.md`.
const EF: usize = 128;

/// A graph over the distinct vectors of a library. The same vectors give the same graph.
pub(super) struct Graph {
    nodes: Hnsw<'static, f32, OneMinusDot>,
    /// The rows that share the vector of each node: exact duplicates would cut the graph apart.
    rows: Vec<Vec<Row>>,
}

#[derive(Clone, Copy, Default)]
struct OneMinusDot;

impl Distance<f32> for OneMinusDot {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - dot(a, b)).max(0.0)
    }
}

impl Graph {
    /// Links every distinct vector, in an order that does not depend on the library's: papers of one day are alike,
    /// and a graph grown in order is lopsided.
    pub(super) fn build(vectors: &Vectors) -> Graph {
        let mut rows: Vec<Vec<Row>> = Vec::new();
        let mut node_of: HashMap<Vec<u32>, usize> = HashMap::with_capacity(vectors.len());
        for (row, vector) in vectors.rows().enumerate() {
            let bits = vector.iter().map(|x| x.to_bits()).collect();
            let node = *node_of.entry(bits).or_insert(rows.len());
            if node == rows.len() {
                rows.push(Vec::new());
            }
            rows[node].push(Row(row as u32));
        }
        drop(node_of);
        let nodes = Hnsw::new(LINKS, rows.len().max(1), LAYERS, EF_CONSTRUCTION, OneMinusDot);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|node| mix(*node as u64));
        for node in order {
            nodes.insert((vectors.row(rows[node][0].index()), node));
        }
        Graph { nodes, rows }
    }

    /// About the `k` rows nearest to the query, best first, with exact scores.
    pub(super) fn nearest(&self, vectors: &Vectors, query: &[f32], k: usize) -> Vec<Hit> {
        if self.rows.is_empty() || k == 0 {
            return Vec::new();
        }
        let k = k.min(vectors.len());
        let found = self.nodes.search(query, k, EF.max(2 * k));
        let mut hits = Vec::with_capacity(k);
        for node in found {
            for row in &self.rows[node.d_id] {
                hits.push(Hit { row: *row, score: dot(query, vectors.row(row.index())) });
            }
        }
        best(&mut hits, k);
        hits
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("nodes", &self.rows.len()).finish_non_exhaustive()
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a fixed shuffle.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
