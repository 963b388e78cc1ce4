//! The background on disk: that of one generation. It is computed anew when there is none of the generation of a question.

use super::SearchContext;
use super::background::of_sample;
use super::generation_file::GenerationFile;
use super::graph_file::source_id;
use crate::embedder::TextEmbeddings;
use crate::error::Result;
use crate::file::SOURCE_ID_LEN;
use crate::library::Library;
use crate::recommend::Background;

const BACKGROUND_FILE: GenerationFile =
    GenerationFile { name: "background", magic: *b"pkinbkg1", instead: "computing the background from the library" };

/// What a background of the library's generation is derived from; `None` for a library without a model.
fn origin(library: &Library) -> Result<Option<[u8; SOURCE_ID_LEN]>> {
    let generation = library.generation_id()?;
    Ok(library.model()?.map(|model| source_id(&generation, &model.fingerprint)))
}

/// The background of the library at its generation; `None` when there is none on disk, or a damaged one.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn read(library: &Library) -> Result<Option<Background>> {
    Ok(origin(library)?.and_then(|origin| BACKGROUND_FILE.read(library, &origin, Background::from_bytes)))
}

/// Checks the file: how many papers are in the sample, or what is wrong. `None` if there is no file.
pub(crate) fn check_background_file(library: &Library) -> Option<Result<usize, String>> {
    BACKGROUND_FILE.check(library, |bytes| Background::from_bytes(bytes).map(|background| background.len()))
}

/// Removes the file, if there is one.
pub(crate) fn remove_background_file(library: &Library) {
    BACKGROUND_FILE.remove(library);
}

/// Writes the background of the library's generation, if there is none and the library is large enough. Returns whether it did.
///
/// # Errors
/// When the library's file cannot be read, or the file cannot be written; the old one stays.
pub(crate) fn write_background_file(context: SearchContext<'_>) -> Result<bool> {
    let library = context.library;
    let Some(origin) = origin(library)? else { return Ok(false) };
    if context.asks_server() || !BACKGROUND_FILE.is_due(library, &origin)? {
        return Ok(false);
    }
    BACKGROUND_FILE.write(library, || {
        let embeddings = TextEmbeddings::default();
        context.search(&embeddings, |searcher| {
            // Another process may have changed the library since.
            let Some(origin) = self::origin(searcher.library)? else { return Ok(None) };
            Ok(Some((origin, of_sample(searcher, None)?.to_bytes())))
        })
    })
}
