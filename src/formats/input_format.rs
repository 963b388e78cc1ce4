//! The formats that papers are read from, by name.

use std::fmt;
use std::str::FromStr;

/// A format of files of papers. Any of them may be compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputFormat {
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
    /// A table with a header, its cells separated by commas or semicolons.
    Csv,
    /// A table with a header, its cells separated by tabs.
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

impl InputFormat {
    /// All formats.
    pub const ALL: [InputFormat; 22] = [
        InputFormat::HfPage,
        InputFormat::HfDaily,
        InputFormat::HfHtml,
        InputFormat::ArxivAtom,
        InputFormat::Jsonl,
        InputFormat::SemanticScholar,
        InputFormat::OpenAlex,
        InputFormat::ArxivJson,
        InputFormat::Csv,
        InputFormat::Tsv,
        InputFormat::Parquet,
        InputFormat::Bibtex,
        InputFormat::Ris,
        InputFormat::Nbib,
        InputFormat::Wos,
        InputFormat::CslJson,
        InputFormat::ZoteroRdf,
        InputFormat::EndnoteXml,
        InputFormat::Feed,
        InputFormat::JsonFeed,
        InputFormat::PubmedXml,
        InputFormat::Bioc,
    ];

    /// Returns its name, as [`InputFormat::from_str`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            InputFormat::HfPage => "hf-page",
            InputFormat::HfDaily => "hf-daily",
            InputFormat::HfHtml => "hf-html",
            InputFormat::ArxivAtom => "arxiv-atom",
            InputFormat::Jsonl => "jsonl",
            InputFormat::SemanticScholar => "s2",
            InputFormat::OpenAlex => "openalex",
            InputFormat::ArxivJson => "arxiv-json",
            InputFormat::Csv => "csv",
            InputFormat::Tsv => "tsv",
            InputFormat::Parquet => "parquet",
            InputFormat::Bibtex => "bibtex",
            InputFormat::Ris => "ris",
            InputFormat::Nbib => "nbib",
            InputFormat::Wos => "wos",
            InputFormat::CslJson => "csl-json",
            InputFormat::ZoteroRdf => "zotero-rdf",
            InputFormat::EndnoteXml => "endnote-xml",
            InputFormat::Feed => "feed",
            InputFormat::JsonFeed => "json-feed",
            InputFormat::PubmedXml => "pubmed-xml",
            InputFormat::Bioc => "bioc",
        }
    }

    /// Returns the [`source`](crate::paper::Paper::source) of papers in this format that do not name one.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            InputFormat::ArxivAtom | InputFormat::ArxivJson => "arxiv",
            InputFormat::SemanticScholar => "semantic-scholar",
            InputFormat::Tsv => "csv",
            InputFormat::Nbib | InputFormat::PubmedXml | InputFormat::Bioc => "pubmed",
            InputFormat::HfHtml => "hf-daily",
            InputFormat::ZoteroRdf => "zotero",
            InputFormat::EndnoteXml => "endnote",
            InputFormat::JsonFeed => "feed",
            other => other.name(),
        }
    }

    /// Whether its files are tables, whose columns may have other names.
    pub(crate) const fn is_table(self) -> bool {
        matches!(self, InputFormat::Csv | InputFormat::Tsv | InputFormat::Parquet)
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        InputFormat::ALL.map(InputFormat::name).join(", ")
    }
}

impl fmt::Display for InputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for InputFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<InputFormat, String> {
        let found = InputFormat::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("no format `{text}`: there are {}", InputFormat::names()))
    }
}
