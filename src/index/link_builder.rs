//! The linking of nodes by `hnsw_rs`: the only file that names it, and the only one where a distance is small for what
//! is alike.

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use crate::vector::code_dot;

/// Layers at most: hnsw_rs's own limit.
const LAYERS: usize = 16;
/// Candidates looked at when a node is linked.
const EF_CONSTRUCTION: usize = 100;

#[derive(Clone, Copy, Default)]
struct CodeDistance;

impl Distance<u8> for CodeDistance {
    /// The larger the product of two codes, the less; never below 0, as a product of bytes has a bound.
    fn eval(&self, a: &[u8], b: &[u8]) -> f32 {
        (127 * 127 * a.len() as i32 - code_dot(a, b)) as f32
    }
}

/// Links nodes by their codes, `stride` bytes each and no two of them the same: for each node up to `width` others,
/// nearest first. The same codes give the same links: hnsw_rs inserts one after the other, with a seed of its own.
pub(super) fn link(codes: &[u8], stride: usize, width: usize) -> Vec<Vec<u32>> {
    let count = codes.len() / stride;
    // hnsw_rs gives twice as many links on the lowest layer.
    let graph: Hnsw<'_, u8, CodeDistance> = Hnsw::new(width / 2, count.max(1), LAYERS, EF_CONSTRUCTION, CodeDistance);
    for node in codes.chunks_exact(stride).zip(0..) {
        graph.insert(node);
    }
    let mut links = vec![Vec::new(); count];
    for point in graph.get_point_indexation() {
        let lowest = point.get_neighborhood_id().into_iter().next().unwrap_or_default();
        links[point.get_origin_id()] = lowest.iter().map(|neighbor| neighbor.get_origin_id() as u32).collect();
    }
    links
}
