//! A library in numbers.

use serde::Serialize;

use super::index::{IndexStatus, index_status};
use crate::error::Result;
use crate::library::{LibrarySummary, LinkSummary, StoredModel};
use crate::searcher::SearchContext;

/// What is in a library, and how it is searched.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LibraryStatus {
    /// How many changes were made to papers and embeddings.
    pub generation: u64,
    /// The model of the embeddings; `None` before the first paper.
    pub model: Option<StoredModel>,
    /// How neighbors are found.
    pub index: IndexStatus,
    /// Papers, days, sources, profiles.
    #[serde(flatten)]
    pub summary: LibrarySummary,
    /// Which papers cite which.
    pub citations: LinkSummary,
}

/// The library in numbers.
pub(crate) fn status(context: SearchContext<'_>) -> Result<LibraryStatus> {
    let library = context.library;
    Ok(LibraryStatus {
        generation: library.generation()?,
        model: library.model()?,
        index: index_status(context)?,
        summary: library.summary()?,
        citations: library.link_summary()?,
    })
}
