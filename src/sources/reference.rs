//! A paper as a reference manager has it.

use jiff::civil::Date;

use crate::paper::Draft;

/// An entry of a bibliography.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reference {
    /// The paper, before it is checked.
    pub draft: Draft,
    /// The day it was entered.
    pub added: Option<Date>,
    /// Its tags, keywords and collections; of collections the whole path, parted by `/`.
    pub tags: Vec<String>,
}

impl From<Draft> for Reference {
    fn from(draft: Draft) -> Reference {
        Reference { draft, ..Reference::default() }
    }
}
