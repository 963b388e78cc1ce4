//! The background on disk: that of one generation. It is computed anew when there is none of the generation of a question.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::SearchContext;
use super::background::of_sample;
use super::graph_file::source_id;
use crate::embedder::TextEmbeddings;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, open_regular};
use crate::library::Library;
use crate::recommend::Background;

/// "pkinbkgd", read as a little-endian number: other byte orders see another one. The last byte is the version.
const MAGIC: u64 = u64::from_le_bytes(*b"pkinbkg1");
/// Bytes before the background: the magic number, the origin, and the checksum of the rest.
const HEADER: usize = 8 + 64 + 8;
/// With fewer papers, the background is computed as fast as it is read.
const MIN_PAPERS_FOR_FILE: u64 = 1_000;

/// The path of the background; `None` for a library in memory.
fn background_path(library: &Library) -> Option<PathBuf> {
    library.index_directory().map(|directory| directory.join("index").join("background"))
}

/// What a background of the library's generation begins with.
fn origin(library: &Library) -> Result<Option<[u8; 64]>> {
    let generation = library.generation_id()?;
    Ok(library.model()?.map(|model| source_id(&generation, &model.fingerprint)))
}

/// The background of the library at its generation; `None` when there is none on disk, or a damaged one.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<Option<Background>> {
    let (Some(path), Some(origin)) = (background_path(library), origin(library)?) else { return Ok(None) };
    let Ok(mut file) = open_regular(&path) else { return Ok(None) };
    let mut header = [0; HEADER];
    let mut bytes = Vec::new();
    let is_of_generation = std::io::Read::read_exact(&mut file, &mut header).is_ok()
        && header[..8] == MAGIC.to_le_bytes()
        && header[8..HEADER - 8] == origin;
    if !is_of_generation || std::io::Read::read_to_end(&mut file, &mut bytes).is_err() {
        return Ok(None);
    }
    let is_whole = header[HEADER - 8..] == u64::from(crc32fast::hash(&bytes)).to_le_bytes();
    let background = is_whole.then(|| Background::from_bytes(&bytes)).flatten();
    if background.is_none() {
        tracing::warn!("{}: corrupt: computing the background from the library", path.display());
        // One that cannot be removed is checked again by whoever opens it.
        let _ = fs::remove_file(path);
    }
    Ok(background)
}

/// Removes the file, if there is one.
pub(crate) fn remove_background_file(library: &Library) {
    if let Some(path) = background_path(library) {
        let _ = fs::remove_file(path);
    }
}

/// Writes the background of the library's generation, if there is none and the library is large enough. Returns whether it did.
///
/// # Errors
/// When the library's file cannot be read, or the file cannot be written; the old one stays.
pub(crate) fn write_background_file(context: SearchContext<'_>) -> Result<bool> {
    let library = context.library;
    let Some(path) = background_path(library) else { return Ok(false) };
    if library.summary()?.papers < MIN_PAPERS_FOR_FILE || context.asks_server() || read(library)?.is_some() {
        return Ok(false);
    }
    let directory = path.parent().unwrap_or(&path);
    file::create_private_directory(directory)?;
    let Some(_lock) = file::lock(&directory.join("lock"))? else { return Ok(false) };
    let embeddings = TextEmbeddings::default();
    context.search(&embeddings, |searcher| {
        let Some(origin) = origin(library)? else { return Ok(false) };
        let bytes = of_sample(searcher, None)?.to_bytes();
        file::replace(&path, FileAccess::Private, |file| {
            let sum = u64::from(crc32fast::hash(&bytes)).to_le_bytes();
            let parts = [&MAGIC.to_le_bytes()[..], &origin, &sum, &bytes];
            parts.into_iter().try_for_each(|part| file.write_all(part)).map_err(Error::io(&path, "write"))
        })?;
        Ok(true)
    })
}
