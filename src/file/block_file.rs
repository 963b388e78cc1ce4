//! A file of which each block is read, and checked, when it is first looked at.
//!
//! The blocks are copied into memory of this process. A mapped file would take as little time to open, but whoever cuts it
//! short stops every process that looks at it (SIGBUS), and whoever writes to it changes what was checked.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(target_os = "linux")]
use memmap2::Advice;
use memmap2::{MmapOptions, MmapRaw};

use super::ZeroedBuffer;

/// A process that has read one block in so many will read most of them: it asks more than a few questions.
const MANY_BLOCKS: usize = 8;

/// Why a block cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockError(pub(crate) &'static str);

const OUT_OF_RANGE: BlockError = BlockError("node out of range");
const UNREADABLE: BlockError = BlockError("the file was truncated, or cannot be read");
const WRONG_CHECKSUM: BlockError = BlockError("checksum mismatch in a block");

/// A part of a file that is read block by block: rows of one length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockSection {
    /// Where it begins in the file.
    pub(crate) start: usize,
    /// How many rows there are.
    pub(crate) rows: usize,
    /// Bytes of a row.
    pub(crate) row_bytes: usize,
    /// Rows of a block: a power of two.
    pub(crate) rows_per_block: usize,
}

impl BlockSection {
    fn end(&self) -> usize {
        self.start + self.rows * self.row_bytes
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.rows.div_ceil(self.rows_per_block)
    }

    /// Where a block lies in the file.
    fn block(&self, number: usize) -> Range<usize> {
        let block_bytes = self.rows_per_block * self.row_bytes;
        self.start + number * block_bytes..self.end().min(self.start + (number + 1) * block_bytes)
    }
}

/// What lies where in a file: what comes before the sections, the sections one after the other, and what comes after them.
#[derive(Debug, Clone)]
pub(crate) struct BlockLayout<const SECTIONS: usize> {
    /// The parts that are read block by block.
    pub(crate) sections: [BlockSection; SECTIONS],
    /// Where the checksums of all blocks begin, after the sections: CRC-32 as little-endian numbers.
    pub(crate) sums: usize,
    /// Bytes of the file.
    pub(crate) length: usize,
}

impl<const SECTIONS: usize> BlockLayout<SECTIONS> {
    /// What comes before the sections, and what comes after them.
    fn ends(&self) -> [Range<usize>; 2] {
        let first = self.sections.first().map_or(self.length, |section| section.start);
        let last = self.sections.last().map_or(self.length, BlockSection::end);
        [0..first, last..self.length]
    }

    /// # Panics
    /// When parts overlap or lie outside of the file.
    fn check(&self) {
        let blocks: usize = self.sections.iter().map(BlockSection::blocks).sum();
        let [_, tail] = self.ends();
        assert!(self.sections.iter().all(|section| section.rows_per_block.is_power_of_two()), "{self:?}");
        assert!(self.sections.windows(2).all(|pair| pair[0].end() <= pair[1].start), "{self:?}");
        assert!(tail.start <= self.sums && self.sums + 4 * blocks <= self.length, "{self:?}");
    }
}

/// A file in memory, as far as it was looked at.
pub(crate) struct BlockFile<const SECTIONS: usize> {
    layout: BlockLayout<SECTIONS>,
    /// The number of the first block of each section, counted from the first section on.
    first_blocks: [usize; SECTIONS],
    /// The whole file, in memory of this process. A block that was not looked at takes no room.
    memory: MmapRaw,
    /// `None` when all bytes are in memory. Whoever holds the lock may write a block that is not checked.
    file: Mutex<Option<File>>,
    /// A bit for each block that is in memory and sound: nothing writes to it again.
    checked: Box<[AtomicU64]>,
    /// How many blocks there are, and how many of them are in memory.
    blocks: usize,
    read: AtomicUsize,
}

impl<const SECTIONS: usize> BlockFile<SECTIONS> {
    /// Reads what is not in blocks.
    ///
    /// # Errors
    /// When the file cannot be read, or there is no address space for it.
    ///
    /// # Panics
    /// For a layout that is none: see [`BlockLayout`].
    pub(crate) fn open(mut file: File, layout: BlockLayout<SECTIONS>) -> io::Result<BlockFile<SECTIONS>> {
        layout.check();
        let mut memory = MmapOptions::new().len(layout.length.max(1)).no_reserve_swap().map_anon()?;
        #[cfg(target_os = "linux")]
        // A wish: a large page for every small block would take more memory.
        let _ = memory.advise(Advice::NoHugePage);
        for range in layout.ends() {
            #[cfg(target_os = "linux")]
            // Another wish: where all bytes are read, large pages are fewer faults, and fewer pages to look up.
            let _ = memory.advise_range(Advice::HugePage, range.start, range.len());
            let offset = range.start as u64;
            read_exact_at(&mut file, &mut memory[range], offset)?;
        }
        Ok(BlockFile::new(MmapRaw::from(memory), Some(file), layout))
    }

    /// Takes bytes that are in memory for a file.
    ///
    /// # Panics
    /// For a layout that is none, or of another length.
    pub(crate) fn in_memory(buffer: ZeroedBuffer, layout: BlockLayout<SECTIONS>) -> BlockFile<SECTIONS> {
        layout.check();
        assert_eq!(buffer.len(), layout.length);
        BlockFile::new(MmapRaw::from(buffer.map), None, layout)
    }

    fn new(memory: MmapRaw, file: Option<File>, layout: BlockLayout<SECTIONS>) -> BlockFile<SECTIONS> {
        let mut blocks = 0;
        let first_blocks = layout.sections.map(|section| {
            let first = blocks;
            blocks += section.blocks();
            first
        });
        let checked = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        BlockFile { layout, first_blocks, memory, file: Mutex::new(file), checked, blocks, read: AtomicUsize::new(0) }
    }

    /// Bytes of the file.
    pub(crate) fn len(&self) -> usize {
        self.layout.length
    }

    /// Says that all blocks of a section are going to be read.
    pub(crate) fn expect_whole_section(&self, section: usize) {
        let section = &self.layout.sections[section];
        self.expect_all_of(section.start..section.end());
    }

    /// Asks for large pages, as for the ends of the file. Linux makes them of pages that are in memory, too, in the background.
    fn expect_all_of(&self, range: Range<usize>) {
        #[cfg(target_os = "linux")]
        let _ = self.memory.advise_range(Advice::HugePage, range.start, range.len());
        #[cfg(not(target_os = "linux"))]
        let _ = range;
    }

    /// Rows of a section.
    ///
    /// # Errors
    /// [`BlockError`] when a block of them cannot be read or is damaged, or there are no such rows.
    #[inline]
    pub(crate) fn rows(&self, section: usize, rows: Range<usize>) -> Result<&[u8], BlockError> {
        let BlockSection { start, rows: count, row_bytes, rows_per_block } = self.layout.sections[section];
        if rows.start > rows.end || rows.end > count {
            return Err(OUT_OF_RANGE);
        }
        let shift = rows_per_block.trailing_zeros();
        for block in rows.start >> shift..(rows.end + rows_per_block - 1) >> shift {
            if !self.is_checked(self.first_blocks[section] + block) {
                self.read_block(section, block)?;
            }
        }
        // SAFETY: the rows lie in the file, and all of their blocks are checked.
        Ok(unsafe { self.bytes(start + rows.start * row_bytes..start + rows.end * row_bytes) })
    }

    /// What is not in blocks.
    ///
    /// # Panics
    /// When a part of it is.
    pub(crate) fn outside(&self, range: Range<usize>) -> &[u8] {
        self.assert_outside(&range);
        // SAFETY: the range lies in the file, and nobody writes there but with `&mut self`.
        unsafe { self.bytes(range) }
    }

    /// The same, to be written to.
    ///
    /// # Panics
    /// As [`BlockFile::outside`].
    pub(crate) fn outside_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        self.assert_outside(&range);
        // SAFETY: as in `outside`, and `&mut self` is the only reference.
        unsafe { self.bytes_mut(range) }
    }

    /// The whole file.
    ///
    /// # Errors
    /// [`BlockError`] when a block cannot be read or is damaged.
    pub(crate) fn whole(&self) -> Result<&[u8], BlockError> {
        for (index, section) in self.layout.sections.iter().enumerate() {
            self.rows(index, 0..section.rows)?;
        }
        // SAFETY: every block is checked, and nothing writes between them.
        Ok(unsafe { self.bytes(0..self.layout.length) })
    }

    fn assert_outside(&self, range: &Range<usize>) {
        let is_outside = self.layout.ends().iter().any(|end| end.start <= range.start && range.end <= end.end);
        assert!(is_outside && range.start <= range.end, "{range:?} is in blocks");
    }

    #[inline]
    fn is_checked(&self, block: usize) -> bool {
        // What was read before the bit was set is seen by whoever sees the bit.
        self.checked[block / 64].load(Ordering::Acquire) >> (block % 64) & 1 == 1
    }

    #[cold]
    fn read_block(&self, section: usize, block: usize) -> Result<(), BlockError> {
        let number = self.first_blocks[section] + block;
        let range = self.layout.sections[section].block(block);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_checked(number) {
            return Ok(());
        }
        if let Some(file) = &mut *file {
            // SAFETY: the block lies in the file. It is not checked, so nobody has its bytes, and others wait for the lock.
            let bytes = unsafe { self.bytes_mut(range.clone()) };
            read_exact_at(file, bytes, range.start as u64).map_err(|_| UNREADABLE)?;
        }
        let sum = self.layout.sums + 4 * number;
        // SAFETY: nobody writes to the block while the lock is held.
        let bytes = unsafe { self.bytes(range) };
        if self.outside(sum..sum + 4) != crc32fast::hash(bytes).to_le_bytes() {
            return Err(WRONG_CHECKSUM);
        }
        self.checked[number / 64].fetch_or(1 << (number % 64), Ordering::Release);
        if self.read.fetch_add(1, Ordering::Relaxed) == self.blocks / MANY_BLOCKS {
            self.expect_all_of(0..self.layout.length);
        }
        Ok(())
    }

    /// # Safety
    /// The range lies in the file, and nobody writes there as long as the bytes are used.
    #[inline]
    unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        // SAFETY: the memory is as long as the file, and lives as long as `self`; the rest is the caller's.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().add(range.start), range.len()) }
    }

    /// # Safety
    /// The range lies in the file, and nobody else reads or writes there as long as the bytes are used.
    #[expect(clippy::mut_from_ref, reason = "the lock of the file stands for `&mut self`")]
    unsafe fn bytes_mut(&self, range: Range<usize>) -> &mut [u8] {
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_mut_ptr().add(range.start), range.len()) }
    }
}

/// Reads bytes of a file, in one system call where there is one for that.
fn read_exact_at(file: &mut File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
    }
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of three bytes, four in a block; a head of 8 bytes, and the checksums.
    const ROWS: usize = 10;

    fn layout() -> BlockLayout<1> {
        let section = BlockSection { start: 8, rows: ROWS, row_bytes: 3, rows_per_block: 4 };
        BlockLayout { sections: [section], sums: 40, length: 52 }
    }

    fn content() -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..40).collect();
        let blocks = bytes[8..38].chunks(12).flat_map(|block| crc32fast::hash(block).to_le_bytes());
        let sums: Vec<u8> = blocks.collect();
        bytes.extend(sums);
        bytes
    }

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, File) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let opened = File::open(file.path()).unwrap();
        (file, opened)
    }

    #[test]
    fn rows_are_those_of_the_file() {
        let (_file, opened) = file(&content());
        let blocks = BlockFile::open(opened, layout()).unwrap();
        assert_eq!(blocks.outside(0..8), (0..8).collect::<Vec<u8>>());
        for (rows, expected) in [(0..1, 8..11), (3..5, 17..23), (9..10, 35..38), (0..10, 8..38), (4..4, 20..20)] {
            assert_eq!(blocks.rows(0, rows).unwrap(), expected.collect::<Vec<u8>>());
        }
        assert_eq!(blocks.rows(0, 9..11), Err(OUT_OF_RANGE));
        assert_eq!(blocks.whole().unwrap(), content());
    }

    #[test]
    fn what_becomes_of_the_file_is_no_concern_of_what_was_read() {
        let (file, opened) = file(&content());
        let blocks = BlockFile::open(opened, layout()).unwrap();
        assert_eq!(blocks.rows(0, 0..1).unwrap(), [8, 9, 10]);
        std::fs::write(file.path(), [0; 34]).unwrap();
        assert_eq!(blocks.rows(0, 1..2).unwrap(), [11, 12, 13], "of the block that was read");
        assert_eq!(blocks.rows(0, 4..5), Err(WRONG_CHECKSUM), "written over");
        assert_eq!(blocks.rows(0, 9..10), Err(UNREADABLE), "cut off");
        assert_eq!(blocks.whole(), Err(WRONG_CHECKSUM));
    }

    #[test]
    fn threads_that_read_a_block_at_once_read_the_same() {
        let (_file, opened) = file(&content());
        let blocks = BlockFile::open(opened, layout()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..ROWS).for_each(|row| assert_eq!(blocks.rows(0, row..row + 1).unwrap()[0], 8 + 3 * row as u8))
                });
            }
        });
    }
}
