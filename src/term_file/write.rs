//! Writing a file of terms, paper by paper.

use std::io::{self, Seek, SeekFrom, Write};

use super::layout::{HEADER, TermFileHeader, TermSection};
use crate::file::{SOURCE_ID_LEN, SectionWriter};
use crate::lexical::{TermMap, TermSlice};

/// Postings that are laid out at once, in memory: with fewer, the papers are gone through more often.
const POSTINGS_AT_ONCE: usize = 16 << 20;

/// The terms of papers on their way to a file. They take five bytes each in memory, and the terms of a library a few bytes each.
#[derive(Default)]
pub(crate) struct TermFileBuilder {
    keys: Vec<i64>,
    starts: Vec<u32>,
    numbers: Vec<u32>,
    counts: Vec<u8>,
    lengths: Vec<u32>,
}

impl TermFileBuilder {
    /// Adds a paper. Keys ascend.
    pub(crate) fn push(&mut self, key: i64, terms: TermSlice<'_>) {
        debug_assert!(self.keys.last() < Some(&key));
        self.keys.push(key);
        self.starts.push(self.numbers.len() as u32);
        self.numbers.extend(terms.numbers);
        self.counts.extend(terms.counts);
        // A paper without words is a paper still.
        self.lengths.push(terms.length.max(1));
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written, or the papers have more than 4 billion terms.
    pub(crate) fn write(mut self, source_id: [u8; SOURCE_ID_LEN], file: &mut (impl Write + Seek)) -> io::Result<()> {
        let too_large = || io::Error::other("more terms than a file holds");
        self.starts.push(u32::try_from(self.numbers.len()).map_err(|_| too_large())?);
        let (terms, posting_starts, places) = self.terms();
        let keys: &[u8] = bytemuck::cast_slice(&self.keys);
        let mut header = TermFileHeader {
            papers: self.keys.len(),
            terms: terms.len(),
            entries: self.numbers.len(),
            words: self.lengths.iter().map(|words| u64::from(*words)).sum(),
            keys_sum: crc32fast::hash(keys),
            sums_sum: 0,
            source_id,
        };
        let layout = header.block_layout().map_err(|corruption| io::Error::other(corruption.to_string()))?;
        file.seek(SeekFrom::Start(HEADER as u64))?;
        file.write_all(keys)?;
        let mut sections = SectionWriter::of(&layout);
        let mut put = |section: TermSection, bytes: &[u8]| sections[section as usize].put(file, bytes);
        put(TermSection::PaperStarts, bytemuck::cast_slice(&self.starts))?;
        put(TermSection::PaperTerms, bytemuck::cast_slice(&self.numbers))?;
        put(TermSection::PaperCounts, &self.counts)?;
        put(TermSection::Lengths, bytemuck::cast_slice(&self.lengths))?;
        put(TermSection::Terms, bytemuck::cast_slice(&terms))?;
        put(TermSection::PostingStarts, bytemuck::cast_slice(&posting_starts))?;
        drop(terms);
        self.for_each_part_of_postings(&posting_starts, &places, |papers, counts| {
            put(TermSection::PostingPapers, bytemuck::cast_slice(papers))?;
            put(TermSection::PostingCounts, counts)
        })?;
        let sums: Vec<u32> = sections.into_iter().flat_map(SectionWriter::finish).collect();
        let sums: &[u8] = bytemuck::cast_slice(&sums);
        file.seek(SeekFrom::Start(layout.sums as u64))?;
        file.write_all(sums)?;
        header.sums_sum = crc32fast::hash(sums);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header.write())
    }

    /// All terms, ascending; where the papers of each begin, and the end; and the place of each term.
    fn terms(&self) -> (Vec<u32>, Vec<u32>, TermMap<u32>) {
        let mut places: TermMap<u32> = TermMap::default();
        self.numbers.iter().for_each(|number| *places.entry(*number).or_default() += 1);
        let mut terms: Vec<u32> = places.keys().copied().collect();
        terms.sort_unstable();
        let mut starts = Vec::with_capacity(terms.len() + 1);
        let mut start = 0;
        for (place, term) in (0..).zip(&terms) {
            starts.push(start);
            if let Some(papers) = places.get_mut(term) {
                start += std::mem::replace(papers, place);
            }
        }
        starts.push(start);
        (terms, starts, places)
    }

    /// Hands over the postings of one term after the other, a part of them at a time: papers, and how often each has the term.
    fn for_each_part_of_postings(
        &self,
        starts: &[u32],
        places: &TermMap<u32>,
        mut take: impl FnMut(&[u32], &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let terms = starts.len() - 1;
        let mut first = 0;
        while first < terms {
            let base = starts[first];
            let last = starts[first + 1..].partition_point(|end| (end - base) as usize <= POSTINGS_AT_ONCE);
            let end = (first + last.max(1)).min(terms);
            let mut next: Vec<u32> = starts[first..end].iter().map(|start| start - base).collect();
            let size = (starts[end] - base) as usize;
            let (mut papers, mut counts) = (vec![0u32; size], vec![0u8; size]);
            for (paper, range) in (0..).zip(self.starts.windows(2)) {
                for entry in range[0] as usize..range[1] as usize {
                    let place = places[&self.numbers[entry]] as usize;
                    if (first..end).contains(&place) {
                        let at = &mut next[place - first];
                        papers[*at as usize] = paper;
                        counts[*at as usize] = self.counts[entry];
                        *at += 1;
                    }
                }
            }
            take(&papers, &counts)?;
            first = end;
        }
        Ok(())
    }
}
