//! Files of papers: reads every format into [`Paper`]s, one at a time.
//!
//! A record that cannot be used gives one [`Error::BadRecord`], and reading goes on. A file that cannot be used, or
//! not to its end, gives one [`Error::BadFile`] or [`Error::Io`], and it is the last item.

mod arxiv_atom;
mod delimited;
mod detect;
mod elements;
mod fields;
mod hf_daily;
mod hf_page;
mod input;
mod jsonl;
mod python;
mod reference;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::paper::Paper;

use input::Input;

pub use reference::Reference;

/// A format of files of papers. Any of them may be compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The text of a Hugging Face papers page, copied from the browser.
    HfPage,
    /// An answer of Hugging Face's `/api/daily_papers`.
    HfDaily,
    /// An answer of arXiv's API.
    ArxivAtom,
    /// JSON objects with papers' fields, one a line or in an array.
    Jsonl,
    /// A table with a header, its cells parted by commas or semicolons.
    Csv,
    /// A table with a header, its cells parted by tabs.
    Tsv,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 6] =
        [Format::HfPage, Format::HfDaily, Format::ArxivAtom, Format::Jsonl, Format::Csv, Format::Tsv];

    /// Its name, as [`Format::from_str`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::HfPage => "hf-page",
            Format::HfDaily => "hf-daily",
            Format::ArxivAtom => "arxiv-atom",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
        }
    }

    /// What [`Paper::source`] says of papers in this format that do not say it themselves.
    const fn source(self) -> &'static str {
        match self {
            Format::ArxivAtom => "arxiv",
            Format::Tsv => "csv",
            other => other.name(),
        }
    }

    /// All names, for messages.
    fn names() -> String {
        Format::ALL.map(Format::name).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Format, String> {
        let found = Format::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("no format `{text}`: there are {}", Format::names()))
    }
}

type Records = Box<dyn Iterator<Item = Result<Paper>> + Send>;

/// Papers of one file, read as they are asked for: memory holds one record at a time.
/// After an error other than [`Error::BadRecord`] there are no more.
pub struct Papers {
    format: Format,
    records: Records,
    ended: bool,
}

impl Papers {
    /// The file's format, given or detected.
    pub fn format(&self) -> Format {
        self.format
    }
}

impl Iterator for Papers {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Result<Paper>> {
        if self.ended {
            return None;
        }
        let record = self.records.next();
        self.ended = !matches!(record, Some(Ok(_) | Err(Error::BadRecord { .. })));
        record
    }
}

impl fmt::Debug for Papers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Papers").field("format", &self.format).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// The papers of a file, in `format` or in the one that it begins like. Fails when the file cannot be opened or
/// holds nothing that could be papers.
pub fn open(path: &Path, format: Option<Format>) -> Result<Papers> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
    }
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), doing: "open", source })?;
    read(file, &name, format)
}

/// The paper of one JSON object with a paper's fields, as a line of a file has it; or what is wrong with it.
pub fn record(json: &[u8]) -> Result<Paper, String> {
    jsonl::record(json)
}

/// The papers of anything that gives bytes; `name` is what messages call it, `-` for standard input.
/// The first 256 KB are read at once, the rest as papers are asked for.
pub fn read(input: impl Read + Send + 'static, name: &str, format: Option<Format>) -> Result<Papers> {
    let (input, head) = Input::new(input, name)?;
    let found = match format {
        Some(format) => detect::readable(&head).map(|()| format),
        None => detect::detect(&head, name),
    };
    let format = found.map_err(|reason| input.bad_file(reason))?;
    let records = match format {
        Format::HfPage => hf_page::read(input),
        Format::HfDaily => hf_daily::read(input, &head)?,
        Format::ArxivAtom => arxiv_atom::read(input),
        Format::Jsonl => jsonl::read(input, &head)?,
        Format::Csv | Format::Tsv => delimited::read(input, &head, format)?,
    };
    Ok(Papers { format, records, ended: false })
}
