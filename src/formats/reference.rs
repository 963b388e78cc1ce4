//! A paper as a reference manager has it.

use jiff::civil::Date;

use crate::paper::RawPaper;

/// An entry of a bibliography.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BibReference {
    /// The paper, before it is checked.
    pub draft: RawPaper,
    /// The day it was entered.
    pub added: Option<Date>,
    /// Its tags, keywords and collections; of collections the whole path, parted by `/`.
    pub tags: Vec<String>,
}

impl From<RawPaper> for BibReference {
    fn from(draft: RawPaper) -> BibReference {
        BibReference { draft, ..BibReference::default() }
    }
}
