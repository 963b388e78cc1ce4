//! Files of the index that hold what was derived from one generation of the library: they are read whole, used for that
//! generation alone, and written anew with the next.

use std::fs::File;
use std::io::{Read, Write};

use super::derived_file::{self, MIN_PAPERS_FOR_FILES};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, SOURCE_ID_LEN, open_regular};
use crate::library::Library;

/// Bytes before the contents: the magic number, the origin, and the checksum of the contents.
const HEADER: usize = 8 + SOURCE_ID_LEN + 8;

/// What tells one file from the others.
pub(super) struct GenerationFile {
    /// Its name in the directory of the index.
    pub(super) name: &'static str,
    /// What it begins with. The last letter is the version.
    pub(super) magic: [u8; 8],
    /// What is done without it, for the log.
    pub(super) instead: &'static str,
}

impl GenerationFile {
    /// What `parse` makes of the contents; `None` when there is no file of this origin, or a damaged one.
    pub(super) fn read<T>(
        &self,
        library: &Library,
        origin: &[u8; SOURCE_ID_LEN],
        parse: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let read = |mut file: File| match self.checksum(&mut file, Some(origin)) {
            Some(sum) => parse(&contents(&mut file, sum)?).map(Some).ok_or(INVALID),
            None => Ok(None),
        };
        derived_file::open(library, self.name, self.instead, read).flatten()
    }

    /// The checksum of the contents that follow in a file, if that begins as one of this origin, or of any for `None`.
    fn checksum(&self, file: &mut File, origin: Option<&[u8; SOURCE_ID_LEN]>) -> Option<u32> {
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let sum = u64::from_le_bytes(*header.last_chunk()?);
        let is_of = |origin: &[u8; SOURCE_ID_LEN]| header[8..HEADER - 8] == *origin;
        u32::try_from(sum).ok().filter(|_| header[..8] == self.magic && origin.is_none_or(is_of))
    }

    /// Whether a file of this origin should be written: there is none, and the library is large enough.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub(super) fn is_due(&self, library: &Library, origin: &[u8; SOURCE_ID_LEN]) -> Result<bool> {
        let Some(path) = derived_file::path(library, self.name) else { return Ok(false) };
        let is_there = open_regular(&path).is_ok_and(|mut file| self.checksum(&mut file, Some(origin)).is_some());
        Ok(!is_there && library.paper_count()? >= MIN_PAPERS_FOR_FILES)
    }

    /// Writes the file, with the origin and the contents that `make` gives, unless that gives none or another process is
    /// writing. Returns whether it was written.
    ///
    /// # Errors
    /// Those of `make`, or when the file cannot be written; the old one stays.
    pub(super) fn write(
        &self,
        library: &Library,
        make: impl FnOnce() -> Result<Option<([u8; SOURCE_ID_LEN], Vec<u8>)>>,
    ) -> Result<bool> {
        let Some(path) = derived_file::path(library, self.name) else { return Ok(false) };
        let Some(_lock) = derived_file::begin_write(&path)? else { return Ok(false) };
        let Some((origin, bytes)) = make()? else { return Ok(false) };
        let sum = u64::from(crc32fast::hash(&bytes)).to_le_bytes();
        let parts: [&[u8]; 4] = [&self.magic, &origin, &sum, &bytes];
        file::replace(&path, FileAccess::Private, |file| {
            parts.into_iter().try_for_each(|part| file.write_all(part)).map_err(Error::io(&path, "write"))
        })?;
        Ok(true)
    }

    /// Checks the file, whatever generation it is of: what `count` makes of the contents, or what is wrong. `None` if there is no
    /// file.
    pub(super) fn check(
        &self,
        library: &Library,
        count: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Option<Result<usize, String>> {
        derived_file::check(library, self.name, |mut file| {
            let sum = self.checksum(&mut file, None).ok_or("it is no such file, or is truncated")?;
            count(&contents(&mut file, sum)?).ok_or(INVALID)
        })
    }

    /// Removes the file, if there is one.
    pub(super) fn remove(&self, library: &Library) {
        derived_file::remove(library, self.name);
    }
}

/// What is wrong with contents that have the right checksum.
const INVALID: &str = "invalid numbers";

/// The rest of a file, which has this checksum.
fn contents(file: &mut File, sum: u32) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|_| "it cannot be read")?;
    if crc32fast::hash(&bytes) == sum { Ok(bytes) } else { Err("checksum mismatch") }
}
