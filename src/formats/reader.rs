//! Readers of files of papers, whatever their format: as [`Paper`]s, or as [`BibReference`]s, which are not checked yet
//! and have tags and the day on which each was entered.
//!
//! A record that cannot be used is returned as one [`Error::BadRecord`], and reading goes on. A field that cannot be used
//! is left out and noted ([`RecordReader`]). A file that cannot be read, or not to its end, is returned as one
//! [`Error::BadFile`] or [`Error::Io`], which is the last item; so is a file in which no record was found, unless
//! [`ReadOptions::may_be_empty`].

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::formats::bibliographic::{bibtex, csl_json, endnote_xml, ris, zotero_rdf};
use crate::formats::common::clean::clean;
use crate::formats::common::encoding::{NOT_UTF8, TextEncoding};
use crate::formats::common::input::InputReader;
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, FoundRecord, LinkIter, PaperRecord, RecordIter};
use crate::formats::services::{arxiv_atom, hf_daily, hf_html, hf_page, pubmed};
use crate::formats::tables::{ColumnMap, VectorModel, csv, jsonl, link_list, parquet};
use crate::formats::{detect, feeds};
use crate::paper::{Paper, WorkName};

/// The references of one file, read on demand: memory holds one record at a time, or the whole file where its end is
/// needed to understand its start ([`InputFormat::ZoteroRdf`]).
/// After an error other than [`Error::BadRecord`] there are no more.
pub struct ReferenceReader {
    name: String,
    format: InputFormat,
    records: RecordIter,
    /// Whether a record was found, good or bad; or whether there may be none.
    found: bool,
    ended: bool,
}

impl ReferenceReader {
    /// Returns the format of the file, given or detected.
    pub fn format(&self) -> InputFormat {
        self.format
    }

    /// Returns a reader of the same records as checked papers.
    pub fn checked(self) -> PaperReader {
        PaperReader(RecordReader(self))
    }

    /// Returns the next record with its position.
    pub(crate) fn next_record(&mut self) -> Option<Result<FoundRecord>> {
        if self.ended {
            return None;
        }
        let mut record = self.records.next();
        if let Some(Ok(found)) = &mut record {
            clean(&mut found.reference, self.format);
        }
        self.ended = !matches!(record, Some(Ok(_) | Err(Error::BadRecord { .. })));
        if record.is_none() && !self.found {
            let (what, expected) = self.format.looks_for();
            let reason = format!("no record of {what} in it: expected {expected}");
            return Some(Err(Error::BadFile { file: self.name.clone(), reason }));
        }
        self.found = true;
        record
    }
}

impl Iterator for ReferenceReader {
    type Item = Result<BibReference>;

    fn next(&mut self) -> Option<Result<BibReference>> {
        Some(self.next_record()?.map(|found| found.reference))
    }
}

impl fmt::Debug for ReferenceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceReader")
            .field("format", &self.format)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// The papers of one file: those of its [`ReferenceReader`], checked. [`PaperReader::records`] also tells how each was
/// read.
#[derive(Debug)]
pub struct PaperReader(RecordReader);

impl PaperReader {
    /// Returns the format of the file, given or detected.
    pub fn format(&self) -> InputFormat {
        self.0.0.format
    }

    /// Returns a reader of the same papers, each with where its fields come from and which could not be used.
    pub fn records(self) -> RecordReader {
        self.0
    }
}

impl Iterator for PaperReader {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Result<Paper>> {
        Some(self.0.next()?.map(|record| record.paper))
    }
}

/// The papers of one file, each with how its record was read.
#[derive(Debug)]
pub struct RecordReader(ReferenceReader);

impl RecordReader {
    /// Returns the format of the file, given or detected.
    pub fn format(&self) -> InputFormat {
        self.0.format
    }
}

impl Iterator for RecordReader {
    type Item = Result<PaperRecord>;

    fn next(&mut self) -> Option<Result<PaperRecord>> {
        let found = self.0.next_record()?;
        Some(found.and_then(|found| found.checked(&self.0.name)))
    }
}

/// The citation links of one file: what cites, and what is cited. A line that cannot be used is one [`Error::BadRecord`].
pub struct LinkReader(LinkIter);

impl Iterator for LinkReader {
    type Item = Result<(WorkName, WorkName)>;

    fn next(&mut self) -> Option<Result<(WorkName, WorkName)>> {
        self.0.next()
    }
}

impl fmt::Debug for LinkReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkReader").finish_non_exhaustive()
    }
}

/// How to read a file, beyond what its content says.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format; detected if `None`.
    pub format: Option<InputFormat>,
    /// What the columns of a table hold, beside those with well-known names.
    pub columns: ColumnMap,
    /// The encoding of a text without a byte order mark; if `None`, the one that it says it has, else UTF-8.
    pub encoding: Option<TextEncoding>,
    /// Whether it is fine that there are no records: a service may have nothing new. If not, a file without records is an
    /// [`Error::BadFile`], which says what was looked for: it may be of another format.
    pub may_be_empty: bool,
    /// Most bytes of the text, after decompression; without a limit if `None`, as files are read as a stream.
    pub max_bytes: Option<u64>,
    /// The model of the vectors that Parquet has beside the papers, if they are to be read too. A record whose vector is of
    /// another model, or no unit vector, is an [`Error::BadRecord`].
    pub vectors: Option<VectorModel>,
}

/// Longest Parquet file that does not come from a path, in bytes: it is held in memory.
const MAX_STREAMED_PARQUET: u64 = 1 << 30;
/// Longest text in no format of records, in bytes.
const MAX_TEXT: u64 = 256 << 20;

impl ReadOptions {
    /// Opens a file of any format. Only reference managers store tags and the day on which a paper was entered.
    ///
    /// # Errors
    /// When the file cannot be opened or has nothing that could be papers.
    pub fn open(&self, path: &Path) -> Result<ReferenceReader> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
        }
        let failed = |source| Error::Io { path: path.to_owned(), doing: "open", source };
        let file = File::open(path).map_err(failed)?;
        if self.format.unwrap_or(InputFormat::Parquet) == InputFormat::Parquet && is_parquet(path) {
            let records = parquet::read(file, &name, &self.columns, self.vectors.as_ref())?;
            let found = self.may_be_empty;
            return Ok(ReferenceReader { name, format: InputFormat::Parquet, records, found, ended: false });
        }
        self.read(file, &name)
    }

    /// Reads references from any source of bytes; `name` is its name in messages, `-` for standard input. The first
    /// 256 KB are read at once, the rest on demand. Parquet, whose index is at its end, is read into memory, up to 1 GB;
    /// [`ReadOptions::open`] reads it in place.
    ///
    /// # Errors
    /// As for [`ReadOptions::open`].
    pub fn read(&self, input: impl Read + Send + 'static, name: &str) -> Result<ReferenceReader> {
        let (mut input, head) = InputReader::open(input, name, self.encoding, self.max_bytes)?;
        let found = match self.format {
            Some(format) => detect::readable(&head).map(|()| format),
            None => detect::detect(&head, name, &self.columns),
        };
        let format = found.map_err(|reason| input.bad_file(reason))?;
        if !format.is_table() && !self.columns.is_empty() {
            let reason = format!("column names were given, but the format {format} has no columns");
            return Err(input.bad_file(reason));
        }
        if self.vectors.is_some() && format != InputFormat::Parquet {
            return Err(input.bad_file(format!("vectors are read from Parquet, and this is {format}")));
        }
        let records = match format {
            InputFormat::HfPage => hf_page::read(input),
            InputFormat::HfDaily => hf_daily::read(input, &head)?,
            InputFormat::HfHtml => hf_html::read(input),
            InputFormat::ArxivAtom => arxiv_atom::read(input),
            InputFormat::Jsonl | InputFormat::SemanticScholar | InputFormat::OpenAlex | InputFormat::ArxivJson => {
                jsonl::read(input, &head, format)?
            }
            InputFormat::Csv | InputFormat::Tsv => csv::read(input, &head, format, &self.columns)?,
            InputFormat::Parquet => {
                let bytes = bytes::Bytes::from(input.read_whole(MAX_STREAMED_PARQUET)?);
                parquet::read(bytes, name, &self.columns, self.vectors.as_ref())?
            }
            InputFormat::Bibtex => bibtex::read(input),
            InputFormat::Ris | InputFormat::Nbib | InputFormat::Wos | InputFormat::Enw => ris::read(input, format),
            InputFormat::CslJson => csl_json::read(input),
            InputFormat::ZoteroRdf => zotero_rdf::read(input),
            InputFormat::EndnoteXml => endnote_xml::read(input),
            InputFormat::Feed => feeds::xml::read(input),
            InputFormat::JsonFeed => feeds::json_feed::read(input),
            InputFormat::PubmedXml | InputFormat::Bioc => pubmed::read(input, format),
        };
        Ok(ReferenceReader { name: name.to_owned(), format, records, found: self.may_be_empty, ended: false })
    }

    /// Opens a list of citation links: on each line the id of a paper that cites and that of one that is cited, separated by
    /// a tab, a comma or spaces; or a Parquet file with the columns `citing` and `cited`.
    ///
    /// # Errors
    /// When the file cannot be opened, or is Parquet without these columns.
    pub fn open_links(&self, path: &Path) -> Result<LinkReader> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
        }
        let file = File::open(path).map_err(Error::io(path, "open"))?;
        if is_parquet(path) { Ok(LinkReader(parquet::read_links(file, &name)?)) } else { self.read_links(file, &name) }
    }

    /// Reads such a list from any source of bytes: see [`ReadOptions::read`].
    ///
    /// # Errors
    /// As for [`ReadOptions::open_links`].
    pub fn read_links(&self, input: impl Read + Send + 'static, name: &str) -> Result<LinkReader> {
        let (mut input, head) = InputReader::open(input, name, self.encoding, self.max_bytes)?;
        if head.bytes.starts_with(&parquet::MAGIC) {
            let bytes = bytes::Bytes::from(input.read_whole(MAX_STREAMED_PARQUET)?);
            return Ok(LinkReader(parquet::read_links(bytes, name)?));
        }
        detect::readable(&head).map_err(|reason| input.bad_file(reason))?;
        Ok(LinkReader(link_list::read(input)))
    }

    /// Reads a whole file that is a text in no format of records: decompressed, as UTF-8.
    pub(crate) fn text(&self, input: impl Read + Send + 'static, name: &str) -> Result<String> {
        let (mut input, _) = InputReader::open(input, name, self.encoding, self.max_bytes)?;
        String::from_utf8(input.read_whole(MAX_TEXT)?).map_err(|_| input.bad_file(NOT_UTF8))
    }
}

/// Whether a file begins as Parquet does: [`ReadOptions::open`] reads such a file in place.
pub fn is_parquet(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| start == parquet::MAGIC)
}

/// Opens a file of papers, in `format` or in the format that is detected: see [`ReadOptions::open`].
pub fn open(path: &Path, format: Option<InputFormat>) -> Result<PaperReader> {
    references(path, format).map(ReferenceReader::checked)
}

/// Opens a file of references, in `format` or in the format that is detected: see [`ReadOptions::open`].
pub fn references(path: &Path, format: Option<InputFormat>) -> Result<ReferenceReader> {
    ReadOptions { format, ..ReadOptions::default() }.open(path)
}

/// Returns the record of one JSON object with a paper's fields, as in a line of a file; or what is wrong with it.
pub fn record(json: &[u8]) -> Result<PaperRecord, String> {
    jsonl::record(json)
}

/// Reads papers from any source of bytes: see [`ReadOptions::read`].
pub fn read(input: impl Read + Send + 'static, name: &str, format: Option<InputFormat>) -> Result<PaperReader> {
    read_references(input, name, format).map(ReferenceReader::checked)
}

/// Reads references from any source of bytes: see [`ReadOptions::read`].
pub fn read_references(
    input: impl Read + Send + 'static,
    name: &str,
    format: Option<InputFormat>,
) -> Result<ReferenceReader> {
    ReadOptions { format, ..ReadOptions::default() }.read(input, name)
}
