//! The citation graph on disk: read with what changed since it was written, and written anew when that has become much.

use std::io::Write;
use std::sync::Arc;

use super::derived_file;
use super::graph_file::{generation_of, source_id};
use crate::citation_graph::{CitationFile, CitationGraph};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::library::{Library, LinkDelta};

/// Links that are read from the library in a tenth of a second: a file pays when there are more.
const MIN_LINKS_FOR_FILE: usize = 200_000;
/// The file is written anew when more than one link in so many is not in it.
const REWRITE_FRACTION: usize = 4;

/// Numbers of works for each work, at most, of a file, which has a place for each number: with more, the numbers are
/// damaged, or nearly all works were deleted.
const MAX_NUMBERS_PER_WORK: usize = 64;

/// The citation graph in the directory of the index.
const NAME: &str = "citations";
/// What is done without it.
const INSTEAD: &str = "reading the links from the library";

/// The citation links of a library at its generation.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<CitationGraph> {
    let file = derived_file::open(library, NAME, INSTEAD, CitationFile::open).map(Arc::new);
    let delta = library.links_since(file.as_ref().map(|file| generation_of(file.source_id())))?;
    let file = file.filter(|_| !delta.is_complete);
    Ok(CitationGraph::new(file, delta))
}

/// Removes the file, if there is one: the links are read from the library.
pub(crate) fn remove_link_file(library: &Library) {
    derived_file::remove(library, NAME);
}

/// Checks the file, block by block: how many links are in it, or what is wrong. `None` if there is no file.
pub(crate) fn check_link_file(library: &Library) -> Option<Result<usize, String>> {
    derived_file::check(library, NAME, |file| {
        let file = CitationFile::open(file)?;
        file.check().map(|()| file.links())
    })
}

/// Writes the file if there are many links that are not in it. Returns whether it did.
///
/// # Errors
/// When the file cannot be written; the old one stays.
pub(crate) fn write_link_file(library: &Library) -> Result<bool> {
    let Some(path) = derived_file::path(library, NAME) else { return Ok(false) };
    // Fewer links than a file pays for are counted, not read.
    if library.link_count()? <= MIN_LINKS_FOR_FILE as u64 {
        return Ok(false);
    }
    let graph = read(library)?;
    let stored = graph.links() - graph.added_links();
    if graph.added_links() <= MIN_LINKS_FOR_FILE.max(stored / REWRITE_FRACTION) {
        return Ok(false);
    }
    let Some(_lock) = derived_file::begin_write(&path)? else { return Ok(false) };
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
