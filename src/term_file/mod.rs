//! The terms of all papers in a file, both ways: the terms of each paper, and the papers of each term.
//!
//! A [`TermFile`] is read and checked block by block, where it is looked at. A [`TermIndex`] is a file and what changed in the
//! library since it was written. The source of truth is the library, which has the same terms as rows: these are read one by
//! one, arrays in microseconds.

mod added_terms;
mod layout;
mod search;
mod write;

use std::fmt;
use std::fs::File;
use std::io::Read;

use crate::file::{BlockError, BlockFile, SOURCE_ID_LEN};
use crate::lexical::TermSlice;
use layout::{HEADER, SECTIONS, TermFileHeader, TermSection};
pub(crate) use search::TermIndex;
pub(crate) use write::TermFileBuilder;

/// Why a file cannot be used: it has to be written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TermFileCorruption(&'static str);

impl TermFileCorruption {
    /// A paper of the library is neither in the file nor among those that were added since.
    pub(crate) const FOREIGN: TermFileCorruption = TermFileCorruption("the terms of other papers than the library has");
}

impl fmt::Display for TermFileCorruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<BlockError> for TermFileCorruption {
    fn from(BlockError(reason): BlockError) -> TermFileCorruption {
        TermFileCorruption(reason)
    }
}

/// The terms of papers in a file. A paper is known by its place in the list of keys, which ascend.
pub(crate) struct TermFile {
    header: TermFileHeader,
    blocks: BlockFile<SECTIONS>,
}

/// The papers of a file that have a term.
#[derive(Clone, Copy, Default)]
struct Postings<'a> {
    /// Their places, ascending.
    papers: &'a [u32],
    /// How often each has the term.
    counts: &'a [u8],
}

impl TermFile {
    /// Takes a file for one of terms, of which blocks are read as they are used. Damage of these shows when they are looked at.
    ///
    /// # Errors
    /// [`TermFileCorruption`] when it is none, or a damaged one.
    pub(crate) fn open(mut file: File) -> Result<TermFile, TermFileCorruption> {
        let unreadable = |_| TermFileCorruption("the file is truncated, or cannot be read");
        let file_length = file.metadata().map_err(unreadable)?.len();
        let mut bytes = [0; HEADER];
        file.read_exact(&mut bytes).map_err(unreadable)?;
        let header = TermFileHeader::read(&bytes)?;
        let layout = header.block_layout()?;
        let (sums, length) = (layout.sums, layout.length);
        if length as u64 != file_length {
            return Err(TermFileCorruption("wrong file length"));
        }
        let blocks = BlockFile::open(file, layout).map_err(unreadable)?;
        blocks.expect_whole_section(TermSection::Lengths as usize);
        if crc32fast::hash(blocks.outside(sums..length)) != header.sums_sum {
            return Err(TermFileCorruption("checksum mismatch in the checksums"));
        }
        if crc32fast::hash(blocks.outside(header.keys())) != header.keys_sum {
            return Err(TermFileCorruption("checksum mismatch in the keys"));
        }
        Ok(TermFile { header, blocks })
    }

    /// What says which papers' terms are in the file, as it was given to [`TermFileBuilder::write`].
    pub(crate) fn source_id(&self) -> &[u8; SOURCE_ID_LEN] {
        &self.header.source_id
    }

    /// The keys of the papers, ascending.
    pub(crate) fn keys(&self) -> &[i64] {
        bytemuck::cast_slice(self.blocks.outside(self.header.keys()))
    }

    /// The terms of the paper at a place.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn terms(&self, place: usize) -> Result<TermSlice<'_>, TermFileCorruption> {
        let (from, to) = self.range(TermSection::PaperStarts, place)?;
        Ok(TermSlice {
            numbers: self.numbers(TermSection::PaperTerms, from, to)?,
            counts: self.blocks.rows(TermSection::PaperCounts as usize, from..to)?,
            length: self.numbers(TermSection::Lengths, place, place + 1)?[0],
        })
    }

    /// Words of each paper.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    fn lengths(&self) -> Result<&[u32], TermFileCorruption> {
        self.numbers(TermSection::Lengths, 0, self.header.papers)
    }

    /// The papers that have a term.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    fn postings(&self, term: u32) -> Result<Postings<'_>, TermFileCorruption> {
        let Some(place) = self.term_place(term)? else { return Ok(Postings::default()) };
        let (from, to) = self.range(TermSection::PostingStarts, place)?;
        let papers = self.numbers(TermSection::PostingPapers, from, to)?;
        // Damage that has the right checksum must not lead out of arrays.
        if papers.last().is_some_and(|paper| *paper as usize >= self.header.papers) {
            return Err(TermFileCorruption("invalid postings"));
        }
        Ok(Postings { papers, counts: self.blocks.rows(TermSection::PostingCounts as usize, from..to)? })
    }

    /// The place of a term among all terms. Their numbers are spread evenly, so it is near to where its number says: few
    /// blocks are read.
    fn term_place(&self, term: u32) -> Result<Option<usize>, TermFileCorruption> {
        let count = self.header.terms;
        let number = |place: usize| Ok::<_, TermFileCorruption>(self.numbers(TermSection::Terms, place, place + 1)?[0]);
        let guess = ((u64::from(term) * count as u64) >> 32) as usize;
        let (mut from, mut to, mut step) = (guess, guess, 64);
        while from > 0 && number(from)? > term {
            from = from.saturating_sub(step);
            step *= 2;
        }
        step = 64;
        while to < count && number(to)? < term {
            to = (to + step).min(count);
            step *= 2;
        }
        // The term, if there is one, is at `from` or later and not after `to`.
        while from < to {
            let middle = (from + to) / 2;
            if number(middle)? < term { from = middle + 1 } else { to = middle }
        }
        Ok((from < count && number(from)? == term).then_some(from))
    }

    /// Everything that is in the file.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn check(&self) -> Result<(), TermFileCorruption> {
        Ok(self.blocks.whole().map(|_| ())?)
    }

    /// Where the list at a place begins and ends.
    fn range(&self, starts: TermSection, place: usize) -> Result<(usize, usize), TermFileCorruption> {
        let ends = self.numbers(starts, place, place + 2)?;
        let (from, to) = (ends[0] as usize, ends[1] as usize);
        if from > to || to > self.header.entries {
            return Err(TermFileCorruption("invalid list"));
        }
        Ok((from, to))
    }

    /// Numbers of a section, their blocks checked.
    fn numbers(&self, section: TermSection, from: usize, to: usize) -> Result<&[u32], TermFileCorruption> {
        Ok(bytemuck::cast_slice(self.blocks.rows(section as usize, from..to)?))
    }
}

impl fmt::Debug for TermFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TermFile").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
