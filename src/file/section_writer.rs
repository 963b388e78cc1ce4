//! Writing a file that is read block by block: the checksums of its blocks, as the bytes of a section are written.

use std::io::{self, Seek, SeekFrom, Write};

use super::{BlockLayout, BlockSection};

/// Writes a section of a [`BlockLayout`], in as many parts as there are.
pub(crate) struct SectionWriter {
    offset: usize,
    block_bytes: usize,
    hash: crc32fast::Hasher,
    /// Bytes in the block that is not full.
    filled: usize,
    sums: Vec<u32>,
}

impl SectionWriter {
    fn new(section: &BlockSection) -> SectionWriter {
        SectionWriter {
            offset: section.start,
            block_bytes: section.rows_per_block * section.row_bytes,
            hash: crc32fast::Hasher::new(),
            filled: 0,
            sums: Vec::with_capacity(section.blocks()),
        }
    }

    /// One for each section.
    pub(crate) fn of<const SECTIONS: usize>(layout: &BlockLayout<SECTIONS>) -> [SectionWriter; SECTIONS] {
        layout.sections.each_ref().map(SectionWriter::new)
    }

    /// Writes the next bytes of the section.
    pub(crate) fn put(&mut self, file: &mut (impl Write + Seek), mut bytes: &[u8]) -> io::Result<()> {
        file.seek(SeekFrom::Start(self.offset as u64))?;
        file.write_all(bytes)?;
        self.offset += bytes.len();
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(self.block_bytes - self.filled));
            self.hash.update(now);
            self.filled += now.len();
            if self.filled == self.block_bytes {
                self.end_block();
            }
            bytes = rest;
        }
        Ok(())
    }

    fn end_block(&mut self) {
        self.sums.push(std::mem::take(&mut self.hash).finalize());
        self.filled = 0;
    }

    /// The checksums of all blocks.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        if self.filled > 0 {
            self.end_block();
        }
        self.sums
    }
}
