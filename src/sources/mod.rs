//! Files of papers: reads every format into [`Paper`]s, one at a time; or into [`Reference`]s, which are the papers
//! unchecked, with the day on which somebody entered each and the tags that it got.
//!
//! A record that cannot be used gives one [`Error::BadRecord`], and reading goes on. A file that cannot be used, or
//! not to its end, gives one [`Error::BadFile`] or [`Error::Io`], and it is the last item.

mod arxiv_atom;
mod bibtex;
mod csl;
mod dates;
mod delimited;
mod detect;
mod elements;
mod feed;
mod fields;
mod hf_daily;
mod hf_html;
mod hf_page;
mod ids;
mod input;
mod jsonl;
mod markup;
mod names;
mod pubmed;
mod python;
mod reference;
mod tagged;
#[cfg(test)]
mod tests;
mod xml;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, Place, Result};
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
    /// A page of one paper at Hugging Face, saved as HTML.
    HfHtml,
    /// An answer of arXiv's API.
    ArxivAtom,
    /// JSON objects with papers' fields, one a line or in an array.
    Jsonl,
    /// Answers and data sets of Semantic Scholar.
    SemanticScholar,
    /// Answers and snapshots of OpenAlex: its works.
    OpenAlex,
    /// arXiv's metadata as JSON, its snapshot on Kaggle being lines of it.
    ArxivJson,
    /// A table with a header, its cells parted by commas or semicolons.
    Csv,
    /// A table with a header, its cells parted by tabs.
    Tsv,
    /// A bibliography of BibTeX or biblatex.
    Bibtex,
    /// Tagged lines as EndNote, Zotero and most publishers write them: `TY  - JOUR`.
    Ris,
    /// PubMed's tagged lines: `PMID- 123`.
    Nbib,
    /// Web of Science's tagged lines: `PT J`.
    Wos,
    /// A news feed of papers: RSS or Atom.
    Feed,
    /// A news feed of papers: JSON Feed.
    JsonFeed,
    /// XML of PubMed's E-utilities.
    PubmedXml,
    /// PubMed's papers in the XML of text miners.
    Bioc,
    /// JSON of citation processors, which Zotero and Crossref write.
    CslJson,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 19] = [
        Format::HfPage,
        Format::HfDaily,
        Format::HfHtml,
        Format::ArxivAtom,
        Format::Jsonl,
        Format::SemanticScholar,
        Format::OpenAlex,
        Format::ArxivJson,
        Format::Csv,
        Format::Tsv,
        Format::Bibtex,
        Format::Ris,
        Format::Nbib,
        Format::Wos,
        Format::CslJson,
        Format::Feed,
        Format::JsonFeed,
        Format::PubmedXml,
        Format::Bioc,
    ];

    /// Its name, as [`Format::from_str`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::HfPage => "hf-page",
            Format::HfDaily => "hf-daily",
            Format::HfHtml => "hf-html",
            Format::ArxivAtom => "arxiv-atom",
            Format::Jsonl => "jsonl",
            Format::SemanticScholar => "s2",
            Format::OpenAlex => "openalex",
            Format::ArxivJson => "arxiv-json",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Bibtex => "bibtex",
            Format::Ris => "ris",
            Format::Nbib => "nbib",
            Format::Wos => "wos",
            Format::CslJson => "csl-json",
            Format::Feed => "feed",
            Format::JsonFeed => "json-feed",
            Format::PubmedXml => "pubmed-xml",
            Format::Bioc => "bioc",
        }
    }

    /// What [`Paper::source`] says of papers in this format that do not say it themselves.
    const fn source(self) -> &'static str {
        match self {
            Format::ArxivAtom | Format::ArxivJson => "arxiv",
            Format::SemanticScholar => "semantic-scholar",
            Format::Tsv => "csv",
            Format::Nbib | Format::PubmedXml | Format::Bioc => "pubmed",
            Format::HfHtml => "hf-daily",
            Format::JsonFeed => "feed",
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

/// A record that was found, not checked yet.
struct Found {
    place: Place,
    reference: Reference,
}

type Records = Box<dyn Iterator<Item = Result<Found>> + Send>;

/// References of one file, read as they are asked for: memory holds one record at a time.
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

/// The papers of a file, in `format` or in the one that it begins like. Fails when the file cannot be opened or
/// holds nothing that could be papers.
pub fn open(path: &Path, format: Option<Format>) -> Result<Papers> {
    references(path, format).map(Papers)
}

/// The references of a file, of any format: only bibliographies know tags, and when a paper was entered.
/// Fails as [`open`] does.
pub fn references(path: &Path, format: Option<Format>) -> Result<References> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(Error::BadFile { file: name, reason: "is a directory: give a file".to_owned() });
    }
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), doing: "open", source })?;
    read_references(file, &name, format)
}

/// The paper of one JSON object with a paper's fields, as a line of a file has it; or what is wrong with it.
pub fn record(json: &[u8]) -> Result<Paper, String> {
    jsonl::record(json)
}

/// The papers of anything that gives bytes; `name` is what messages call it, `-` for standard input.
/// The first 256 KB are read at once, the rest as papers are asked for.
pub fn read(input: impl Read + Send + 'static, name: &str, format: Option<Format>) -> Result<Papers> {
    read_references(input, name, format).map(Papers)
}

/// The references of anything that gives bytes, as [`read`] has it.
pub fn read_references(input: impl Read + Send + 'static, name: &str, format: Option<Format>) -> Result<References> {
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
        Format::Jsonl | Format::SemanticScholar | Format::OpenAlex | Format::ArxivJson => {
            jsonl::read(input, &head, format)?
        }
        Format::Csv | Format::Tsv => delimited::read(input, &head, format)?,
        Format::Bibtex => bibtex::read(input),
        Format::Ris | Format::Nbib | Format::Wos => tagged::read(input, format),
        Format::CslJson => csl::read(input),
        Format::HfHtml => hf_html::read(input),
        Format::Feed => feed::read(input),
        Format::JsonFeed => feed::read_json(input),
        Format::PubmedXml | Format::Bioc => pubmed::read(input, format),
    };
    Ok(References { name: name.to_owned(), format, records, ended: false })
}
