//! A paper as a reference manager stores it, and the records that readers return.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;

use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::dates::TypedDate;
use crate::formats::common::values::not_of_web;
use crate::paper::{CitationLinks, Paper, RawPaper, WorkName, is_of_web};
use crate::vector::Embedding;

/// Fields of one record that are noted as dropped, at most.
pub(crate) const MAX_DROPPED: usize = 100;
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
    /// What the paper cites, and what cites it.
    pub links: CitationLinks,
    /// Its embedding, if it was asked for: see [`ReadOptions::vectors`](crate::formats::ReadOptions::vectors).
    pub embedding: Option<Embedding>,
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

    /// Notes where a part of a field of the paper was read from, unless that is noted.
    pub(crate) fn origin_once(&mut self, field: &'static str, from: impl Into<Cow<'static, str>>) {
        let origin = FieldOrigin { field, from: from.into() };
        if !self.origins.contains(&origin) {
            self.origins.push(origin);
        }
    }

    /// Calls fields of the record what they are called in the file: pairs of the name that was read and that of the file.
    pub(crate) fn rename(&mut self, names: &[(String, String)]) {
        let origins = self.origins.iter_mut().map(|origin| &mut origin.from);
        for name in origins.chain(self.dropped.iter_mut().map(|dropped| &mut dropped.field)) {
            if let Some((_, of_file)) = names.iter().find(|(read, _)| read == name) {
                *name = of_file.clone().into();
            }
        }
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

    /// Returns the first date that `read` finds in some texts. Texts before it that are not blank are noted as dropped, and
    /// so is a month or a day that does not exist.
    pub(crate) fn first_date<N: Into<Cow<'static, str>>, D: Into<TypedDate>>(
        &mut self,
        field: &'static str,
        texts: impl IntoIterator<Item = (N, String)>,
        read: impl Fn(&str) -> Option<D>,
    ) -> Option<Date> {
        for (from, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            match read(&text) {
                Some(found) => {
                    let (found, from): (TypedDate, Cow<'static, str>) = (found.into(), from.into());
                    if let Some(reason) = found.wrong(&text) {
                        self.drop(from.clone(), reason);
                    }
                    self.origin(field, from);
                    return Some(found.date);
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

    /// Notes that a field could not be used, unless that many were noted already that nobody reads on.
    pub(crate) fn drop(&mut self, field: impl Into<Cow<'static, str>>, reason: impl Into<String>) {
        if self.dropped.len() < MAX_DROPPED {
            self.dropped.push(DroppedField { field: field.into(), reason: reason.into() });
        }
    }
}

/// A record that was read: its paper, checked, and how it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct PaperRecord {
    /// The paper.
    pub paper: Paper,
    /// What the paper cites, and what cites it.
    pub links: CitationLinks,
    /// See [`BibReference::embedding`].
    pub embedding: Option<Embedding>,
    /// Where the record is in its file.
    pub position: RecordPosition,
    /// See [`RecordNotes::origins`].
    pub origins: Vec<FieldOrigin>,
    /// The fields that could not be used, as [`Error::BadField`].
    pub dropped: Vec<Error>,
}

/// Whether a tag is this one or, of a collection, one below it.
#[cfg(any(feature = "cli", feature = "fetch"))]
pub(crate) fn is_at_or_below(tag: &str, path: &str) -> bool {
    tag.strip_prefix(path.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl BibReference {
    /// This reference without an address that is not of the web, which is noted.
    pub(crate) fn without_bad_address(mut self) -> BibReference {
        if let Some(address) = self.raw_paper.url.take_if(|address| !is_of_web(address)) {
            let at = self.notes.origins.iter().position(|origin| origin.field == "url");
            let field = at.map_or(Cow::Borrowed("url"), |at| self.notes.origins.remove(at).from);
            self.notes.drop(field, not_of_web(&address));
        }
        self
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

impl FoundRecord {
    /// Returns the record with its paper checked; `file` is the name of its file in messages.
    pub(crate) fn checked(self, file: &str) -> Result<PaperRecord> {
        let FoundRecord { position, reference: BibReference { raw_paper, links, embedding, notes, .. } } = self;
        let RecordNotes { origins, dropped } = notes;
        match raw_paper.validate() {
            Ok(paper) => {
                let dropped = bad_fields(dropped, file, position);
                Ok(PaperRecord { paper, links, embedding, position, origins, dropped })
            }
            Err(mut reason) => {
                // A record without a text may have had one that could not be used.
                for DroppedField { field, reason: why } in dropped.iter().take(3) {
                    reason.push_str(&format!("; `{field}`: {why}"));
                }
                Err(Error::BadRecord { file: file.to_owned(), place: position, reason })
            }
        }
    }
}

/// Returns the dropped fields of the record in this place as errors.
pub(crate) fn bad_fields(dropped: Vec<DroppedField>, file: &str, place: RecordPosition) -> Vec<Error> {
    let bad_field = |DroppedField { field, reason }| Error::BadField {
        file: file.to_owned(),
        place,
        field: String::from(field),
        reason,
    };
    dropped.into_iter().map(bad_field).collect()
}

/// The citation links of one file, read on demand: what cites, and what is cited.
pub(crate) type LinkIter = Box<dyn Iterator<Item = Result<(WorkName, WorkName)>> + Send>;

/// The records of one file, read on demand.
pub(crate) type RecordIter = Box<dyn Iterator<Item = Result<FoundRecord>> + Send>;
