//! Changes a library: adding, fetching, importing, removing and splitting papers.
//!
//! Additions are committed batch by batch and fetched papers page by page, every other change in one transaction. A
//! change of papers or embeddings makes a new generation; open searchers keep the one that they were opened on.

mod add;
#[cfg(feature = "fetch")]
mod fetch;
mod import;
mod remove;
mod split;
mod title_match;

use crate::embedder::Embedder;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::library::Library;

#[cfg(feature = "server")]
pub(crate) use add::PendingBatch;
pub use add::{AddProgress, AddSummary, IncomingPaper};
pub(crate) use add::{add, add_links};
#[cfg(feature = "fetch")]
pub use fetch::FetchSummary;
#[cfg(feature = "fetch")]
pub(crate) use fetch::fetch;
pub(crate) use import::import;
pub use import::{ImportItem, ImportOptions, ImportSummary, UnmatchedItem};
pub use remove::RemoveSummary;
pub(crate) use remove::remove;
pub(crate) use split::split;

/// What a change needs: the library, to be written, and the encoder for new texts.
pub(crate) struct Writer<'a> {
    pub(crate) library: &'a mut Library,
    pub(crate) embedder: &'a Embedder,
}

impl Writer<'_> {
    fn encoder(&self) -> Result<&Encoder> {
        self.embedder.encoder(self.library)
    }
}
