//! The citation graph on disk: read with what changed since it was written, and written anew when that has become much.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::graph_file::{generation_of, source_id};
use crate::citation_graph::{CitationFile, CitationGraph};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, open_regular};
use crate::library::{Library, LinkDelta};

/// Links that are read from the library in a tenth of a second: a file pays when there are more.
const MIN_LINKS_FOR_FILE: usize = 200_000;
/// The file is written anew when more than one link in so many is not in it.
const REWRITE_FRACTION: usize = 4;

/// Numbers of works for each work, at most, of a file, which has a place for each number: with more, the numbers are
/// damaged, or nearly all works were deleted.
const MAX_NUMBERS_PER_WORK: usize = 64;

/// The path of the citation graph; `None` for a library in memory.
fn link_path(library: &Library) -> Option<PathBuf> {
    library.index_directory().map(|directory| directory.join("index").join("citations"))
}

/// The citation links of a library at its generation.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<CitationGraph> {
    let file = open(library);
    let delta = library.links_since(file.as_ref().map(|file| generation_of(file.source_id())))?;
    let file = file.filter(|_| !delta.is_complete);
    Ok(CitationGraph::new(file, delta))
}

/// Opens the file; `None` when there is none, or none that can be used.
fn open(library: &Library) -> Option<Arc<CitationFile>> {
    let path = link_path(library).filter(|path| path.exists())?;
    match open_regular(&path).map_err(Error::io(&path, "read")) {
        Ok(file) => match CitationFile::open(file) {
            Ok(file) => Some(Arc::new(file)),
            Err(corruption) => {
                tracing::warn!("{}: corrupt, {corruption}: reading the links from the library", path.display());
                remove_link_file(library);
                None
            }
        },
        Err(error) => {
            tracing::warn!("{}: reading the links from the library", error.one_line());
            None
        }
    }
}

/// Removes the file, if there is one: the links are read from the library.
pub(crate) fn remove_link_file(library: &Library) {
    if let Some(path) = link_path(library) {
        // One that cannot be removed is checked again by whoever opens it.
        let _ = fs::remove_file(path);
    }
}

/// Checks the file, block by block: how many links are in it, or what is wrong. `None` if there is no file.
pub(crate) fn check_link_file(library: &Library) -> Option<Result<usize, String>> {
    let path = link_path(library).filter(|path| path.exists())?;
    let file = match open_regular(&path).map_err(Error::io(&path, "read")) {
        Ok(file) => file,
        Err(error) => return Some(Err(error.one_line())),
    };
    let checked = CitationFile::open(file).and_then(|file| file.check().map(|()| file.links()));
    Some(checked.map_err(|corruption| format!("{}: {corruption}", path.display())))
}

/// Writes the file if there are many links that are not in it. Returns whether it did.
///
/// # Errors
/// When the file cannot be written; the old one stays.
pub(crate) fn write_link_file(library: &Library) -> Result<bool> {
    let Some(path) = link_path(library) else { return Ok(false) };
    // Fewer links than a file pays for are counted, not read.
    if library.link_count()? <= MIN_LINKS_FOR_FILE as u64 {
        return Ok(false);
    }
    let graph = read(library)?;
    let stored = graph.links() - graph.added_links();
    if graph.added_links() <= MIN_LINKS_FOR_FILE.max(stored / REWRITE_FRACTION) {
        return Ok(false);
    }
    let directory = path.parent().unwrap_or(&path);
    file::create_private_directory(directory)?;
    let Some(_lock) = file::lock(&directory.join("lock"))? else { return Ok(false) };
    let LinkDelta { generation, works, links, .. } = library.links_since(None)?;
    let largest = works.iter().map(|(work, _)| *work).chain(links.iter().flat_map(|(one, other)| [*one, *other])).max();
    if largest.unwrap_or(0) as usize > MAX_NUMBERS_PER_WORK * works.len() {
        return Ok(false);
    }
    // Links do not depend on the model.
    let bytes = CitationFile::bytes(&works, &links, &source_id(&generation, ""));
    file::replace(&path, FileAccess::Private, |file| file.write_all(&bytes).map_err(Error::io(&path, "write")))?;
    Ok(true)
}
