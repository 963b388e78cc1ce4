//! The walk: best first through the links of a layer, by codes.

use std::ops::Range;

use super::layout::{FileSection, LINKS, NONE};
use super::{HnswGraph, IndexCorruption, damaged};
use crate::index::SearchHit;
use crate::index::flat::{self, RowFilter};
use crate::vector::{QueryCode, prefetch};

/// A node and its similarity to the query in steps of codes.
pub(super) type FoundNode = (i32, u32);

/// Nodes with codes and links.
pub(super) trait LinkedNodes {
    /// The nodes that links lead to.
    fn range(&self) -> Range<u32>;
    /// The links of a node, which end at the first [`NONE`].
    fn links(&self, node: u32) -> Result<&[u32], IndexCorruption>;
    /// The codes of a node.
    fn code(&self, node: u32) -> Result<&[u8], IndexCorruption>;
}

/// The best `want` nodes that a walk with `ef` candidates comes by, best first; of those only that pass, if there is a
/// condition. Nodes that do not pass are walked through.
pub(super) fn beam_search(
    graph: &impl LinkedNodes,
    query: &QueryCode,
    entries: &[u32],
    ef: usize,
    want: usize,
    passes: Option<&dyn Fn(u32) -> bool>,
) -> Result<Vec<FoundNode>, IndexCorruption> {
    let range = graph.range();
    let mut pool = SearchPool::new(ef);
    let mut passed = passes.map(|passes| (passes, SearchPool::new(want)));
    let mut visited = VisitedSet::new(range.len());
    let mut batch = Vec::with_capacity(LINKS.0);
    let (mut codes, mut dots) = (Vec::with_capacity(LINKS.0), Vec::with_capacity(LINKS.0));
    batch.extend(entries.iter().filter(|entry| visited.visit((*entry - range.start) as usize)));
    loop {
        similarity(graph, query, &batch, &mut codes, &mut dots)?;
        for (node, steps) in batch.iter().zip(&dots) {
            if *steps > pool.bar() {
                pool.insert(*steps, *node);
            }
            if let Some((passes, passed)) = &mut passed
                && *steps > passed.bar()
                && passes(*node)
            {
                passed.insert(*steps, *node);
            }
        }
        batch.clear();
        let Some(node) = pool.follow() else { break };
        let links = graph.links(node)?;
        if let Some(next) = pool.peek() {
            prefetch(graph.links(next)?);
        }
        for node in links.iter().take_while(|node| **node != NONE) {
            if !range.contains(node) {
                return Err(damaged("a link points to a missing node"));
            }
            if visited.visit((*node - range.start) as usize) {
                batch.push(*node);
            }
        }
    }
    let mut found = match passed {
        Some((_, passed)) => passed.nodes,
        None => pool.nodes,
    };
    found.truncate(want);
    found.iter_mut().for_each(|(_, node)| *node &= !LINKS_FOLLOWED);
    Ok(found)
}

/// Similarities of some nodes to the query, which the memory is asked for all at once.
#[inline]
fn similarity<'g>(
    graph: &'g impl LinkedNodes,
    query: &QueryCode,
    nodes: &[u32],
    codes: &mut Vec<&'g [u8]>,
    dots: &mut Vec<i32>,
) -> Result<(), IndexCorruption> {
    codes.clear();
    for node in nodes {
        let code = graph.code(*node)?;
        prefetch(code);
        codes.push(code);
    }
    query.dots(codes, dots);
    Ok(())
}

/// Nodes that a walk has come by: a bit each.
struct VisitedSet(Vec<u64>);

impl VisitedSet {
    fn new(nodes: usize) -> VisitedSet {
        VisitedSet(vec![0; nodes.div_ceil(64)])
    }

    /// Marks a node; says whether it was not marked before.
    #[inline]
    fn visit(&mut self, node: usize) -> bool {
        let word = &mut self.0[node / 64];
        let new = *word >> (node % 64) & 1 == 0;
        *word |= 1 << (node % 64);
        new
    }
}

/// Set in a node of the pool whose links have been followed.
const LINKS_FOLLOWED: u32 = 1 << 31;

/// The best nodes so far, best first. A sorted array: for the some hundred nodes that it holds, inserting into it costs
/// less than a heap does, and the next node to follow is where the cursor stands.
struct SearchPool {
    nodes: Vec<FoundNode>,
    size: usize,
    /// All before it have been followed.
    cursor: usize,
}

impl SearchPool {
    fn new(size: usize) -> SearchPool {
        SearchPool { nodes: Vec::with_capacity(size + 1), size, cursor: 0 }
    }

    /// What a node must exceed to get in.
    #[inline]
    fn bar(&self) -> i32 {
        if self.nodes.len() < self.size { i32::MIN } else { self.nodes[self.size - 1].0 }
    }

    #[inline]
    fn insert(&mut self, steps: i32, node: u32) {
        let at = self.nodes.partition_point(|(other, _)| *other >= steps);
        if self.nodes.len() == self.size {
            self.nodes.pop();
        }
        self.nodes.insert(at, (steps, node));
        self.cursor = self.cursor.min(at);
    }

    /// The best node that was not followed yet, marked as followed.
    fn follow(&mut self) -> Option<u32> {
        let node = self.peek()?;
        self.nodes[self.cursor].1 |= LINKS_FOLLOWED;
        Some(node)
    }

    fn peek(&mut self) -> Option<u32> {
        while self.nodes.get(self.cursor)?.1 & LINKS_FOLLOWED != 0 {
            self.cursor += 1;
        }
        Some(self.nodes[self.cursor].1)
    }
}

impl HnswGraph {
    /// About the `k` nearest rows, best first, with exact scores: those of the best nodes that a walk with `ef`
    /// candidates comes by.
    ///
    /// # Errors
    /// [`IndexCorruption`].
    pub fn nearest(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        keep: RowFilter<'_>,
    ) -> Result<Vec<SearchHit>, IndexCorruption> {
        if k == 0 {
            return Ok(Vec::new());
        }
        let code = self.quantizer().query(query);
        let entry = self.descend(&code)?;
        // Among so many by their codes are the best by their vectors: codes change places near the last one alone.
        let want = k + k.div_ceil(2).clamp(5, 32);
        let found = match keep {
            None => beam_search(self, &code, &[entry], ef.max(k), want, None)?,
            Some(keep) => {
                beam_search(self, &code, &[entry], ef.max(k), want, Some(&|node| self.rows_of(node).any(keep)))?
            }
        };
        flat::hits(self, query, found.into_iter().map(|(_, node)| node), k, keep)
    }

    /// The node of the lowest layer to begin with: the best of the first ones, and then on each layer above the one that
    /// has no better neighbor.
    fn descend(&self, query: &QueryCode) -> Result<u32, IndexCorruption> {
        let entries: Vec<u32> = (0..self.header.entries as u32).collect();
        let (mut codes, mut dots) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        similarity(self, query, &entries, &mut codes, &mut dots)?;
        let mut best = dots.iter().copied().zip(entries).max().unwrap_or_default();
        for layer in self.upper() {
            loop {
                let links = layer.get(best.1 as usize * LINKS.1..(best.1 as usize + 1) * LINKS.1);
                let links = links.ok_or(damaged("a link points to a missing node"))?;
                let linked = links.iter().position(|node| *node == NONE).map_or(links, |end| &links[..end]);
                if linked.iter().any(|node| *node as usize >= self.nodes()) {
                    return Err(damaged("a link points to a missing node"));
                }
                similarity(self, query, linked, &mut codes, &mut dots)?;
                match linked.iter().zip(&dots).max_by_key(|(_, steps)| **steps) {
                    Some((node, steps)) if *steps > best.0 => best = (*steps, *node),
                    _ => break,
                }
            }
        }
        Ok(best.1)
    }
}

impl LinkedNodes for HnswGraph {
    fn range(&self) -> Range<u32> {
        0..self.nodes() as u32
    }
    #[inline]
    fn links(&self, node: u32) -> Result<&[u32], IndexCorruption> {
        Ok(bytemuck::cast_slice(self.blocks.rows(FileSection::Links as usize, node as usize..node as usize + 1)?))
    }
    #[inline]
    fn code(&self, node: u32) -> Result<&[u8], IndexCorruption> {
        self.codes(node as usize..node as usize + 1)
    }
}
