//! A paper as a reference manager stores it, and the records that readers return.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;

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
    /// How its record was read.
    pub notes: RecordNotes,
}

/// What a reader says of a record that it has read: for people who want to know where a value comes from, or where it
/// has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RecordNotes {
    /// For each field of the paper, the field of the record that it was read from.
    pub origins: Vec<FieldOrigin>,
    /// The fields of the record that could not be used.
    pub dropped: Vec<DroppedField>,
}

/// Where a field of a paper was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldOrigin {
    /// The field of the paper: `title`, `abstract`, `authors`, `published`, ...
    pub field: &'static str,
    /// The name of the field in the record: `TI`, `booktitle`, `Publication Year`.
    pub from: Cow<'static, str>,
}

/// A field of a record that was left out because its value cannot be read; the rest of the record was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedField {
    /// The name of the field in the record.
    pub field: Cow<'static, str>,
    /// What is wrong with its value, with the value: "`soon` is not a valid date: ...".
    pub reason: String,
}

impl RecordNotes {
    /// Notes where a field of the paper was read from.
    pub(crate) fn origin(&mut self, field: &'static str, from: impl Into<Cow<'static, str>>) {
        self.origins.push(FieldOrigin { field, from: from.into() });
    }

    /// Notes that a field could not be used.
    pub(crate) fn drop(&mut self, field: impl Into<Cow<'static, str>>, reason: impl Into<String>) {
        self.dropped.push(DroppedField { field: field.into(), reason: reason.into() });
    }
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
