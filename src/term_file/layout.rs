//! The bytes of a file of terms: a header, the keys of the papers, and sections whose places follow from the header's counts.
//!
//! All numbers are little-endian. `docs/format.md` has the layout as a table.

use std::ops::Range;

use super::TermFileCorruption;
use crate::file::{BlockLayout, BlockSection, SOURCE_ID_LEN};

/// "pkinterm", read as a little-endian number: other byte orders see another one.
const MAGIC: u64 = u64::from_le_bytes(*b"pkinterm");
/// The format's version: another one is refused, and the file written again.
const VERSION: u64 = 2;
/// Bytes of the header, its checksum in the last eight.
pub(super) const HEADER: usize = 256;
/// Bytes of what is looked up one paper or one term at a time, and has a checksum: small, to be read on the way to one item.
const SMALL_BLOCK: usize = 4 << 10;
/// The same of what is read in long runs.
const LARGE_BLOCK: usize = 16 << 10;

/// A part of the file that is read block by block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermSection {
    /// Where the terms of each paper begin, and the end: u32.
    PaperStarts,
    /// The terms of the papers, paper after paper, ascending for each: u32.
    PaperTerms,
    /// How often the paper has the term: u8.
    PaperCounts,
    /// Words of each paper: u32.
    Lengths,
    /// The numbers of all terms, ascending: u32.
    Terms,
    /// Where the papers of each term begin, and the end: u32.
    PostingStarts,
    /// The papers of the terms, term after term, ascending for each: u32, places in the list of keys.
    PostingPapers,
    /// How often the paper has the term: u8.
    PostingCounts,
}

pub(super) const SECTIONS: usize = 8;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TermFileHeader {
    pub papers: usize,
    /// Different terms.
    pub terms: usize,
    /// Terms of papers: the sum over the papers.
    pub entries: usize,
    /// Words of all papers.
    pub words: u64,
    /// Checksum of the keys.
    pub keys_sum: u32,
    /// Checksum of the checksums of the blocks.
    pub sums_sum: u32,
    pub source_id: [u8; SOURCE_ID_LEN],
}

impl TermFileHeader {
    /// Items of each section, bytes of an item, and bytes of a block.
    fn items(&self) -> [(usize, usize, usize); SECTIONS] {
        let TermFileHeader { papers, terms, entries, .. } = *self;
        [
            (papers + 1, 4, SMALL_BLOCK),
            (entries, 4, SMALL_BLOCK),
            (entries, 1, SMALL_BLOCK),
            (papers, 4, LARGE_BLOCK),
            (terms, 4, SMALL_BLOCK),
            (terms + 1, 4, SMALL_BLOCK),
            (entries, 4, LARGE_BLOCK),
            (entries, 1, LARGE_BLOCK),
        ]
    }

    /// Where the keys are.
    pub(super) fn keys(&self) -> Range<usize> {
        HEADER..HEADER + 8 * self.papers
    }

    /// Where each section is.
    ///
    /// # Errors
    /// [`TermFileCorruption`] when the file would be too large.
    pub(super) fn block_layout(&self) -> Result<BlockLayout<SECTIONS>, TermFileCorruption> {
        // All numbers of papers and entries are 32 bits, so that no sum below overflows.
        let most = u32::MAX as usize;
        if self.papers >= most || self.terms >= most || self.entries > most {
            return Err(TermFileCorruption("invalid header"));
        }
        let mut end = self.keys().end;
        let mut blocks = 0;
        let sections = self.items().map(|(rows, row_bytes, block_bytes)| {
            let start = end.next_multiple_of(8);
            end = start + rows * row_bytes;
            let section = BlockSection { start, rows, row_bytes, rows_per_block: block_bytes / row_bytes };
            blocks += section.blocks();
            section
        });
        let sums = end.next_multiple_of(8);
        Ok(BlockLayout { sections, sums, length: sums + 4 * blocks })
    }

    pub(super) fn write(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let words = [
            MAGIC,
            VERSION,
            self.papers as u64,
            self.terms as u64,
            self.entries as u64,
            self.words,
            self.keys_sum.into(),
            self.sums_sum.into(),
        ];
        for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes[8 * words.len()..][..SOURCE_ID_LEN].copy_from_slice(&self.source_id);
        let sum = crc32fast::hash(&bytes[..HEADER - 8]);
        bytes[HEADER - 8..].copy_from_slice(&u64::from(sum).to_le_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`TermFileCorruption`] when it is none.
    pub(super) fn read(bytes: &[u8; HEADER]) -> Result<TermFileHeader, TermFileCorruption> {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |at: usize| u64::from_le_bytes(words[at]);
        if word(0) != MAGIC {
            return Err(TermFileCorruption("not a file of terms"));
        }
        if word(1) != VERSION {
            return Err(TermFileCorruption("unsupported version"));
        }
        if word(HEADER / 8 - 1) != u64::from(crc32fast::hash(&bytes[..HEADER - 8])) {
            return Err(TermFileCorruption("checksum mismatch in the header"));
        }
        let count = |at: usize| usize::try_from(word(at)).unwrap_or(usize::MAX);
        let mut source_id = [0; SOURCE_ID_LEN];
        source_id.copy_from_slice(&bytes[64..64 + SOURCE_ID_LEN]);
        Ok(TermFileHeader {
            papers: count(2),
            terms: count(3),
            entries: count(4),
            words: word(5),
            keys_sum: word(6) as u32,
            sums_sum: word(7) as u32,
            source_id,
        })
    }
}
