//! Files of papers: reads every format into [`Paper`]s, one at a time; or into [`BibReference`]s, which are the papers
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

use crate::error::{Error, RecordPosition, Result};
use crate::paper::Paper;

use input::InputReader;

pub use columns::{ColumnMap, ColumnMapping};
pub use format::InputFormat;
pub(crate) use markup::unescaped;
pub(crate) use names::{identify, of_address, remarked};
pub use reference::BibReference;

/// A record that was found, not checked yet.
struct FoundRecord {
    place: RecordPosition,
    reference: BibReference,
}

type RecordIter = Box<dyn Iterator<Item = Result<FoundRecord>> + Send>;

/// References of one file, read as they are asked for: memory holds one record at a time, or a person's library where
/// its end says what its start is ([`InputFormat::ZoteroRdf`]).
/// After an error other than [`Error::BadRecord`] there are no more.
pub struct ReferenceReader {
    name: String,
    format: InputFormat,
    records: RecordIter,
    ended: bool,
}

impl ReferenceReader {
    /// The file's format, given or detected.
    pub fn format(&self) -> InputFormat {
        self.format
    }

    /// The same, checked.
    pub fn checked(self) -> PaperReader {
        PaperReader(self)
    }

    fn found(&mut self) -> Option<Result<FoundRecord>> {
        if self.ended {
            return None;
        }
        let record = self.records.next();
        self.ended = !matches!(record, Some(Ok(_) | Err(Error::BadRecord { .. })));
        record
    }
}

impl Iterator for ReferenceReader {
    type Item = Result<BibReference>;

    fn next(&mut self) -> Option<Result<BibReference>> {
        Some(self.found()?.map(|found| found.reference))
    }
}

impl fmt::Debug for ReferenceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").field("format", &self.format).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// Papers of one file: its [`ReferenceReader`], checked.
#[derive(Debug)]
pub struct PaperReader(ReferenceReader);

impl PaperReader {
    /// The file's format, given or detected.
    pub fn format(&self) -> InputFormat {
        self.0.format
    }
}

impl Iterator for PaperReader {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Result<Paper>> {
        Some(self.0.found()?.and_then(|FoundRecord { place, reference }| {
            let file = || self.0.name.clone();
            reference.draft.validate().map_err(|reason| Error::BadRecord { file: file(), place, reason })
        }))
    }
}

/// How to read a file, where its own start does not say so.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Its format; detected where there is none.
    pub format: Option<InputFormat>,
    /// Which of a table's columns are what, beside those whose names say so.
    pub columns: ColumnMap,
}

impl ReadOptions {
    /// The references of a file, of any format: only bibliographies know tags, and when a paper was entered. Fails when
    /// the file cannot be opened or holds nothing that could be papers.
    pub fn open(&self, path: &Path) -> Result<ReferenceReader> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
        }
        let failed = |source| Error::Io { path: path.to_owned(), doing: "open", source };
        let file = File::open(path).map_err(failed)?;
        if self.format.unwrap_or(InputFormat::Parquet) == InputFormat::Parquet && is_parquet(path) {
            let records = parquet::read(file, &name, &self.columns)?;
            return Ok(ReferenceReader { name, format: InputFormat::Parquet, records, ended: false });
        }
        self.read(file, &name)
    }

    /// The references of anything that gives bytes; `name` is what messages call it, `-` for standard input. The first
    /// 256 KB are read at once, the rest as references are asked for. Parquet, whose index stands at its end, is kept
    /// in memory; [`ReadOptions::open`] reads it from its place.
    pub fn read(&self, input: impl Read + Send + 'static, name: &str) -> Result<ReferenceReader> {
        let (mut input, head) = InputReader::new(input, name)?;
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
            InputFormat::HfPage => hf_page::read(input),
            InputFormat::HfDaily => hf_daily::read(input, &head)?,
            InputFormat::HfHtml => hf_html::read(input),
            InputFormat::ArxivAtom => arxiv_atom::read(input),
            InputFormat::Jsonl | InputFormat::SemanticScholar | InputFormat::OpenAlex | InputFormat::ArxivJson => {
                jsonl::read(input, &head, format)?
            }
            InputFormat::Csv | InputFormat::Tsv => delimited::read(input, &head, format, &self.columns)?,
            InputFormat::Parquet => {
                let mut bytes = Vec::new();
                input.read_to_end(&mut bytes).map_err(|error| input.fault(&error))?;
                parquet::read(bytes::Bytes::from(bytes), name, &self.columns)?
            }
            InputFormat::Bibtex => bibtex::read(input),
            InputFormat::Ris | InputFormat::Nbib | InputFormat::Wos => tagged::read(input, format),
            InputFormat::CslJson => csl::read(input),
            InputFormat::ZoteroRdf => zotero_rdf::read(input),
            InputFormat::EndnoteXml => endnote_xml::read(input),
            InputFormat::Feed => feed::read(input),
            InputFormat::JsonFeed => feed::read_json(input),
            InputFormat::PubmedXml | InputFormat::Bioc => pubmed::read(input, format),
        };
        Ok(ReferenceReader { name: name.to_owned(), format, records, ended: false })
    }
}

/// Whether a file begins as Parquet does: such a file is read from its place, with [`ReadOptions::open`].
pub fn is_parquet(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| start == parquet::MAGIC)
}

/// The papers of a file, in `format` or in the one that it begins like, as [`ReadOptions::open`] has them.
pub fn open(path: &Path, format: Option<InputFormat>) -> Result<PaperReader> {
    references(path, format).map(ReferenceReader::checked)
}

/// The references of a file, in `format` or in the one that it begins like, as [`ReadOptions::open`] has them.
pub fn references(path: &Path, format: Option<InputFormat>) -> Result<ReferenceReader> {
    ReadOptions { format, ..ReadOptions::default() }.open(path)
}

/// The paper of one JSON object with a paper's fields, as a line of a file has it; or what is wrong with it.
pub fn record(json: &[u8]) -> Result<Paper, String> {
    jsonl::record(json)
}

/// The papers of anything that gives bytes, as [`ReadOptions::read`] has them.
pub fn read(input: impl Read + Send + 'static, name: &str, format: Option<InputFormat>) -> Result<PaperReader> {
    read_references(input, name, format).map(ReferenceReader::checked)
}

/// The references of anything that gives bytes, as [`ReadOptions::read`] has them.
pub fn read_references(
    input: impl Read + Send + 'static,
    name: &str,
    format: Option<InputFormat>,
) -> Result<ReferenceReader> {
    ReadOptions { format, ..ReadOptions::default() }.read(input, name)
}
