//! The graph on disk: compressed sparse rows in both directions, each block read and checked when it is first looked at.
//!
//! All numbers are little-endian. `docs/format.md` has the layout as a table.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;

use crate::file::{BlockError, BlockFile, BlockLayout, BlockSection, SOURCE_ID_LEN};

/// "pkincite", read as a little-endian number: other byte orders see another one.
const MAGIC: u64 = u64::from_le_bytes(*b"pkincite");
/// The format's version: another one is refused, and the file written again.
const VERSION: u64 = 1;
/// Bytes of the header, its checksum in the last eight.
const HEADER: usize = 256;
/// Bytes that have a checksum together: small enough to be checked on the way to one list.
const BLOCK: usize = 8 << 10;
/// Stands for a work that is not a paper of the library. Keys of papers are above 0.
const NO_PAPER: i64 = 0;

/// Why a file cannot be used: it has to be written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GraphCorruption(&'static str);

impl fmt::Display for GraphCorruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The counts that all places in the file follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// One more than the largest number of a work.
    works: usize,
    /// Works that are papers.
    papers: usize,
    links: usize,
}

/// The sections in the file's order. Each begins at a multiple of eight bytes.
#[derive(Debug, Clone, Copy)]
enum Section {
    /// The paper of each work: i64.
    Papers,
    /// Keys of papers, ascending: i64; and their works in the same order: u32.
    Keys,
    Works,
    /// Where the references of each work begin, and the end: u32; the cited works: u32, ascending for each work.
    ReferenceStarts,
    References,
    /// The same of the citing works.
    CitationStarts,
    Citations,
}

/// How many sections there are.
const SECTIONS: usize = 7;

impl Layout {
    /// Where each section lies, where the checksums of the blocks begin, and the file's length.
    fn places(self) -> Option<([Range<usize>; SECTIONS], usize, usize)> {
        let Layout { works, papers, links } = self;
        let lengths = [
            works.checked_mul(8)?,
            papers.checked_mul(8)?,
            papers.checked_mul(4)?,
            works.checked_add(1)?.checked_mul(4)?,
            links.checked_mul(4)?,
            works.checked_add(1)?.checked_mul(4)?,
            links.checked_mul(4)?,
        ];
        let mut at = HEADER;
        let mut places: [Range<usize>; SECTIONS] = Default::default();
        for (place, length) in places.iter_mut().zip(lengths) {
            *place = at..at.checked_add(length)?;
            at = place.end.checked_next_multiple_of(8)?;
        }
        let blocks = (at - HEADER).div_ceil(BLOCK);
        Some((places, at, at.checked_add(blocks.checked_mul(4)?)?))
    }
}

/// A citation graph in a file.
pub(crate) struct CitationFile {
    blocks: BlockFile<1>,
    layout: Layout,
    places: [Range<usize>; SECTIONS],
    source_id: [u8; SOURCE_ID_LEN],
}

impl CitationFile {
    /// The bytes of a file: `papers` are works and the keys of the papers that they are, `links` are citing and cited works.
    ///
    /// # Panics
    /// With more than 4 billion links, and with a key of a paper that is not above 0.
    pub(crate) fn bytes(
        papers: &[(u32, Option<i64>)],
        links: &[(u32, u32)],
        source_id: &[u8; SOURCE_ID_LEN],
    ) -> Vec<u8> {
        let largest = papers.iter().map(|(work, _)| *work).chain(links.iter().flat_map(|(one, other)| [*one, *other]));
        let works = largest.max().map_or(0, |work| work as usize + 1);
        let mut keys = vec![NO_PAPER; works];
        let mut by_paper: Vec<(i64, u32)> = Vec::with_capacity(papers.len());
        for (work, paper) in papers {
            if let Some(key) = paper {
                assert!(*key > NO_PAPER, "keys of papers are above 0");
                keys[*work as usize] = *key;
                by_paper.push((*key, *work));
            }
        }
        by_paper.sort_unstable();
        let layout = Layout { works, papers: by_paper.len(), links: links.len() };
        let (places, sums, length) = layout.places().expect("the file fits into memory");
        let mut bytes = vec![0; HEADER];
        bytes.reserve(length - HEADER);
        let mut put = |section: Section, content: &[u8]| {
            bytes.resize(places[section as usize].start, 0);
            bytes.extend(content);
        };
        put(Section::Papers, bytemuck::cast_slice(&keys));
        let (keys, works_of_keys): (Vec<i64>, Vec<u32>) = by_paper.into_iter().unzip();
        put(Section::Keys, bytemuck::cast_slice(&keys));
        put(Section::Works, bytemuck::cast_slice(&works_of_keys));
        let (starts, ends) = sparse_rows(works, links.iter().copied());
        put(Section::ReferenceStarts, bytemuck::cast_slice(&starts));
        put(Section::References, bytemuck::cast_slice(&ends));
        let (starts, ends) = sparse_rows(works, links.iter().map(|(citing, cited)| (*cited, *citing)));
        put(Section::CitationStarts, bytemuck::cast_slice(&starts));
        put(Section::Citations, bytemuck::cast_slice(&ends));
        bytes.resize(sums, 0);
        let block_sums: Vec<u8> =
            bytes[HEADER..].chunks(BLOCK).flat_map(|block| crc32fast::hash(block).to_le_bytes()).collect();
        bytes.extend(block_sums);
        let counts = [MAGIC, VERSION, works as u64, layout.papers as u64, layout.links as u64];
        let header: Vec<u8> = counts.iter().flat_map(|word| word.to_le_bytes()).chain(*source_id).collect();
        bytes[..header.len()].copy_from_slice(&header);
        let sum = crc32fast::hash(&bytes[sums..]);
        bytes[HEADER - 16..HEADER - 8].copy_from_slice(&u64::from(sum).to_le_bytes());
        let sum = crc32fast::hash(&bytes[..HEADER - 8]);
        bytes[HEADER - 8..HEADER].copy_from_slice(&u64::from(sum).to_le_bytes());
        bytes
    }

    /// Takes a file for a graph, of which blocks are read as they are used. Damage of its lists shows when they are looked at.
    ///
    /// # Errors
    /// [`GraphCorruption`] when it is none, or a damaged one.
    pub(crate) fn open(mut file: File) -> Result<CitationFile, GraphCorruption> {
        let unreadable = |_| GraphCorruption("the file is truncated, or cannot be read");
        let file_length = file.metadata().map_err(unreadable)?.len();
        let mut header = [0; HEADER];
        file.read_exact(&mut header).map_err(unreadable)?;
        let (words, _) = header.as_chunks::<8>();
        let word = |at: usize| u64::from_le_bytes(words[at]);
        if word(0) != MAGIC {
            return Err(GraphCorruption("not a citation graph"));
        }
        if word(1) != VERSION {
            return Err(GraphCorruption("unsupported version"));
        }
        if word(HEADER / 8 - 1) != u64::from(crc32fast::hash(&header[..HEADER - 8])) {
            return Err(GraphCorruption("checksum mismatch in the header"));
        }
        let count = |at: usize| usize::try_from(word(at)).unwrap_or(usize::MAX);
        let layout = Layout { works: count(2), papers: count(3), links: count(4) };
        let mut source_id = [0; SOURCE_ID_LEN];
        source_id.copy_from_slice(&header[40..40 + SOURCE_ID_LEN]);
        let (places, sums, length) = layout.places().ok_or(GraphCorruption("invalid header"))?;
        if length as u64 != file_length || layout.links > u32::MAX as usize {
            return Err(GraphCorruption("wrong file length"));
        }
        // A row is a byte: lists begin anywhere.
        let section = BlockSection { start: HEADER, rows: sums - HEADER, row_bytes: 1, rows_per_block: BLOCK };
        let blocks = BlockLayout { sections: [section], sums, length };
        let blocks = BlockFile::open(file, blocks).map_err(unreadable)?;
        if word(HEADER / 8 - 2) != u64::from(crc32fast::hash(blocks.outside(sums..length))) {
            return Err(GraphCorruption("checksum mismatch in the checksums"));
        }
        Ok(CitationFile { layout, places, source_id, blocks })
    }

    /// What says which links are in the file, as it was given to [`CitationFile::bytes`].
    pub(crate) fn source_id(&self) -> &[u8; SOURCE_ID_LEN] {
        &self.source_id
    }

    /// How many links there are.
    pub(crate) fn links(&self) -> usize {
        self.layout.links
    }

    /// Works that a work cites.
    pub(super) fn references(&self, work: u32) -> Result<&[u32], GraphCorruption> {
        self.list(Section::ReferenceStarts, Section::References, work)
    }

    /// Works that cite a work.
    pub(super) fn citations(&self, work: u32) -> Result<&[u32], GraphCorruption> {
        self.list(Section::CitationStarts, Section::Citations, work)
    }

    /// The key of the paper that a work is.
    pub(super) fn paper(&self, work: u32) -> Result<Option<i64>, GraphCorruption> {
        if work as usize >= self.layout.works {
            return Ok(None);
        }
        let key = self.numbers::<i64>(Section::Papers, work as usize..work as usize + 1)?[0];
        Ok(Some(key).filter(|key| *key != NO_PAPER))
    }

    /// The works that a paper is, ascending.
    pub(super) fn works(&self, paper: i64) -> Result<Vec<u32>, GraphCorruption> {
        let key = |at: usize| Ok::<_, GraphCorruption>(self.numbers::<i64>(Section::Keys, at..at + 1)?[0]);
        let (mut from, mut to) = (0, self.layout.papers);
        while from < to {
            let middle = (from + to) / 2;
            if key(middle)? < paper { from = middle + 1 } else { to = middle }
        }
        let mut works = Vec::new();
        while from < self.layout.papers && key(from)? == paper {
            works.extend(self.numbers::<u32>(Section::Works, from..from + 1)?);
            from += 1;
        }
        Ok(works)
    }

    /// The works that cite something, ascending.
    pub(super) fn citing_works(&self) -> Result<Vec<u32>, GraphCorruption> {
        let starts = self.numbers::<u32>(Section::ReferenceStarts, 0..self.layout.works + 1)?;
        Ok((0..).zip(starts.windows(2)).filter(|(_, ends)| ends[0] < ends[1]).map(|(work, _)| work).collect())
    }

    /// Everything that is in the file: works and their papers, and links.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn check(&self) -> Result<(), GraphCorruption> {
        Ok(self.blocks.whole().map(|_| ())?)
    }

    fn list(&self, starts: Section, ends: Section, work: u32) -> Result<&[u32], GraphCorruption> {
        let at = work as usize;
        if at >= self.layout.works {
            return Ok(&[]);
        }
        let range = self.numbers::<u32>(starts, at..at + 2)?;
        let (from, to) = (range[0] as usize, range[1] as usize);
        if from > to || to > self.layout.links {
            return Err(GraphCorruption("invalid list"));
        }
        self.numbers(ends, from..to)
    }

    /// Numbers of a section, their blocks checked.
    fn numbers<T: bytemuck::AnyBitPattern>(
        &self,
        section: Section,
        range: Range<usize>,
    ) -> Result<&[T], GraphCorruption> {
        let start = self.places[section as usize].start - HEADER;
        let size = size_of::<T>();
        let bytes = self.blocks.rows(0, start + range.start * size..start + range.end * size)?;
        Ok(bytemuck::cast_slice(bytes))
    }
}

impl From<BlockError> for GraphCorruption {
    fn from(BlockError(reason): BlockError) -> GraphCorruption {
        GraphCorruption(reason)
    }
}

impl fmt::Debug for CitationFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CitationFile").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// Where the list of each node begins, and the end of all; and the lists, each ascending. Links are sorted by counting, in
/// time that grows with their number alone.
fn sparse_rows(nodes: usize, links: impl Iterator<Item = (u32, u32)> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; nodes + 1];
    links.clone().for_each(|(node, _)| starts[node as usize + 1] += 1);
    for node in 0..nodes {
        starts[node + 1] = starts[node].checked_add(starts[node + 1]).expect("at most 4 billion links");
    }
    let mut lists = vec![0; starts[nodes] as usize];
    let mut next = starts.clone();
    for (node, neighbor) in links {
        let at = &mut next[node as usize];
        lists[*at as usize] = neighbor;
        *at += 1;
    }
    for node in 0..nodes {
        lists[starts[node] as usize..starts[node + 1] as usize].sort_unstable();
    }
    (starts, lists)
}
