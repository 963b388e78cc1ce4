//! From vectors to a frozen graph: rows with the same codes become one node, nodes are linked, and numbered so that neighbors
//! lie close together. All of this looks at codes alone.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use super::SOURCE_ID_LEN;
use super::construct::GraphNodes;
use super::layout::{FileHeader, FileSection, LINKS, NONE, SECTIONS, UPPER};
use super::{HnswGraph, TRUNCATED, recall};
use crate::random::SplitMix64;
use crate::vector::{EmbeddingMatrix, Quantizer, RowEncoder, padded_len};

/// The bytes of each section, but for the vectors.
pub(super) type SectionBytes = [Vec<u8>; SECTIONS.len()];

/// A graph without its vectors, which are most of it, and which nothing but the file needs.
pub(crate) struct GraphParts {
    pub(super) header: FileHeader,
    pub(super) sections: SectionBytes,
}

/// The codes of the nodes, and which rows have them.
struct NodeCodes {
    quantizer: Quantizer,
    stride: usize,
    codes: Vec<u8>,
    /// The rows of each node, ascending.
    rows: Vec<Vec<u32>>,
    /// Rows with clipped numbers.
    clipped: Vec<u32>,
}

impl HnswGraph {
    /// Builds a graph over vectors with ascending keys. `origin` says which vectors they are, `done` is told how many
    /// more rows are linked. The same vectors give the same graph.
    ///
    /// # Panics
    /// If there are no vectors, or not as many keys.
    pub fn build(
        keys: &[i64],
        vectors: &EmbeddingMatrix,
        origin: [u8; SOURCE_ID_LEN],
        done: &(dyn Fn(usize) + Sync),
    ) -> HnswGraph {
        let rows = RowEncoder::encode(vectors.dimension(), vectors.rows());
        GraphParts::link(keys, vectors.dimension(), rows, origin, done).in_memory(vectors).measure_recall()
    }

    /// The same graph with another header.
    pub(super) fn with(mut self, header: FileHeader) -> HnswGraph {
        let bytes = header.write();
        self.blocks.outside_mut(0..bytes.len()).copy_from_slice(&bytes);
        self.header = header;
        self
    }
}

impl GraphParts {
    /// Links rows of this dimension, by their codes. Keys, `origin` and `done` are those of [`HnswGraph::build`].
    ///
    /// # Panics
    /// If there are no rows, or not as many keys.
    pub(crate) fn link(
        keys: &[i64],
        dimension: usize,
        rows: RowEncoder,
        origin: [u8; SOURCE_ID_LEN],
        done: &(dyn Fn(usize) + Sync),
    ) -> GraphParts {
        let mut nodes = NodeCodes::new(keys, dimension, rows);
        // An order that is the same for the same codes but not that of the rows: papers of one day are alike, and a graph
        // grown in order is lopsided.
        let mut shuffled: Vec<u32> = (0..nodes.rows.len() as u32).collect();
        shuffled.sort_unstable_by_key(|node| SplitMix64::new(u64::from(nodes.rows[*node as usize][0])).bits());
        nodes.reorder(&shuffled);
        done(keys.len() - nodes.rows.len());
        let NodeCodes { codes, stride, quantizer, .. } = &nodes;
        let graph = GraphNodes { codes, stride: *stride, quantizer: *quantizer };
        let (layers, entries) = link(&graph, nodes.rows.len(), done);
        let order = order(&layers, entries);
        let mut sections = SectionBytes::default();
        put_links(&mut sections, &layers, &order);
        let upper = std::array::from_fn(|above| layers.get(above + 1).map_or(0, GraphLayer::nodes));
        drop(layers);
        nodes.reorder(&order);
        drop(order);
        connect(bytemuck::cast_slice_mut(&mut sections[FileSection::Links as usize]), &nodes);
        nodes.finish(keys, dimension, origin, GraphLinks { sections, upper, entries })
    }

    /// Rows that are not linked, to be scanned.
    ///
    /// # Panics
    /// As [`GraphParts::link`].
    pub(crate) fn without_links(
        keys: &[i64],
        dimension: usize,
        rows: RowEncoder,
        origin: [u8; SOURCE_ID_LEN],
    ) -> GraphParts {
        let none = GraphLinks { sections: SectionBytes::default(), upper: [0; UPPER], entries: 1 };
        NodeCodes::new(keys, dimension, rows).finish(keys, dimension, origin, none)
    }
}

/// The links between nodes, as they are laid out.
struct GraphLinks {
    sections: SectionBytes,
    upper: [usize; UPPER],
    entries: usize,
}

impl NodeCodes {
    /// Rows with the same codes as one node, in the order of the first of each.
    fn new(keys: &[i64], dimension: usize, rows: RowEncoder) -> NodeCodes {
        let stride = padded_len(dimension);
        let (quantizer, codes, clipped) = rows.finish();
        assert!(!keys.is_empty() && keys.len() * stride == codes.len(), "a key for each vector");
        let rows = groups(&codes, stride);
        let codes = reordered(&codes, stride, rows.iter().map(|rows| rows[0]));
        NodeCodes { quantizer, stride, codes, rows, clipped }
    }

    fn reorder(&mut self, order: &[u32]) {
        self.codes = reordered(&self.codes, self.stride, order.iter().copied());
        self.rows = order.iter().map(|node| std::mem::take(&mut self.rows[*node as usize])).collect();
    }

    fn code(&self, node: u32) -> &[u8] {
        line(&self.codes, self.stride, node)
    }

    fn finish(
        self,
        keys: &[i64],
        dimension: usize,
        origin: [u8; SOURCE_ID_LEN],
        GraphLinks { mut sections, upper, entries }: GraphLinks,
    ) -> GraphParts {
        let nodes = put_rows(&mut sections, &self.rows, keys);
        let mut clipped: Vec<u32> = self.clipped.iter().map(|row| nodes[*row as usize]).collect();
        clipped.sort_unstable();
        clipped.dedup();
        sections[FileSection::Clipped as usize] = bytemuck::cast_slice(&clipped).to_vec();
        sections[FileSection::Codes as usize] = self.codes;
        let header = FileHeader {
            dimension,
            nodes: self.rows.len(),
            rows: keys.len(),
            has_links: !sections[FileSection::Links as usize].is_empty(),
            shared: keys.len() - self.rows.len(),
            clipped: clipped.len(),
            upper,
            entries,
            scale: self.quantizer.scale,
            error: self.quantizer.error,
            ef: recall::EFS[0],
            recall: (0.0, 0.0),
            source_id: origin,
            sums: Default::default(),
        };
        GraphParts { header, sections }
    }
}

/// The bytes of a row or node.
fn line(codes: &[u8], stride: usize, at: u32) -> &[u8] {
    &codes[at as usize * stride..][..stride]
}

/// Codes in another order.
fn reordered(codes: &[u8], stride: usize, order: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
    let mut reordered = Vec::with_capacity(order.len() * stride);
    order.for_each(|node| reordered.extend_from_slice(line(codes, stride, node)));
    reordered
}

/// Rows with the same codes together, in the order of the first of each.
fn groups(codes: &[u8], stride: usize) -> Vec<Vec<u32>> {
    let hasher = RandomState::new();
    let rows = (codes.len() / stride) as u32;
    let mut by_hash: Vec<(u64, u32)> = (0..rows).map(|row| (hasher.hash_one(line(codes, stride, row)), row)).collect();
    by_hash.sort_unstable();
    let mut groups: Vec<Vec<u32>> = Vec::with_capacity(rows as usize);
    for same_hash in by_hash.chunk_by(|a, b| a.0 == b.0) {
        let first = groups.len();
        for (_, row) in same_hash {
            let is_same = |rows: &&mut Vec<u32>| line(codes, stride, rows[0]) == line(codes, stride, *row);
            match groups[first..].iter_mut().find(is_same) {
                Some(rows) => rows.push(*row),
                None => groups.push(vec![*row]),
            }
        }
    }
    groups.sort_unstable_by_key(|rows| rows[0]);
    groups
}

/// Links of the first nodes, those of one layer.
struct GraphLayer {
    width: usize,
    links: Vec<u32>,
}

impl GraphLayer {
    fn nodes(&self) -> usize {
        self.links.len() / self.width
    }

    /// The nodes that a node is linked to.
    fn of(&self, node: u32) -> impl Iterator<Item = u32> {
        let line = &self.links[node as usize * self.width..][..self.width];
        line.iter().copied().take_while(|node| *node != NONE)
    }
}

/// Of the nodes of a layer, one in so many is on the next one too.
const THINNED_LINKS: usize = 16;
/// A layer of no more nodes needs no links: comparing all of them, which lie side by side, takes less time than a walk.
const ENTRIES: usize = 512;

/// Links all nodes on the lowest layer, and on each layer above the first of the one below: in a random order a random
/// choice. Last the number of nodes on the top layer, which are not linked.
fn link(nodes: &GraphNodes<'_>, count: usize, done: &(dyn Fn(usize) + Sync)) -> (Vec<GraphLayer>, usize) {
    let mut layers = vec![GraphLayer { width: LINKS.0, links: nodes.build_links(count, LINKS.0, done) }];
    let mut count = count / THINNED_LINKS;
    while count > ENTRIES && layers.len() <= UPPER {
        layers.push(GraphLayer { width: LINKS.1, links: nodes.build_links(count, LINKS.1, &|_| ()) });
        count /= THINNED_LINKS;
    }
    (layers, count.max(1))
}

/// The order in which nodes are laid out: those of more layers first, so that a layer's nodes are the first ones; else
/// as they are come by from the first, so that neighbors share cache lines and pages.
fn order(layers: &[GraphLayer], entries: usize) -> Vec<u32> {
    let count = layers[0].nodes();
    let mut seen = vec![false; count];
    let mut order = Vec::with_capacity(count);
    // Nodes that no link leads to come last.
    for start in 0..count as u32 {
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            if !std::mem::replace(&mut seen[node as usize], true) {
                order.push(node);
                queue.extend(layers[0].of(node).filter(|node| !seen[*node as usize]));
            }
        }
    }
    let above = |node: u32| {
        let layers = layers[1..].iter().map(GraphLayer::nodes).chain([entries]);
        layers.take_while(|nodes| (node as usize) < *nodes).count()
    };
    order.sort_by_key(|node| std::cmp::Reverse(above(*node)));
    order
}

/// Writes the links by the nodes' new numbers.
fn put_links(sections: &mut SectionBytes, layers: &[GraphLayer], order: &[u32]) {
    let mut place = vec![0u32; order.len()];
    order.iter().enumerate().for_each(|(at, node)| place[*node as usize] = at as u32);
    for (layer, section) in
        layers.iter().zip(std::iter::once(FileSection::Links).chain(std::iter::repeat(FileSection::Upper)))
    {
        for node in &order[..layer.nodes()] {
            let linked = layer.of(*node).map(|node| place[node as usize]);
            let line: Vec<u32> = linked.chain(std::iter::repeat(NONE)).take(layer.width).collect();
            sections[section as usize].extend_from_slice(bytemuck::cast_slice(&line));
        }
    }
}

/// Writes which rows are whose; gives the node of each row.
fn put_rows(sections: &mut SectionBytes, rows_of_nodes: &[Vec<u32>], keys: &[i64]) -> Vec<u32> {
    let mut nodes = vec![0u32; keys.len()];
    let (mut first, mut shared) = (Vec::with_capacity(rows_of_nodes.len()), Vec::new());
    for (node, rows) in (0..).zip(rows_of_nodes) {
        rows.iter().for_each(|row| nodes[*row as usize] = node);
        first.push(if rows.len() > 1 { rows[0] | TRUNCATED } else { rows[0] });
        rows[1..].iter().for_each(|row| shared.extend([node, *row]));
    }
    sections[FileSection::Keys as usize] = bytemuck::cast_slice(keys).to_vec();
    sections[FileSection::Nodes as usize] = bytemuck::cast_slice(&nodes).to_vec();
    sections[FileSection::Rows as usize] = bytemuck::cast_slice(&first).to_vec();
    sections[FileSection::Shared as usize] = bytemuck::cast_slice(&shared).to_vec();
    nodes
}

/// Links every node that no way leads to from the first one to the nearest node that has one and a free link.
fn connect(links: &mut [u32], nodes: &NodeCodes) {
    let count = links.len() / LINKS.0;
    let mut reached = vec![false; count];
    let reach = |from: u32, links: &[u32], reached: &mut Vec<bool>| {
        let mut stack = vec![from];
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut reached[node as usize], true) {
                let linked = &links[node as usize * LINKS.0..][..LINKS.0];
                stack.extend(linked.iter().filter(|node| **node != NONE && !reached[**node as usize]));
            }
        }
    };
    reach(0, links, &mut reached);
    let all: Vec<u32> = (0..count as u32).collect();
    let all_codes: Vec<&[u8]> = all.iter().map(|node| nodes.code(*node)).collect();
    let mut dots = Vec::new();
    for node in 0..count as u32 {
        if reached[node as usize] {
            continue;
        }
        let query = nodes.quantizer.query_of_code(nodes.code(node));
        query.dots(&all_codes, &mut dots);
        let free = |other: &u32| reached[*other as usize] && links[(*other as usize + 1) * LINKS.0 - 1] == NONE;
        let nearest = all.iter().copied().filter(free).max_by_key(|other| dots[*other as usize]);
        let Some(nearest) = nearest else { continue };
        let linked = &mut links[nearest as usize * LINKS.0..][..LINKS.0];
        if let Some(free) = linked.iter_mut().find(|link| **link == NONE) {
            *free = node;
        }
        reach(node, links, &mut reached);
    }
}
