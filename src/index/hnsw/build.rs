//! From vectors to a frozen graph: rows with the same codes become one node, nodes are linked, numbered so that
//! neighbors lie close together, and laid out.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::SOURCE_ID_LEN;
use super::construct::GraphNodes;
use super::layout::{FileHeader, FileSection, IN_BLOCKS, LINKS, NONE, SECTIONS, UPPER};
use super::{HnswGraph, TRUNCATED, recall};
use crate::file::ZeroedBuffer;
use crate::random::SplitMix64;
use crate::vector::{EmbeddingMatrix, Quantizer, padded_len};

/// The bytes of each section.
type SectionBytes = [Vec<u8>; SECTIONS.len()];

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
        assert!(!keys.is_empty() && keys.len() == vectors.len(), "a key for each vector");
        let stride = padded_len(vectors.dimension());
        let (quantizer, codes, clipped) = Quantizer::encode(vectors.dimension(), vectors.rows());
        let groups = groups(&codes, stride);
        done(keys.len() - groups.len());
        let mut codes: Vec<u8> = groups.iter().flat_map(|rows| line(&codes, stride, rows[0])).copied().collect();
        let (layers, entries) = link(&GraphNodes { codes: &codes, stride, quantizer }, groups.len(), done);
        let order = order(&layers, entries);
        codes = order.iter().flat_map(|node| line(&codes, stride, *node)).copied().collect();

        let mut parts = SectionBytes::default();
        put_links(&mut parts, &layers, &order);
        let upper = std::array::from_fn(|above| layers.get(above + 1).map_or(0, GraphLayer::nodes));
        drop(layers);
        connect(bytemuck::cast_slice_mut(&mut parts[FileSection::Links as usize]), &codes, &quantizer, stride);
        parts[FileSection::Codes as usize] = codes;
        let nodes = put_rows(&mut parts, &groups, &order, keys);
        let mut clipped: Vec<u32> = clipped.iter().map(|row| nodes[*row as usize]).collect();
        clipped.sort_unstable();
        clipped.dedup();
        parts[FileSection::Clipped as usize] = bytemuck::cast_slice(&clipped).to_vec();
        let header = FileHeader {
            dimension: vectors.dimension(),
            nodes: order.len(),
            rows: keys.len(),
            shared: keys.len() - order.len(),
            clipped: clipped.len(),
            upper,
            entries,
            scale: quantizer.scale,
            error: quantizer.error,
            ef: recall::EFS[0],
            recall: (0.0, 0.0),
            source_id: origin,
            sums: Default::default(),
        };
        lay_out(header, parts, vectors).measure_recall()
    }

    /// The same graph with another header.
    pub(super) fn with(mut self, header: FileHeader) -> HnswGraph {
        let bytes = header.write();
        self.blocks.outside_mut(0..bytes.len()).copy_from_slice(&bytes);
        self.header = header;
        self
    }
}

/// The bytes of a row or node.
fn line(codes: &[u8], stride: usize, at: u32) -> &[u8] {
    &codes[at as usize * stride..][..stride]
}

/// Rows with the same codes together, in an order that is the same for the same codes but not that of the rows: papers
/// of one day are alike, and a graph grown in order is lopsided.
fn groups(codes: &[u8], stride: usize) -> Vec<Vec<u32>> {
    let hasher = RandomState::new();
    let mut of_hash: HashMap<u64, Vec<usize>> = HashMap::with_capacity(codes.len() / stride);
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for row in 0..(codes.len() / stride) as u32 {
        let bytes = line(codes, stride, row);
        let same_hash = of_hash.entry(hasher.hash_one(bytes)).or_default();
        match same_hash.iter().find(|group| line(codes, stride, groups[**group][0]) == bytes) {
            Some(group) => groups[*group].push(row),
            None => {
                same_hash.push(groups.len());
                groups.push(vec![row]);
            }
        }
    }
    groups.sort_unstable_by_key(|rows| SplitMix64::new(u64::from(rows[0])).bits());
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
fn put_links(parts: &mut SectionBytes, layers: &[GraphLayer], order: &[u32]) {
    let mut place = vec![0u32; order.len()];
    order.iter().enumerate().for_each(|(at, node)| place[*node as usize] = at as u32);
    for (layer, section) in
        layers.iter().zip(std::iter::once(FileSection::Links).chain(std::iter::repeat(FileSection::Upper)))
    {
        for node in &order[..layer.nodes()] {
            let linked = layer.of(*node).map(|node| place[node as usize]);
            let line: Vec<u32> = linked.chain(std::iter::repeat(NONE)).take(layer.width).collect();
            parts[section as usize].extend_from_slice(bytemuck::cast_slice(&line));
        }
    }
}

/// Writes which rows are whose; gives the node of each row.
fn put_rows(parts: &mut SectionBytes, groups: &[Vec<u32>], order: &[u32], keys: &[i64]) -> Vec<u32> {
    let mut nodes = vec![0u32; keys.len()];
    let (mut first, mut shared) = (Vec::with_capacity(order.len()), Vec::new());
    for (at, node) in order.iter().enumerate() {
        let rows = &groups[*node as usize];
        rows.iter().for_each(|row| nodes[*row as usize] = at as u32);
        first.push(if rows.len() > 1 { rows[0] | TRUNCATED } else { rows[0] });
        rows[1..].iter().for_each(|row| shared.extend([at as u32, *row]));
    }
    parts[FileSection::Keys as usize] = bytemuck::cast_slice(keys).to_vec();
    parts[FileSection::Nodes as usize] = bytemuck::cast_slice(&nodes).to_vec();
    parts[FileSection::Rows as usize] = bytemuck::cast_slice(&first).to_vec();
    parts[FileSection::Shared as usize] = bytemuck::cast_slice(&shared).to_vec();
    nodes
}

/// Links every node that no way leads to from the first one to the nearest node that has one and a free link.
fn connect(links: &mut [u32], codes: &[u8], quantizer: &Quantizer, stride: usize) {
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
    let all_codes: Vec<&[u8]> = all.iter().map(|node| line(codes, stride, *node)).collect();
    let mut dots = Vec::new();
    for node in 0..count as u32 {
        if reached[node as usize] {
            continue;
        }
        let query = quantizer.query_of_code(line(codes, stride, node));
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

/// Puts the parts where they belong, with their checksums.
fn lay_out(mut header: FileHeader, mut parts: SectionBytes, vectors: &EmbeddingMatrix) -> HnswGraph {
    let vectors = bytemuck::cast_slice(vectors.values());
    let mut sums: Vec<u32> = Vec::new();
    for section in &SECTIONS[..IN_BLOCKS] {
        let bytes = if *section == FileSection::Vectors { vectors } else { &parts[*section as usize] };
        sums.extend(bytes.chunks(header.block_bytes(*section)).map(crc32fast::hash));
    }
    parts[FileSection::Sums as usize] = bytemuck::cast_slice(&sums).to_vec();
    header.sums = std::array::from_fn(|index| crc32fast::hash(&parts[IN_BLOCKS + index]));
    let (places, length) = header.places().expect("counts of what is in memory");
    let mut bytes = ZeroedBuffer::zeros(length);
    let start = header.write();
    bytes[..start.len()].copy_from_slice(&start);
    for (section, place) in SECTIONS.into_iter().zip(places) {
        let part = if section == FileSection::Vectors { vectors } else { &parts[section as usize] };
        bytes[place].copy_from_slice(part);
    }
    HnswGraph::from_bytes(bytes).expect("what was laid out can be read")
}
