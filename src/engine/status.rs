//! A library in numbers.

use serde::Serialize;

use super::{Engine, IndexStatus};
use crate::error::Result;
use crate::library::{StoredModel, Summary};

/// What is in a library, and how it is searched.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Status {
    /// How many changes were made to papers and embeddings.
    pub generation: u64,
    /// The model of the embeddings; `None` before the first paper.
    pub model: Option<StoredModel>,
    /// How neighbours are found.
    pub index: IndexStatus,
    /// Papers, days, sources, profiles.
    #[serde(flatten)]
    pub summary: Summary,
}

impl Engine {
    /// The library in numbers.
    pub fn status(&self) -> Result<Status> {
        let library = self.library();
        Ok(Status {
            generation: library.generation()?,
            model: library.model()?,
            index: self.index_status()?,
            summary: library.summary()?,
        })
    }
}
