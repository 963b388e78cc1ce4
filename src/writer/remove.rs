//! Removes papers.

use serde::Serialize;

use crate::error::Result;
use crate::library::Library;
use crate::paper::PaperId;

/// What became of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemoveSummary {
    /// Ids of the papers that were removed.
    pub removed: Vec<PaperId>,
    /// What was asked for and is neither the id nor the title of a paper.
    pub not_found: Vec<PaperId>,
}

/// Removes papers, given by their ids or whole titles, all in one step. They are gone for the next question of any
/// process; histories keep their ids.
pub(crate) fn remove(library: &mut Library, ids: &[PaperId]) -> Result<RemoveSummary> {
    let (mut found, mut not_found) = (Vec::new(), Vec::new());
    for id in ids {
        // One that is damaged can be removed too, if not by its title.
        if library.has_paper(id)? {
            found.push(id.clone());
            continue;
        }
        match library.lookup(id)? {
            Some(stored) => found.push(stored.paper.id),
            None => not_found.push(id.clone()),
        }
    }
    Ok(RemoveSummary { removed: library.remove(&found)?, not_found })
}
