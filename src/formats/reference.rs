//! A paper as a reference manager stores it, and the records that readers return.

use jiff::civil::Date;

use crate::error::{RecordPosition, Result};
use crate::paper::RawPaper;

/// An entry of a reference manager or a file: a paper that is not checked yet, with what its owner added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BibReference {
    /// The paper, before it is checked.
    pub raw_paper: RawPaper,
    /// The day it was entered.
    pub added: Option<Date>,
    /// Its tags, keywords and collections; of nested collections the whole path, separated by `/`.
    pub tags: Vec<String>,
}

impl From<RawPaper> for BibReference {
    fn from(raw_paper: RawPaper) -> BibReference {
        BibReference { raw_paper, ..BibReference::default() }
    }
}

/// A record that was found, not checked yet.
pub(crate) struct FoundRecord {
    pub(crate) position: RecordPosition,
    pub(crate) reference: BibReference,
}

/// The records of one file, read on demand.
pub(crate) type RecordIter = Box<dyn Iterator<Item = Result<FoundRecord>> + Send>;
