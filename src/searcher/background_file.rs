//! The background on disk: that of one generation. It is computed anew when there is none of the generation of a question.

use std::fs::File;
use std::io::{Read, Write};

use super::background::of_sample;
use super::graph_file::source_id;
use super::{SearchContext, derived_file};
use crate::embedder::TextEmbeddings;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, open_regular};
use crate::index::SOURCE_ID_LEN;
use crate::library::Library;
use crate::recommend::Background;

/// "pkinbkg1", read as a little-endian number: other byte orders see another one. The last byte is the version.
const MAGIC: u64 = u64::from_le_bytes(*b"pkinbkg1");
/// Bytes before the background: the magic number, the origin, and the checksum of the rest.
const HEADER: usize = 8 + SOURCE_ID_LEN + 8;
/// With fewer papers, the background is computed as fast as it is read.
const MIN_PAPERS_FOR_FILE: u64 = 1_000;

/// The background in the directory of the index.
const NAME: &str = "background";
/// What is done without it.
const INSTEAD: &str = "computing the background from the library";

/// What a background of the library's generation begins with.
fn origin(library: &Library) -> Result<Option<[u8; SOURCE_ID_LEN]>> {
    let generation = library.generation_id()?;
    Ok(library.model()?.map(|model| source_id(&generation, &model.fingerprint)))
}

/// The background of the library at its generation; `None` when there is none on disk, or a damaged one.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<Option<Background>> {
    let Some(origin) = origin(library)? else { return Ok(None) };
    let read = |mut file: File| {
        let Some(sum) = checksum(&mut file, &origin) else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|_| "it cannot be read")?;
        if crc32fast::hash(&bytes) != sum {
            return Err("checksum mismatch");
        }
        Background::from_bytes(&bytes).map(Some).ok_or("invalid numbers")
    };
    Ok(derived_file::open(library, NAME, INSTEAD, read).flatten())
}

/// The checksum of the background that follows in a file, if that begins as one of this origin.
fn checksum(file: &mut File, origin: &[u8; SOURCE_ID_LEN]) -> Option<u32> {
    let mut header = [0; HEADER];
    file.read_exact(&mut header).ok()?;
    let [magic, sum] = [0, HEADER - 8].map(|at| header[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word)));
    (magic == MAGIC && header[8..HEADER - 8] == *origin).then_some(sum as u32)
}

/// Whether there is a background of this origin.
fn is_there(library: &Library, origin: &[u8; SOURCE_ID_LEN]) -> bool {
    let path = derived_file::path(library, NAME);
    let file = path.and_then(|path| open_regular(&path).ok());
    file.is_some_and(|mut file| checksum(&mut file, origin).is_some())
}

/// Removes the file, if there is one.
pub(crate) fn remove_background_file(library: &Library) {
    derived_file::remove(library, NAME);
}

/// Writes the background of the library's generation, if there is none and the library is large enough. Returns whether it did.
///
/// # Errors
/// When the library's file cannot be read, or the file cannot be written; the old one stays.
pub(crate) fn write_background_file(context: SearchContext<'_>) -> Result<bool> {
    let library = context.library;
    let (Some(path), Some(origin)) = (derived_file::path(library, NAME), origin(library)?) else { return Ok(false) };
    if library.summary()?.papers < MIN_PAPERS_FOR_FILE || context.asks_server() || is_there(library, &origin) {
        return Ok(false);
    }
    let Some(_lock) = derived_file::lock_directory(&path)? else { return Ok(false) };
    let embeddings = TextEmbeddings::default();
    context.search(&embeddings, |searcher| {
        // Another process may have changed the library since.
        let Some(origin) = self::origin(searcher.library)? else { return Ok(()) };
        let bytes = of_sample(searcher, None)?.to_bytes();
        let sum = u64::from(crc32fast::hash(&bytes)).to_le_bytes();
        let parts: [&[u8]; 4] = [&MAGIC.to_le_bytes(), &origin, &sum, &bytes];
        file::replace(&path, FileAccess::Private, |file| {
            parts.into_iter().try_for_each(|part| file.write_all(part)).map_err(Error::io(&path, "write"))
        })
    })?;
    Ok(true)
}
