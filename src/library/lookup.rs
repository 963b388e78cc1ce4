//! Papers by id or title, as people give them.

use super::{Library, StoredPaper};
use crate::error::{Error, Result};
use crate::lexical::NamePattern;
use crate::paper::PaperId;

/// Titles that are suggested when more than one paper could be meant.
const MAX_SUGGESTIONS: usize = 3;
/// Titles that are searched for the one that introduces a name: those that begin with it come first.
const MAX_TITLES: usize = 100;

impl Library {
    /// The paper with this id, or else the only one with this title, or else the only one that introduces what has this name
    /// (`SAM 2`, for a title `SAM 2: ...`), or else the only one whose title contains these words.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the papers of this title, or with the titles that come close.
    pub fn find(&self, id_or_title: &str) -> Result<StoredPaper> {
        let not_found = |hint| Error::NotFound { what: "paper", name: id_or_title.to_owned(), hint };
        let id = PaperId::parse(id_or_title).map_err(|reason| not_found(format!(": {reason}")))?;
        let named = self.named(&id)?;
        let list = |texts: Vec<String>| texts.into_iter().take(MAX_SUGGESTIONS).collect::<Vec<_>>().join(", ");
        let close = match named.as_slice() {
            [only] => return Ok(only.clone()),
            [] => self.introduced_or_titled_like(id_or_title)?,
            several => {
                let ids = list(several.iter().map(|stored| format!("`{}`", stored.paper.id)).collect());
                return Err(not_found(format!(": several papers have this title: {ids}")));
            }
        };
        match close.as_slice() {
            [only] => Ok(only.clone()),
            [] if id.is_fetchable() && !self.is_in_memory() => {
                Err(not_found(format!(" in the library: `paperkin add {id}` fetches it")))
            }
            [] => Err(not_found(": use `search` to search for a topic".to_owned())),
            close => {
                let papers = close.iter().map(|stored| format!("{} `{}`", stored.paper.id, stored.paper.title));
                Err(not_found(format!(": several titles contain these words: {}", list(papers.collect()))))
            }
        }
    }

    /// The only paper that introduces what has this name, such as `SAM 2`, or else papers whose titles have these words.
    fn introduced_or_titled_like(&self, words: &str) -> Result<Vec<StoredPaper>> {
        if let Some(name) = NamePattern::new(words) {
            let mut introducing = self.papers_titled_like(words, MAX_TITLES)?;
            introducing.retain(|stored| name.is_introduced_by(&stored.paper.title));
            if introducing.len() == 1 {
                return Ok(introducing);
            }
        }
        self.papers_titled_like(words, MAX_SUGGESTIONS)
    }

    /// The paper with this id, or else the only one with this title; `None` when there is neither.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lookup(&self, id: &PaperId) -> Result<Option<StoredPaper>> {
        let mut named = self.named(id)?;
        Ok(named.pop().filter(|_| named.is_empty()))
    }

    /// The key of the paper that [`Library::lookup`] finds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lookup_key(&self, id: &PaperId) -> Result<Option<i64>> {
        if let Some(key) = self.key(id)? {
            return Ok(Some(key));
        }
        match self.keys_titled(id.as_str())?[..] {
            [only] => Ok(Some(only)),
            _ => Ok(None),
        }
    }

    /// The paper with this id, or else those with this title.
    fn named(&self, id: &PaperId) -> Result<Vec<StoredPaper>> {
        match self.paper(id)? {
            Some(stored) => Ok(vec![stored]),
            None => self.papers_titled(id.as_str()),
        }
    }
}
