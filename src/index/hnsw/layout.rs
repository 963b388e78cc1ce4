//! The bytes of a frozen graph: a header, and sections whose places follow from the header's counts.
//!
//! All numbers are little-endian. `docs/format.md` has the layout as a table.

use std::ops::Range;

use super::{IndexCorruption, damaged};
use crate::file::{BlockLayout, BlockSection, SOURCE_ID_LEN};
use crate::vector::{CACHE_LINE, padded_len};

/// "pkinhnsw", read as a little-endian number: other byte orders see another one.
const MAGIC: u64 = u64::from_le_bytes(*b"pkinhnsw");
/// The format's version: another one is refused, and the graph built again.
const VERSION: u64 = 2;
/// Bytes of the header, its checksum in the last eight.
pub(super) const HEADER: usize = 1024;
/// Links of a node on the lowest layer, and on each of the others.
pub(super) const LINKS: (usize, usize) = (32, 16);
/// Layers at most that lie above the lowest.
pub(super) const UPPER: usize = 8;
/// A link that leads nowhere.
pub(super) const NONE: u32 = u32::MAX;

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileSection {
    /// Links of the lowest layer: u32, [`LINKS`] a node; none in a file that is only scanned.
    Links,
    /// Codes of the nodes.
    Codes,
    /// Vectors of the rows: f32.
    Vectors,
    /// Keys of the rows: i64, ascending.
    Keys,
    /// The node of each row: u32.
    Nodes,
    /// The first row of each node: u32, the highest bit set when it has more.
    Rows,
    /// Further rows of nodes: pairs of u32, node and row, ascending.
    Shared,
    /// Nodes with clipped codes: u32, ascending.
    Clipped,
    /// Links of the layers above: u32, the second of [`LINKS`] a node; layer after layer, each with the first nodes.
    Upper,
    /// Checksums of the blocks of the first three sections: u32.
    Sums,
}

/// The sections in the file's order. The first three are checked block by block, when a block is first looked at: they
/// are too large to be read whole at the start. The others are checked when the file is opened.
pub(super) const SECTIONS: [FileSection; 10] = [
    FileSection::Links,
    FileSection::Codes,
    FileSection::Vectors,
    FileSection::Keys,
    FileSection::Nodes,
    FileSection::Rows,
    FileSection::Shared,
    FileSection::Clipped,
    FileSection::Upper,
    FileSection::Sums,
];
/// How many of them are checked in blocks.
pub(super) const IN_BLOCKS: usize = 3;

/// What the header says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileHeader {
    pub dimension: usize,
    pub nodes: usize,
    pub rows: usize,
    /// Whether nodes are linked: if not, they can only be scanned.
    pub has_links: bool,
    /// Rows beside the first ones of their nodes.
    pub shared: usize,
    /// Nodes with clipped codes.
    pub clipped: usize,
    /// Nodes of each layer above the lowest, from below; 0 where there is no layer.
    pub upper: [usize; UPPER],
    /// The first nodes, all of which a walk looks at to begin with.
    pub entries: usize,
    pub scale: f32,
    pub error: f32,
    /// Candidates that a walk looks at.
    pub ef: usize,
    /// Recall of the ten nearest and of the rows themselves, as the audit found them.
    pub recall: (f32, f32),
    pub source_id: [u8; SOURCE_ID_LEN],
    /// Checksums of the sections that are checked at the start, in their order.
    pub sums: [u32; SECTIONS.len() - IN_BLOCKS],
}

impl FileHeader {
    /// Nodes or rows in one block of a section that is checked in blocks. A walk looks at one here and one there: blocks are of
    /// 2 to 3 KiB, so that few others are read with it. A scan looks at all codes.
    fn block(&self, section: FileSection) -> usize {
        match section {
            FileSection::Links => 16,
            FileSection::Codes if !self.has_links => 64,
            FileSection::Codes => 8,
            _ => 2,
        }
    }

    /// Bytes of a node or row in a section that is checked in blocks.
    fn row_bytes(&self, section: FileSection) -> usize {
        match section {
            FileSection::Links => LINKS.0 * 4,
            FileSection::Codes => padded_len(self.dimension),
            _ => self.dimension * 4,
        }
    }

    /// How many blocks a section that is checked in blocks has.
    pub(super) fn blocks(&self, section: FileSection) -> usize {
        self.count(section).div_ceil(self.block(section))
    }

    /// How many nodes or rows such a section has.
    fn count(&self, section: FileSection) -> usize {
        match section {
            FileSection::Links if !self.has_links => 0,
            FileSection::Vectors => self.rows,
            _ => self.nodes,
        }
    }

    /// Where the blocks lie, of the sections that are checked in blocks.
    ///
    /// # Errors
    /// [`IndexCorruption`] when the file would be too large.
    pub(super) fn block_layout(&self) -> Result<BlockLayout<IN_BLOCKS>, IndexCorruption> {
        let (places, length) = self.places().ok_or(damaged("wrong file length"))?;
        let sections = std::array::from_fn(|index| BlockSection {
            start: places[index].start,
            rows: self.count(SECTIONS[index]),
            row_bytes: self.row_bytes(SECTIONS[index]),
            rows_per_block: self.block(SECTIONS[index]),
        });
        Ok(BlockLayout { sections, sums: places[FileSection::Sums as usize].start, length })
    }

    /// Bytes of each section.
    fn lengths(&self) -> Option<[usize; SECTIONS.len()]> {
        let upper = self.upper.iter().try_fold(0usize, |sum, count| sum.checked_add(*count))?;
        let sums = SECTIONS[..IN_BLOCKS].iter().map(|section| self.blocks(*section)).sum();
        let times = |count: usize, bytes: usize| count.checked_mul(bytes);
        Some([
            times(self.count(FileSection::Links), LINKS.0 * 4)?,
            times(self.nodes, padded_len(self.dimension))?,
            times(self.rows, self.dimension * 4)?,
            times(self.rows, 8)?,
            times(self.rows, 4)?,
            times(self.nodes, 4)?,
            times(self.shared, 8)?,
            times(self.clipped, 4)?,
            times(upper, LINKS.1 * 4)?,
            times(sums, 4)?,
        ])
    }

    /// Where each section lies, and the file's length. Sections begin at cache lines.
    pub(super) fn places(&self) -> Option<([Range<usize>; SECTIONS.len()], usize)> {
        let mut at = HEADER;
        let mut places: [Range<usize>; SECTIONS.len()] = Default::default();
        for (place, length) in places.iter_mut().zip(self.lengths()?) {
            *place = at..at.checked_add(length)?;
            at = place.end.checked_next_multiple_of(CACHE_LINE)?;
        }
        Some((places, at))
    }

    /// The header's bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut words = vec![MAGIC, VERSION];
        let counts = [self.dimension, self.nodes, self.rows, self.shared, self.clipped, self.entries];
        words.extend(counts.map(|count| count as u64));
        words.extend(self.upper.map(|count| count as u64));
        words.extend([self.scale, self.error, self.recall.0, self.recall.1].map(|x| u64::from(x.to_bits())));
        words.push(self.ef as u64);
        words.extend(self.sums.map(u64::from));
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(self.source_id);
        bytes.extend(u64::from(!self.has_links).to_le_bytes());
        bytes.resize(HEADER - 8, 0);
        let sum = crc32fast::hash(&bytes);
        bytes.extend(u64::from(sum).to_le_bytes());
        bytes
    }

    /// Reads a header, and checks that a file of this length has what it speaks of.
    pub(super) fn read(header: &[u8; HEADER], length: usize) -> Result<FileHeader, IndexCorruption> {
        let (words, _) = header.as_chunks::<8>();
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or(0);
        if next() != MAGIC {
            return Err(damaged("not an index file"));
        }
        if next() != VERSION {
            return Err(damaged("unsupported version"));
        }
        if header[HEADER - 8..] != u64::from(crc32fast::hash(&header[..HEADER - 8])).to_le_bytes() {
            return Err(damaged("checksum mismatch in the header"));
        }
        let mut count = || usize::try_from(next()).unwrap_or(usize::MAX);
        let [dimension, nodes, rows, shared, clipped, entries] = std::array::from_fn(|_| count());
        let upper = std::array::from_fn(|_| count());
        let mut number = || f32::from_bits(next() as u32);
        let (scale, error, recall) = (number(), number(), (number(), number()));
        let ef = usize::try_from(next()).unwrap_or(usize::MAX);
        let sums = std::array::from_fn(|_| next() as u32);
        let at = 8 * (2 + 6 + upper.len() + 4 + 1 + sums.len());
        let mut origin = [0; SOURCE_ID_LEN];
        origin.copy_from_slice(&header[at..at + SOURCE_ID_LEN]);
        let has_links = header[at + SOURCE_ID_LEN..][..8] == [0; 8];
        let header = FileHeader {
            dimension,
            nodes,
            rows,
            has_links,
            shared,
            clipped,
            upper,
            entries,
            scale,
            error,
            ef,
            recall,
            source_id: origin,
            sums,
        };
        header.check(length)?;
        Ok(header)
    }

    fn check(&self, length: usize) -> Result<(), IndexCorruption> {
        let counts = (1..1 << 16).contains(&self.dimension)
            && (1..=self.rows).contains(&self.nodes)
            && self.rows < 1 << 31
            && self.shared < self.rows
            && self.clipped <= self.nodes
            && (1..=self.nodes).contains(&self.entries)
            && self.upper[0] <= if self.has_links { self.nodes } else { 0 }
            && self.upper.is_sorted_by(|a, b| a >= b)
            && (1..=1 << 20).contains(&self.ef);
        let numbers = self.scale.is_normal() && self.scale > 0.0 && self.error >= 0.0 && self.error.is_finite();
        if !counts || !numbers {
            return Err(damaged("invalid header"));
        }
        match self.places() {
            Some((_, end)) if end == length => Ok(()),
            _ => Err(damaged("wrong file length")),
        }
    }
}

/// Makes the checksums of bytes right, as far as their header makes sense.
#[cfg(test)]
pub(super) fn seal(bytes: &mut [u8]) {
    let seal_header = |bytes: &mut [u8]| {
        if bytes.len() >= HEADER {
            let sum = crc32fast::hash(&bytes[..HEADER - 8]);
            bytes[HEADER - 8..HEADER].copy_from_slice(&u64::from(sum).to_le_bytes());
        }
    };
    seal_header(bytes);
    let Some(Ok(mut header)) = bytes.first_chunk().map(|start| FileHeader::read(start, bytes.len())) else { return };
    let Some((places, _)) = header.places() else { return };
    let blocks = SECTIONS[..IN_BLOCKS].iter().flat_map(|section| {
        let bytes = &bytes[places[*section as usize].clone()];
        bytes.chunks(header.block(*section) * header.row_bytes(*section)).map(crc32fast::hash)
    });
    let sums: Vec<u8> = blocks.flat_map(u32::to_le_bytes).collect();
    bytes[places[FileSection::Sums as usize].clone()].copy_from_slice(&sums);
    header.sums = std::array::from_fn(|index| crc32fast::hash(&bytes[places[IN_BLOCKS + index].clone()]));
    bytes[..HEADER].copy_from_slice(&header.write());
}
