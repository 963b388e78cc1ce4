//! The formats of files of papers, by name.

use std::fmt;
use std::str::FromStr;

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
    /// A table in Parquet; not compressed with gzip.
    Parquet,
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
    /// Zotero's own export, with its collections.
    ZoteroRdf,
    /// XML of EndNote, which Mendeley writes too.
    EndnoteXml,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 22] = [
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
        Format::Parquet,
        Format::Bibtex,
        Format::Ris,
        Format::Nbib,
        Format::Wos,
        Format::CslJson,
        Format::ZoteroRdf,
        Format::EndnoteXml,
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
            Format::Parquet => "parquet",
            Format::Bibtex => "bibtex",
            Format::Ris => "ris",
            Format::Nbib => "nbib",
            Format::Wos => "wos",
            Format::CslJson => "csl-json",
            Format::ZoteroRdf => "zotero-rdf",
            Format::EndnoteXml => "endnote-xml",
            Format::Feed => "feed",
            Format::JsonFeed => "json-feed",
            Format::PubmedXml => "pubmed-xml",
            Format::Bioc => "bioc",
        }
    }

    /// What [`crate::paper::Paper::source`] says of papers in this format that do not say it themselves.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Format::ArxivAtom | Format::ArxivJson => "arxiv",
            Format::SemanticScholar => "semantic-scholar",
            Format::Tsv => "csv",
            Format::Nbib | Format::PubmedXml | Format::Bioc => "pubmed",
            Format::HfHtml => "hf-daily",
            Format::ZoteroRdf => "zotero",
            Format::EndnoteXml => "endnote",
            Format::JsonFeed => "feed",
            other => other.name(),
        }
    }

    /// Whether its files are tables, whose columns may have other names.
    pub(super) const fn is_table(self) -> bool {
        matches!(self, Format::Csv | Format::Tsv | Format::Parquet)
    }

    /// All names, for messages.
    pub(super) fn names() -> String {
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
