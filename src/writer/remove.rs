//! Papers out, and the room that they took.

use serde::Serialize;

use super::Engine;
use crate::error::Result;
use crate::paper::PaperId;

/// What became of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemoveSummary {
    /// Ids of the papers that were removed.
    pub removed: Vec<PaperId>,
    /// What was asked for and is neither the id nor the title of a paper.
    pub not_found: Vec<PaperId>,
}

impl Engine {
    /// Removes papers, given by their ids or whole titles, all in one step. They are gone for the next question of any
    /// process; histories keep their ids.
    pub fn remove(&mut self, ids: &[PaperId]) -> Result<RemoveSummary> {
        let (mut found, mut not_found) = (Vec::new(), Vec::new());
        for id in ids {
            match self.lookup(id)? {
                Some(stored) => found.push(stored.paper.id),
                None => not_found.push(id.clone()),
            }
        }
        Ok(RemoveSummary { removed: self.library.remove(&found)?, not_found })
    }

    /// Makes the library's file as small as what is in it; see [`crate::library::Library::compact`]. Gives the number
    /// of bytes that were freed.
    pub fn compact(&mut self) -> Result<u64> {
        let freed = self.library.compact()?;
        // The index of before is of no use any more, and holds what was removed.
        self.remove_index();
        self.caches.snapshot.clear();
        Ok(freed)
    }
}
