//! A paper as a reference manager stores it, and the records that readers return.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;

use crate::error::{RecordPosition, Result};
use crate::paper::RawPaper;

/// How much of a value that cannot be read is shown, in characters.
const MAX_QUOTED_CHARS: usize = 60;

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

    /// Returns the first of some texts that is not blank, each with the field of the record that it stands in, and notes
    /// where it was read from.
    pub(crate) fn first_text<N: Into<Cow<'static, str>>>(
        &mut self,
        field: &'static str,
        texts: impl IntoIterator<Item = (N, String)>,
    ) -> String {
        let Some((from, text)) = texts.into_iter().find(|(_, text)| !text.trim().is_empty()) else {
            return String::new();
        };
        self.origin(field, from);
        text
    }

    /// Returns the first date that `read` finds in some texts. Texts before it that are not blank are noted as dropped.
    pub(crate) fn first_date<N: Into<Cow<'static, str>>>(
        &mut self,
        field: &'static str,
        texts: impl IntoIterator<Item = (N, String)>,
        read: impl Fn(&str) -> Option<Date>,
    ) -> Option<Date> {
        for (from, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            match read(&text) {
                Some(date) => {
                    self.origin(field, from);
                    return Some(date);
                }
                None => {
                    let start: String = text.trim().chars().take(MAX_QUOTED_CHARS).collect();
                    self.drop(from, format!("`{start}` is not a valid date: use the form 2024-12-19, or omit it"));
                }
            }
        }
        None
    }

    /// Returns a list, and notes where it was read from unless it is empty.
    pub(crate) fn list(
        &mut self,
        field: &'static str,
        from: impl Into<Cow<'static, str>>,
        items: Vec<String>,
    ) -> Vec<String> {
        if !items.is_empty() {
            self.origin(field, from);
        }
        items
    }

    /// Returns where a paper appeared, from its journal, its volume and its issue, each with the field that it stands in:
    /// those that are known. A volume without a journal says nothing.
    pub(crate) fn container<N: Into<Cow<'static, str>>>(
        &mut self,
        journals: impl IntoIterator<Item = (N, String)>,
        volume: &str,
        issue: &str,
    ) -> String {
        let journal = self.first_text("container", journals);
        let parts = [journal.trim(), volume.trim(), issue.trim()];
        match parts {
            ["", ..] => String::new(),
            parts => parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        }
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
