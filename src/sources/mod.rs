//! Files of papers: reads every format into [`Paper`]s, one at a time; or into [`Reference`]s, which are the papers
//! unchecked, with the day on which somebody entered each and the tags that it got.
//!
//! A record that cannot be used gives one [`Error::BadRecord`], and reading goes on. A file that cannot be used, or
//! not to its end, gives one [`Error::BadFile`] or [`Error::Io`], and it is the last item.

mod arxiv_atom;
mod authors;
mod bibtex;
mod columns;
mod csl;
mod dates;
mod delimited;
mod detect;
mod elements;
mod endnote_xml;
mod feed;
mod fields;
mod format;
mod hf_daily;
mod hf_html;
mod hf_page;
mod ids;
mod input;
mod jsonl;
mod markup;
mod names;
mod parquet;
mod pubmed;
mod python;
mod reference;
mod tagged;
#[cfg(test)]
mod tests;
mod values;
mod xml;
mod zotero_rdf;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::paper::Paper;

use input::Input;

pub use columns::{Column, Columns};
pub use format::Format;
pub(crate) use markup::unescaped;
pub(crate) use names::{identify, of_address, remarked};
pub use reference::Reference;

/// A record that was found, not checked yet.
struct Found {
    place: Place,
    reference: Reference,
}

type Records = Box<dyn Iterator<Item = Result<Found>> + Send>;

/// References of one file, read as they are asked for: memory holds one record at a time, or a person's library where
/// its end says what its start is ([`Format::ZoteroRdf`]).
/// After an error other than [`Error::BadRecord`] there are no more.
pub struct References {
    name: String,
    format: Format,
    records: Records,
    ended: bool,
}

impl References {
    /// The file's format, given or detected.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The same, checked.
    pub fn checked(self) -> Papers {
        Papers(self)
    }

    fn found(&mut self) -> Option<Result<Found>> {
        if self.ended {
            return None;
        }
        let record = self.records.next();
        self.ended = !matches!(record, Some(Ok(_) | Err(Error::BadRecord { .. })));
        record
    }
}

impl Iterator for References {
    type Item = Result<Reference>;

    fn next(&mut self) -> Option<Result<Reference>> {
        Some(self.found()?.map(|found| found.reference))
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").field("format", &self.format).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// Papers of one file: its [`References`], checked.
#[derive(Debug)]
pub struct Papers(References);

impl Papers {
    /// The file's format, given or detected.
    pub fn format(&self) -> Format {
        self.0.format
    }
}

impl Iterator for Papers {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Result<Paper>> {
        Some(self.0.found()?.and_then(|Found { place, reference }| {
            let file = || self.0.name.clone();
            reference.draft.finish().map_err(|reason| Error::BadRecord { file: file(), place, reason })
        }))
    }
}

/// How to read a file, where its own start does not say so.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Its format; detected where there is none.
    pub format: Option<Format>,
    /// Which of a table's columns are what, beside those whose names say so.
    pub columns: Columns,
}

impl Reading {
    /// The references of a file, of any format: only bibliographies know tags, and when a paper was entered. Fails when
    /// the file cannot be opened or holds nothing that could be papers.
    pub fn open(&self, path: &Path) -> Result<References> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
        }
        let failed = |source| Error::Io { path: path.to_owned(), doing: "open", source };
        let file = File::open(path).map_err(failed)?;
        if self.format.unwrap_or(Format::Parquet) == Format::Parquet && is_parquet(path) {
            let records = parquet::read(file, &name, &self.columns)?;
            return Ok(References { name, format: Format::Parquet, records, ended: false });
        }
        self.read(file, &name)
    }

    /// The references of anything that gives bytes; `name` is what messages call it, `-` for standard input. The first
    /// 256 KB are read at once, the rest as references are asked for. Parquet, whose index stands at its end, is kept
    /// in memory; [`Reading::open`] reads it from its place.
    pub fn read(&self, input: impl Read + Send + 'static, name: &str) -> Result<References> {
        let (mut input, head) = Input::new(input, name)?;
        let found = match self.format {
            Some(format) => detect::readable(&head).map(|()| format),
            None => detect::detect(&head, name, &self.columns),
        };
        let format = found.map_err(|reason| input.bad_file(reason))?;
        if !format.is_table() && !self.columns.is_empty() {
            let reason = format!("columns are named, but a file of the format {format} has none");
            return Err(input.bad_file(reason));
        }
        let records = match format {
            Format::HfPage => hf_page::read(input),
            Format::HfDaily => hf_daily::read(input, &head)?,
            Format::HfHtml => hf_html::read(input),
            Format::ArxivAtom => arxiv_atom::read(input),
            Format::Jsonl | Format::SemanticScholar | Format::OpenAlex | Format::ArxivJson => {
                jsonl::read(input, &head, format)?
            }
            Format::Csv | Format::Tsv => delimited::read(input, &head, format, &self.columns)?,
            Format::Parquet => {
                let mut bytes = Vec::new();
                input.read_to_end(&mut bytes).map_err(|error| input.fault(&error))?;
                parquet::read(bytes::Bytes::from(bytes), name, &self.columns)?
            }
            Format::Bibtex => bibtex::read(input),
            Format::Ris | Format::Nbib | Format::Wos => tagged::read(input, format),
            Format::CslJson => csl::read(input),
            Format::ZoteroRdf => zotero_rdf::read(input),
            Format::EndnoteXml => endnote_xml::read(input),
            Format::Feed => feed::read(input),
            Format::JsonFeed => feed::read_json(input),
            Format::PubmedXml | Format::Bioc => pubmed::read(input, format),
        };
        Ok(References { name: name.to_owned(), format, records, ended: false })
    }
}

/// Whether a file begins as Parquet does: such a file is read from its place, with [`Reading::open`].
pub fn is_parquet(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| start == parquet::MAGIC)
}

/// The papers of a file, in `format` or in the one that it begins like, as [`Reading::open`] has them.
pub fn open(path: &Path, format: Option<Format>) -> Result<Papers> {
    references(path, format).map(References::checked)
}

/// The references of a file, in `format` or in the one that it begins like, as [`Reading::open`] has them.
pub fn references(path: &Path, format: Option<Format>) -> Result<References> {
    Reading { format, ..Reading::default() }.open(path)
}

/// The paper of one JSON object with a paper's fields, as a line of a file has it; or what is wrong with it.
pub fn record(json: &[u8]) -> Result<Paper, String> {
    jsonl::record(json)
}

/// The papers of anything that gives bytes, as [`Reading::read`] has them.
pub fn read(input: impl Read + Send + 'static, name: &str, format: Option<Format>) -> Result<Papers> {
    read_references(input, name, format).map(References::checked)
}

/// The references of anything that gives bytes, as [`Reading::read`] has them.
pub fn read_references(input: impl Read + Send + 'static, name: &str, format: Option<Format>) -> Result<References> {
    Reading { format, ..Reading::default() }.read(input, name)
}
