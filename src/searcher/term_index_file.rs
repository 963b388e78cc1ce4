//! The file of terms on disk: read with what changed since it was written, and written anew when that has become much.

use super::derived_file::{self, MIN_PAPERS_FOR_FILES};
use super::graph_file::{generation_of, source_id};
use super::paper_terms::corrupt_terms;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::library::{ChangedKeys, Library};
use crate::term_file::{TermFile, TermFileBuilder, TermIndex};

/// The file is written anew when more than one paper in so many is not as in it: these are compared one by one.
const REWRITE_FRACTION: usize = 64;
/// Papers whose terms are read at a time when the file is written.
const PAPERS_AT_ONCE: usize = 1_000;

/// The file of terms in the directory of the index.
const NAME: &str = "terms";
/// What is done without it.
const INSTEAD: &str = "reading the terms from the library";

/// The terms of the papers of a library at its generation; `None` without a file that can be used.
///
/// # Errors
/// When the library's file cannot be read or the file of terms is corrupt.
pub(super) fn read(library: &Library) -> Result<Option<TermIndex>> {
    let Some(file) = derived_file::open(library, NAME, INSTEAD, TermFile::open) else { return Ok(None) };
    let Some(changes) = library.keys_changed_since(generation_of(file.source_id()))? else { return Ok(None) };
    let ChangedKeys { written, removed } = changes;
    if written.len() > file.keys().len() {
        return Ok(None);
    }
    let terms = library.term_vectors(&written)?;
    TermIndex::new(file, &removed, written, terms).map(Some).map_err(corrupt_terms)
}

/// Removes the file, if there is one: the terms are read from the library.
pub(crate) fn remove_term_file(library: &Library) {
    derived_file::remove(library, NAME);
}

/// Checks the file, block by block: how many papers are in it, or what is wrong. `None` if there is no file.
pub(crate) fn check_term_file(library: &Library) -> Option<Result<usize, String>> {
    derived_file::check(library, NAME, |file| {
        let file = TermFile::open(file)?;
        file.check().map(|()| file.keys().len())
    })
}

/// Writes the file if many papers are not as in it. Returns whether it did.
///
/// # Errors
/// When the file cannot be written; the old one stays.
pub(crate) fn write_term_file(library: &Library) -> Result<bool> {
    let Some(path) = derived_file::path(library, NAME) else { return Ok(false) };
    if library.paper_count()? < MIN_PAPERS_FOR_FILES || is_recent(library)? {
        return Ok(false);
    }
    let Some(_lock) = derived_file::begin_write(&path)? else { return Ok(false) };
    library.read_transaction(|| {
        let generation = library.generation_id()?;
        let mut builder = TermFileBuilder::default();
        for keys in library.embedded_keys()?.chunks(PAPERS_AT_ONCE) {
            for (key, terms) in keys.iter().zip(library.term_vectors(keys)?) {
                builder.push(*key, terms.as_slice());
            }
        }
        // Terms do not depend on the model.
        let source_id = source_id(&generation, "");
        file::replace(&path, FileAccess::Private, |file| {
            builder.write(source_id, file).map_err(Error::io(&path, "write"))
        })
    })?;
    Ok(true)
}

/// Whether the file is there, and few papers have changed since it was written.
fn is_recent(library: &Library) -> Result<bool> {
    let Some(file) = derived_file::open(library, NAME, INSTEAD, TermFile::open) else { return Ok(false) };
    let Some(ChangedKeys { written, removed }) = library.keys_changed_since(generation_of(file.source_id()))? else {
        return Ok(false);
    };
    Ok(written.len() + removed.len() <= (file.keys().len() / REWRITE_FRACTION).max(MIN_PAPERS_FOR_FILES as usize))
}
