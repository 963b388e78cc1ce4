//! Gives the space of removed papers back to the disk.

use crate::error::Result;
use crate::library::Library;
use crate::searcher::{
    SharedCaches, remove_background_file, remove_graph, remove_link_file, remove_metadata_file, remove_term_file,
};

/// Makes the library's file as small as its contents; see [`Library::compact`]. Returns the number of bytes freed.
///
/// # Errors
/// Those of [`Library::compact`].
pub(crate) fn compact(library: &mut Library, caches: &SharedCaches) -> Result<u64> {
    let freed = library.compact()?;
    // The graph from before cannot be brought up to date any more, and still holds what was removed.
    remove_graph(library, caches);
    remove_link_file(library);
    remove_term_file(library);
    remove_metadata_file(library);
    remove_background_file(library);
    caches.clear_index();
    Ok(freed)
}
