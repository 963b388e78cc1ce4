//! Papers by id or title, as people give them.

use super::{Library, StoredPaper};
use crate::error::{Error, Result};
use crate::paper::PaperId;

/// Titles that are suggested when more than one paper could be meant.
const MAX_SUGGESTIONS: usize = 3;

impl Library {
    /// The paper with this id, or else with this title, or else the only one whose title contains these words.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the titles that come close.
    pub fn find(&self, id_or_title: &str) -> Result<StoredPaper> {
        let not_found = |hint| Error::NotFound { what: "paper", name: id_or_title.to_owned(), hint };
        let id = PaperId::parse(id_or_title).map_err(|reason| not_found(format!(": {reason}")))?;
        if let Some(stored) = self.lookup(&id)? {
            return Ok(stored);
        }
        let close = self.papers_titled_like(id_or_title, MAX_SUGGESTIONS)?;
        match close.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(not_found(": use `search` to search for a topic".to_owned())),
            close => {
                let titles: Vec<String> = close.iter().map(|stored| format!("`{}`", stored.paper.title)).collect();
                Err(not_found(format!(": several titles contain these words: {}", titles.join(", "))))
            }
        }
    }

    /// The paper with this id, or else the first one with this title; `None` when there is neither.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lookup(&self, id: &PaperId) -> Result<Option<StoredPaper>> {
        match self.paper(id)? {
            Some(stored) => Ok(Some(stored)),
            None => Ok(self.papers_titled(id.as_str())?.into_iter().next()),
        }
    }
}
