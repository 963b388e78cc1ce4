//! A Parquet file that cannot fill the memory: what its headers announce is compared with its size before it is unpacked.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::read::MAGIC;
use super::thrift::{PageSize, schema_depth};
use crate::formats::common::unpacking::Expansion;

/// Longest page, decompressed, in bytes. Writers make pages of 1 MB, and DuckDB of 100 MB.
const MAX_PAGE_BYTES: u64 = 128 << 20;
/// What a value takes in memory, be it a `null` that takes nothing in the file, in bytes: about that of the crate's
/// `Field` in a list.
const VALUE_BYTES: u64 = 100;
/// Longest metadata: its parts take ten times as much in memory. Files of thousands of columns have some MB.
const MAX_METADATA_BYTES: u32 = 64 << 20;
/// Deepest nesting of columns: the crate's functions call themselves for each level.
const MAX_DEPTH: usize = 64;
/// The end of a file: the length of its metadata, and `PAR1`.
const FOOTER_BYTES: usize = 8;
/// More bytes than the header of a page has before its statistics.
const HEADER_BYTES: u64 = 128;

/// The bytes of a file, and what they have become.
pub(super) struct BoundedFile<R> {
    file: R,
    size: Arc<UnpackedSize>,
}

/// How large the pages and the texts of a file have become.
#[derive(Debug)]
pub(super) struct UnpackedSize {
    packed: u64,
    unpacked: AtomicU64,
}

impl UnpackedSize {
    /// Adds bytes; fails where there are more than any file of papers has.
    pub(super) fn add(&self, bytes: u64) -> Result<(), String> {
        let unpacked = self.unpacked.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        Expansion { packed: self.packed, unpacked }.check()
    }

    fn add_page(&self, header: &[u8]) -> Result<(), String> {
        let PageSize { bytes, values } = PageSize::read(header).ok_or("invalid page header")?;
        if bytes > MAX_PAGE_BYTES {
            return Err(format!("a page is larger than {} MB", MAX_PAGE_BYTES >> 20));
        }
        self.add(bytes + values * VALUE_BYTES)
    }
}

impl<R: ChunkReader> BoundedFile<R> {
    /// Fails where the metadata is too long or the columns are nested too deeply.
    pub(super) fn new(file: R) -> Result<BoundedFile<R>> {
        let length = file.len();
        if let Some(start) = length.checked_sub(FOOTER_BYTES as u64) {
            let footer = file.get_bytes(start, FOOTER_BYTES)?;
            let metadata = u32::from_le_bytes([footer[0], footer[1], footer[2], footer[3]]);
            if footer[4..] != MAGIC {
                return Err(refused("its end is missing"));
            }
            if metadata > MAX_METADATA_BYTES {
                return Err(refused(format!("its metadata is larger than {} MB", MAX_METADATA_BYTES >> 20)));
            }
            let start = start.checked_sub(u64::from(metadata)).ok_or_else(|| refused("its metadata is cut"))?;
            let depth = schema_depth(&file.get_bytes(start, metadata as usize)?);
            if depth.is_some_and(|depth| depth > MAX_DEPTH) {
                return Err(refused(format!("columns are nested deeper than {MAX_DEPTH} levels")));
            }
            depth.ok_or_else(|| refused("invalid metadata"))?;
        }
        let size = UnpackedSize { packed: length, unpacked: AtomicU64::new(0) };
        Ok(BoundedFile { file, size: Arc::new(size) })
    }

    /// What is added to as the file is read.
    pub(super) fn size(&self) -> Arc<UnpackedSize> {
        Arc::clone(&self.size)
    }
}

fn refused(reason: impl Into<String>) -> ParquetError {
    ParquetError::General(reason.into())
}

impl<R: Length> Length for BoundedFile<R> {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl<R: ChunkReader> ChunkReader for BoundedFile<R> {
    type T = HeaderReader<R::T>;

    /// The crate reads the footer and the headers of pages so.
    fn get_read(&self, start: u64) -> Result<HeaderReader<R::T>> {
        let is_footer = start + FOOTER_BYTES as u64 >= self.len();
        let size = if is_footer { None } else { Some(self.size()) };
        Ok(HeaderReader { source: self.file.get_read(start)?, start: Cursor::new(Vec::new()), size })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.file.get_bytes(start, length)
    }
}

/// Reads the header of a page, after it was checked.
pub(super) struct HeaderReader<R> {
    source: R,
    start: Cursor<Vec<u8>>,
    /// What the page is added to when the first byte is read.
    size: Option<Arc<UnpackedSize>>,
}

impl<R: Read> Read for HeaderReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(size) = self.size.take() {
            self.source.by_ref().take(HEADER_BYTES).read_to_end(self.start.get_mut())?;
            size.add_page(self.start.get_ref()).map_err(io::Error::other)?;
        }
        match self.start.read(buffer)? {
            0 => self.source.read(buffer),
            count => Ok(count),
        }
    }
}
