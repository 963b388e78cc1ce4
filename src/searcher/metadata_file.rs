//! Dates and votes on disk: those of one generation. They are read from the library when there are none of the generation of a
//! question.

use super::generation_file::GenerationFile;
use super::graph_file::source_id;
use super::metadata_table::MetadataTable;
use crate::error::Result;
use crate::file::SOURCE_ID_LEN;
use crate::library::Library;

const METADATA_FILE: GenerationFile =
    GenerationFile { name: "metadata", magic: *b"pkinmet1", instead: "reading dates and votes from the library" };

/// What the dates and votes of the library's generation are derived from.
fn origin(library: &Library) -> Result<[u8; SOURCE_ID_LEN]> {
    // They do not depend on the model.
    Ok(source_id(&library.generation_id()?, ""))
}

/// The dates and votes of the library at its generation.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<MetadataTable> {
    match METADATA_FILE.read(library, &origin(library)?, MetadataTable::from_bytes) {
        Some(table) => Ok(table),
        None => Ok(MetadataTable::new(&library.paper_metadata()?)),
    }
}

/// Checks the file: how many papers are in it, or what is wrong. `None` if there is no file.
pub(crate) fn check_metadata_file(library: &Library) -> Option<Result<usize, String>> {
    METADATA_FILE.check(library, |bytes| MetadataTable::from_bytes(bytes).map(|table| table.len()))
}

/// Removes the file, if there is one.
pub(crate) fn remove_metadata_file(library: &Library) {
    METADATA_FILE.remove(library);
}

/// Writes the dates and votes of the library's generation, if there are none and the library is large enough. Returns whether
/// it did.
///
/// # Errors
/// When the library's file cannot be read, or the file cannot be written; the old one stays.
pub(crate) fn write_metadata_file(library: &Library) -> Result<bool> {
    if !METADATA_FILE.is_due(library, &origin(library)?)? {
        return Ok(false);
    }
    METADATA_FILE.write(library, || {
        library.read_transaction(|| {
            let table = MetadataTable::new(&library.paper_metadata()?);
            Ok(Some((origin(library)?, table.to_bytes())))
        })
    })
}
