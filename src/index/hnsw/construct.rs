//! The links of a layer: hnsw_rs links some thousand nodes at a time, and what it linked is merged two by two.
//!
//! A large graph takes hnsw_rs long, and more than one thread makes it another graph each time. Small graphs are built
//! side by side, each by one thread; to merge two of them, each node looks for neighbors in the other one, and keeps
//! those of both that lie in different directions. Nodes have to be in random order.

use rayon::prelude::*;

use super::layout::NONE;
use super::search::{LinkedNodes, beam_search};
use super::{IndexCorruption, damaged};
use crate::index::link_builder;
use crate::vector::{Quantizer, code_dot};

/// Nodes that hnsw_rs links at once.
const AT_ONCE: usize = 6_144;
/// Candidates of the walk that looks for neighbors in the other half.
const EF: usize = 48;
/// Neighbors in the other half that are looked at.
const FOUND: usize = 24;
/// A candidate is left out when its squared distance to one already chosen is less than that to the node by this
/// factor: the alpha of Subramanya and others (DiskANN, 2019). More than 1 keeps more links; 1.1 found most on abstracts.
const SLACK: f32 = 1.1;
/// Nodes that a walk begins with: as the order is random, one of them is not far.
const ENTRIES: u32 = 96;

/// Codes to be linked.
pub(super) struct GraphNodes<'a> {
    pub codes: &'a [u8],
    pub stride: usize,
    pub quantizer: Quantizer,
}

impl GraphNodes<'_> {
    fn code(&self, node: u32) -> &[u8] {
        &self.codes[node as usize * self.stride..][..self.stride]
    }

    /// Links the first `count` nodes: `width` links each, nearest first, [`NONE`] where there are fewer. `done` is told
    /// how many more nodes are linked.
    pub(super) fn build_links(&self, count: usize, width: usize, done: &(dyn Fn(usize) + Sync)) -> Vec<u32> {
        let mut links = vec![NONE; count * width];
        self.link_range(&mut links, 0, width, done);
        links
    }

    /// Links the nodes from `from` on that `links` has room for, among each other.
    fn link_range(&self, links: &mut [u32], from: u32, width: usize, done: &(dyn Fn(usize) + Sync)) {
        let count = links.len() / width;
        if count <= AT_ONCE {
            let codes = &self.codes[from as usize * self.stride..][..count * self.stride];
            for (line, linked) in links.chunks_exact_mut(width).zip(link_builder::link(codes, self.stride, width)) {
                line.iter_mut().zip(linked).for_each(|(link, node)| *link = from + node);
            }
            done(count);
            return;
        }
        let half = count / 2;
        let (left, right) = links.split_at_mut(half * width);
        rayon::join(
            || self.link_range(left, from, width, done),
            || self.link_range(right, from + half as u32, width, done),
        );
        self.merge(links, from, half, width);
    }

    /// Links the first `half` nodes of a range with the others.
    fn merge(&self, links: &mut [u32], from: u32, half: usize, width: usize) {
        let count = links.len() / width;
        let middle = from + half as u32;
        let halves = [from..middle, middle..from + count as u32];
        let found: Vec<Vec<u32>> = (0..count as u32)
            .into_par_iter()
            .map(|at| {
                let other = halves[usize::from((at as usize) < half)].clone();
                let graph = GraphHalf { nodes: self, links, from, width, other: other.clone() };
                let query = self.quantizer.query_of_code(self.code(from + at));
                let entries: Vec<u32> = other.take(ENTRIES as usize).collect();
                let found = beam_search(&graph, &query, &entries, EF, FOUND, None).unwrap_or_default();
                found.into_iter().map(|(_, node)| node).collect()
            })
            .collect();
        let mut finders = vec![Vec::new(); count];
        for (at, found) in found.iter().enumerate() {
            found.iter().for_each(|node| finders[(node - from) as usize].push(from + at as u32));
        }
        links.par_chunks_exact_mut(width).enumerate().for_each(|(at, line)| {
            let mut candidates: Vec<u32> = line.iter().copied().filter(|node| *node != NONE).collect();
            candidates.extend(&found[at]);
            candidates.extend(&finders[at]);
            self.select(from + at as u32, candidates, line);
        });
    }

    /// Of the candidates those that lie in different directions from a node, nearest first: none that is much nearer to
    /// one already chosen than to the node (algorithm 4 of Malkov and Yashunin 2018, with [`SLACK`]).
    fn select(&self, node: u32, mut candidates: Vec<u32>, line: &mut [u32]) {
        candidates.sort_unstable();
        candidates.dedup();
        let code = self.code(node);
        let mut candidates: Vec<(i32, u32)> =
            candidates.into_iter().map(|other| (code_dot(code, self.code(other)), other)).collect();
        candidates.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        // A similarity of 1 in steps of codes; the squared distance of unit vectors is twice what is missing to it.
        let one = 1.0 / (self.quantizer.scale * self.quantizer.scale);
        let mut chosen = 0;
        for (likeness, other) in candidates {
            if chosen == line.len() {
                break;
            }
            let code = self.code(other);
            let bar = (one - (one - likeness as f32) / SLACK) as i32;
            if line[..chosen].iter().all(|chosen| code_dot(code, self.code(*chosen)) < bar) {
                line[chosen] = other;
                chosen += 1;
            }
        }
        line[chosen..].fill(NONE);
    }
}

/// One half of a range that is being linked.
struct GraphHalf<'a> {
    nodes: &'a GraphNodes<'a>,
    links: &'a [u32],
    from: u32,
    width: usize,
    other: std::ops::Range<u32>,
}

impl LinkedNodes for GraphHalf<'_> {
    fn range(&self) -> std::ops::Range<u32> {
        self.other.clone()
    }
    fn links(&self, node: u32) -> Result<&[u32], IndexCorruption> {
        let line = (node - self.from) as usize * self.width;
        self.links.get(line..line + self.width).ok_or(damaged("a link points to a missing node"))
    }
    fn code(&self, node: u32) -> Result<&[u8], IndexCorruption> {
        Ok(self.nodes.code(node))
    }
}
