//! A graph as it is stored, read and walked: flat, checked, and the same for every process.
//!
//! [`build`](HnswGraph::build) links the vectors, `layout` says where what lies, `write` puts it there, `search` finds
//! neighbors, `recall` tries them out. A graph without links holds vectors and codes for a scan. Nodes are distinct codes; rows whose codes are the same share a node.

mod build;
mod construct;
mod layout;
mod recall;
mod search;
mod write;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;

use crate::file::{BlockError, BlockFile, ZeroedBuffer};
use crate::vector::{Quantizer, RowId};
use layout::{FileHeader, FileSection, HEADER, IN_BLOCKS, LINKS, SECTIONS};

pub use crate::file::SOURCE_ID_LEN;
pub(crate) use build::GraphParts;

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

impl From<BlockError> for IndexCorruption {
    fn from(BlockError(reason): BlockError) -> IndexCorruption {
        IndexCorruption(reason)
    }
}

/// A graph over the distinct codes of rows of vectors, with the vectors.
pub struct HnswGraph {
    blocks: BlockFile<IN_BLOCKS>,
    header: FileHeader,
    places: [Range<usize>; SECTIONS.len()],
}

impl HnswGraph {
    /// Takes a file for a graph, of which codes, links and vectors are read as they are used.
    ///
    /// # Errors
    /// [`IndexCorruption`] when it is none, or a damaged one. Damage of codes, links and vectors shows when they are used.
    pub fn open(mut file: File) -> Result<HnswGraph, IndexCorruption> {
        let unreadable = |_| damaged("the file is truncated, or cannot be read");
        let length = file.metadata().map_err(unreadable)?.len();
        let mut start = [0; HEADER];
        file.read_exact(&mut start).map_err(unreadable)?;
        let header = FileHeader::read(&start, usize::try_from(length).unwrap_or(usize::MAX))?;
        let blocks = BlockFile::open(file, header.block_layout()?).map_err(unreadable)?;
        HnswGraph::new(header, blocks)
    }

    /// Takes bytes in memory for a graph.
    fn from_bytes(bytes: ZeroedBuffer) -> Result<HnswGraph, IndexCorruption> {
        let start = bytes.first_chunk().ok_or(damaged("the file is truncated"))?;
        let header = FileHeader::read(start, bytes.len())?;
        let layout = header.block_layout()?;
        HnswGraph::new(header, BlockFile::in_memory(bytes, layout))
    }

    fn new(header: FileHeader, blocks: BlockFile<IN_BLOCKS>) -> Result<HnswGraph, IndexCorruption> {
        let (places, _) = header.places().ok_or(damaged("wrong file length"))?;
        if !header.has_links {
            blocks.expect_whole_section(FileSection::Codes as usize);
        }
        let frozen = HnswGraph { blocks, header, places };
        for (section, sum) in SECTIONS[IN_BLOCKS..].iter().zip(frozen.header.sums) {
            if crc32fast::hash(frozen.section(*section)) != sum {
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

    /// Whether nodes are linked: if not, they can only be scanned.
    pub fn has_links(&self) -> bool {
        self.header.has_links
    }

    /// The header's bytes: what a file of this graph begins with.
    pub(crate) fn header_bytes(&self) -> Vec<u8> {
        self.header.write()
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

    /// All bytes, to be written to a file. What was not read is read.
    ///
    /// # Errors
    /// [`IndexCorruption`].
    pub fn as_bytes(&self) -> Result<&[u8], IndexCorruption> {
        Ok(self.blocks.whole()?)
    }

    /// Bytes of the file.
    pub fn size_bytes(&self) -> usize {
        self.blocks.len()
    }

    /// The vector of a row.
    ///
    /// # Errors
    /// [`IndexCorruption`].
    pub fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption> {
        Ok(bytemuck::cast_slice(self.blocks.rows(FileSection::Vectors as usize, row.index()..row.index() + 1)?))
    }

    pub(super) fn quantizer(&self) -> Quantizer {
        Quantizer { scale: self.header.scale, error: self.header.error }
    }

    /// The codes of some nodes.
    pub(super) fn codes(&self, nodes: Range<usize>) -> Result<&[u8], IndexCorruption> {
        Ok(self.blocks.rows(FileSection::Codes as usize, nodes)?)
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

    /// A section that is not read in blocks.
    fn section(&self, section: FileSection) -> &[u8] {
        self.blocks.outside(self.places[section as usize].clone())
    }

    fn numbers(&self, section: FileSection) -> &[u32] {
        bytemuck::cast_slice(self.section(section))
    }
}

impl fmt::Debug for HnswGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frozen").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
