//! A graph as it is stored, mapped and walked: flat, checked, and the same for every process.
//!
//! [`build`](HnswGraph::build) links the vectors and lays them out, `layout` says where what lies, `walk` finds
//! neighbors, `audit` tries them out. Nodes are distinct codes; rows whose codes are the same share a node.

mod build;
mod construct;
mod layout;
mod recall;
mod search;

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::file::{MappedFile, ZeroedBuffer};
use crate::vector::{Quantizer, RowId};
use layout::{FileHeader, FileSection, IN_BLOCKS, LINKS, SECTIONS};

pub use layout::SOURCE_ID_LEN;

/// Set in the first row of a node that has more rows.
const TRUNCATED: u32 = 1 << 31;

/// Why a frozen graph cannot be used: it has to be built again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexCorruption(&'static str);

impl IndexCorruption {
    /// The graph is of other vectors than those that it is used for.
    pub const FOREIGN: IndexCorruption = IndexCorruption("it belongs to another library");
}

impl fmt::Display for IndexCorruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

pub(super) const fn damaged(reason: &'static str) -> IndexCorruption {
    IndexCorruption(reason)
}

/// Bytes in memory or of a file, at an address that any number may have.
enum GraphBytes {
    Memory(ZeroedBuffer),
    Mapped(MappedFile),
}

impl Deref for GraphBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            GraphBytes::Memory(memory) => memory,
            GraphBytes::Mapped(map) => map,
        }
    }
}

/// A graph over the distinct codes of rows of vectors, with the vectors.
pub struct HnswGraph {
    bytes: GraphBytes,
    header: FileHeader,
    places: [Range<usize>; SECTIONS.len()],
    /// For each section that is checked in blocks, a bit for each block that was found sound.
    checked_blocks: [Box<[AtomicU64]>; IN_BLOCKS],
}

impl HnswGraph {
    /// Takes a mapped file for a graph.
    ///
    /// # Errors
    /// [`IndexCorruption`] when it is none, or a damaged one. Damage of codes, links and vectors shows when they are used.
    pub fn open(file: MappedFile) -> Result<HnswGraph, IndexCorruption> {
        HnswGraph::from_bytes(GraphBytes::Mapped(file))
    }

    fn from_bytes(bytes: GraphBytes) -> Result<HnswGraph, IndexCorruption> {
        let header = FileHeader::read(&bytes)?;
        let (places, _) = header.places().ok_or(damaged("wrong file length"))?;
        let unchecked = |index: usize| {
            let words = header.blocks(SECTIONS[index]).div_ceil(64);
            (0..words).map(|_| AtomicU64::new(0)).collect()
        };
        let sound = std::array::from_fn(unchecked);
        let frozen = HnswGraph { bytes, header, places, checked_blocks: sound };
        for (index, sum) in frozen.header.sums.iter().enumerate() {
            if crc32fast::hash(&frozen.bytes[frozen.places[IN_BLOCKS + index].clone()]) != *sum {
                return Err(damaged("checksum mismatch in a section"));
            }
        }
        let rows_and_nodes = frozen.keys().is_sorted_by(|a, b| a < b)
            && frozen.numbers(FileSection::Nodes).iter().all(|node| (*node as usize) < frozen.header.nodes)
            && frozen.numbers(FileSection::Rows).iter().all(|row| ((row & !TRUNCATED) as usize) < frozen.header.rows)
            && frozen.clipped().iter().all(|node| (*node as usize) < frozen.header.nodes);
        let shared: &[[u32; 2]] = bytemuck::cast_slice(frozen.section(FileSection::Shared));
        if !rows_and_nodes || !shared.is_sorted() || shared.iter().any(|[_, row]| *row as usize >= frozen.header.rows) {
            return Err(damaged("invalid row numbers"));
        }
        Ok(frozen)
    }

    /// What says which vectors were frozen: as it was given to [`HnswGraph::build`].
    pub fn source_id(&self) -> &[u8; SOURCE_ID_LEN] {
        &self.header.source_id
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.header.rows
    }

    /// How many distinct codes.
    pub fn nodes(&self) -> usize {
        self.header.nodes
    }

    /// Numbers in a vector.
    pub fn dimension(&self) -> usize {
        self.header.dimension
    }

    /// The keys of the rows, ascending.
    pub fn keys(&self) -> &[i64] {
        bytemuck::cast_slice(self.section(FileSection::Keys))
    }

    /// Recall of the ten nearest rows as the audit after the build found it: 0 to 1.
    pub fn recall(&self) -> f32 {
        self.header.recall.0
    }

    /// The share of rows that are found by their own vectors, as the audit found it.
    pub fn self_recall(&self) -> f32 {
        self.header.recall.1
    }

    /// Candidates that a walk looks at: the fewest that gave the recall aimed for.
    pub fn ef(&self) -> usize {
        self.header.ef
    }

    /// All bytes, to be written to a file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The vector of a row.
    ///
    /// # Errors
    /// [`IndexCorruption`].
    pub fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption> {
        self.check(FileSection::Vectors, row.index())?;
        let numbers: &[f32] = bytemuck::cast_slice(self.section(FileSection::Vectors));
        let dimension = self.header.dimension;
        numbers.get(row.index() * dimension..(row.index() + 1) * dimension).ok_or(damaged("row out of range"))
    }

    pub(super) fn quantizer(&self) -> Quantizer {
        Quantizer { scale: self.header.scale, error: self.header.error }
    }

    /// The codes of all nodes. The nodes that are looked at have to be checked before.
    pub(super) fn codes(&self) -> &[u8] {
        self.section(FileSection::Codes)
    }

    /// Checks the codes of some nodes.
    pub(super) fn check_codes(&self, nodes: Range<usize>) -> Result<(), IndexCorruption> {
        let block = FileHeader::block(FileSection::Codes);
        let blocks = nodes.start / block..nodes.end.div_ceil(block);
        blocks.into_iter().try_for_each(|at| self.check(FileSection::Codes, at * block))
    }

    /// Nodes with clipped codes: their similarities by codes are not within the error.
    pub(super) fn clipped(&self) -> &[u32] {
        self.numbers(FileSection::Clipped)
    }

    /// The node of a row.
    pub(super) fn node(&self, row: RowId) -> u32 {
        self.numbers(FileSection::Nodes)[row.index()]
    }

    /// The rows of a node.
    pub(super) fn rows_of(&self, node: u32) -> impl Iterator<Item = RowId> {
        let first = self.numbers(FileSection::Rows)[node as usize];
        let shared: &[[u32; 2]] = match first & TRUNCATED {
            0 => &[],
            _ => bytemuck::cast_slice(self.section(FileSection::Shared)),
        };
        let from = shared.partition_point(|[other, _]| *other < node);
        let more = shared[from..].iter().take_while(move |[other, _]| *other == node).map(|[_, row]| RowId(*row));
        std::iter::once(RowId(first & !TRUNCATED)).chain(more)
    }

    /// Layers above the lowest, from the top: the links of their nodes, which are the first ones.
    fn upper(&self) -> impl Iterator<Item = &[u32]> {
        let links = self.numbers(FileSection::Upper);
        let mut end = links.len();
        self.header.upper.iter().rev().filter(|count| **count > 0).map(move |count| {
            let layer = &links[end - count * LINKS.1..end];
            end -= count * LINKS.1;
            layer
        })
    }

    fn section(&self, section: FileSection) -> &[u8] {
        &self.bytes[self.places[section as usize].clone()]
    }

    fn numbers(&self, section: FileSection) -> &[u32] {
        bytemuck::cast_slice(self.section(section))
    }

    /// Checks the block of a section that holds a node or row, unless that was done before.
    #[inline]
    fn check(&self, section: FileSection, at: usize) -> Result<(), IndexCorruption> {
        let block = at / FileHeader::block(section);
        let word = self.checked_blocks[section as usize].get(block / 64).ok_or(damaged("node out of range"))?;
        if word.load(Ordering::Relaxed) >> (block % 64) & 1 == 1 { Ok(()) } else { self.check_block(section, block) }
    }

    #[cold]
    fn check_block(&self, section: FileSection, block: usize) -> Result<(), IndexCorruption> {
        let before: usize = SECTIONS[..section as usize].iter().map(|section| self.header.blocks(*section)).sum();
        if block >= self.header.blocks(section) {
            return Err(damaged("node out of range"));
        }
        let bytes = self.section(section);
        let size = self.header.block_bytes(section);
        let block_bytes = &bytes[block * size..bytes.len().min((block + 1) * size)];
        if self.numbers(FileSection::Sums)[before + block] != crc32fast::hash(block_bytes) {
            return Err(damaged("checksum mismatch in a block"));
        }
        self.checked_blocks[section as usize][block / 64].fetch_or(1 << (block % 64), Ordering::Relaxed);
        Ok(())
    }
}

impl fmt::Debug for HnswGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frozen").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
