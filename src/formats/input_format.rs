//! The formats that papers are read from, by name.

use crate::string_enum::string_enum;
use crate::text::markup::MarkupRule;

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
    /// EndNote's tagged lines: `%0 Journal Article`.
    Enw,
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

string_enum!(InputFormat, "an input format", {
    HfPage => "hf-page",
    HfDaily => "hf-daily",
    HfHtml => "hf-html",
    ArxivAtom => "arxiv-atom",
    Jsonl => "jsonl",
    SemanticScholar => "s2",
    OpenAlex => "openalex",
    ArxivJson => "arxiv-json",
    Csv => "csv",
    Tsv => "tsv",
    Parquet => "parquet",
    Bibtex => "bibtex",
    Ris => "ris",
    Nbib => "nbib",
    Wos => "wos",
    Enw => "enw",
    CslJson => "csl-json",
    ZoteroRdf => "zotero-rdf",
    EndnoteXml => "endnote-xml",
    Feed => "feed",
    JsonFeed => "json-feed",
    PubmedXml => "pubmed-xml",
    Bioc => "bioc",
});

impl InputFormat {
    /// Returns the [`source`](crate::paper::Paper::source) of papers in this format that do not name one.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            InputFormat::ArxivAtom | InputFormat::ArxivJson => "arxiv",
            InputFormat::SemanticScholar => "semantic-scholar",
            InputFormat::Tsv => "csv",
            InputFormat::Nbib | InputFormat::PubmedXml | InputFormat::Bioc => "pubmed",
            InputFormat::HfHtml => "hf-daily",
            InputFormat::ZoteroRdf => "zotero",
            InputFormat::EndnoteXml | InputFormat::Enw => "endnote",
            InputFormat::JsonFeed => "feed",
            other => other.name(),
        }
    }

    /// Returns what is markup in its texts. Elements of feeds have rules of their own, which their readers follow.
    pub(crate) const fn markup(self) -> MarkupRule {
        match self {
            InputFormat::Feed | InputFormat::JsonFeed => MarkupRule::Plain,
            _ => MarkupRule::Inline,
        }
    }

    /// Whether its files are tables, whose columns may have other names.
    pub(crate) const fn is_table(self) -> bool {
        matches!(self, InputFormat::Csv | InputFormat::Tsv | InputFormat::Parquet)
    }

    /// Returns what its files are called, and what a reader looks for in them: for files in which it finds nothing.
    pub(crate) const fn looks_for(self) -> (&'static str, &'static str) {
        match self {
            InputFormat::HfPage => ("a Hugging Face page", "a title, an abstract and a line such as `• 3 authors`"),
            InputFormat::HfDaily => ("Hugging Face's daily papers", "an array of objects with `paper`"),
            InputFormat::HfHtml => ("a Hugging Face page", "a paper in an attribute `data-props`"),
            InputFormat::ArxivAtom => ("the arXiv API", "elements such as `<entry>`"),
            InputFormat::Jsonl => ("JSON", "objects such as `{\"title\": \"...\", \"abstract\": \"...\"}`"),
            InputFormat::SemanticScholar => ("Semantic Scholar", "objects with `paperId` and `title`"),
            InputFormat::OpenAlex => ("OpenAlex", "objects whose `id` is such as `https://openalex.org/W1`"),
            InputFormat::ArxivJson => ("arXiv's metadata", "objects with `id`, `title` and `abstract`"),
            InputFormat::Csv | InputFormat::Tsv => ("a table", "rows below the header"),
            InputFormat::Parquet => ("Parquet", "rows"),
            InputFormat::Bibtex => ("BibTeX", "entries such as `@article{key, title = {...}}`"),
            InputFormat::Ris => ("RIS", "lines such as `TY  - JOUR`"),
            InputFormat::Nbib => ("NBIB", "lines such as `PMID- 123`"),
            InputFormat::Wos => ("Web of Science", "lines such as `PT J`"),
            InputFormat::Enw => ("EndNote's tagged form", "lines such as `%0 Journal Article` and `%T Title`"),
            InputFormat::CslJson => {
                ("CSL-JSON", "an array of objects such as `{\"type\": \"article\", \"title\": \"...\"}`")
            }
            InputFormat::ZoteroRdf => ("Zotero RDF", "elements such as `<bib:Article>`"),
            InputFormat::EndnoteXml => ("EndNote XML", "elements such as `<record>`"),
            InputFormat::Feed => ("a news feed", "elements such as `<item>` (RSS) or `<entry>` (Atom)"),
            InputFormat::JsonFeed => ("JSON Feed", "objects in `items`"),
            InputFormat::PubmedXml => ("PubMed's XML", "elements such as `<PubmedArticle>`"),
            InputFormat::Bioc => ("BioC", "elements such as `<document>`"),
        }
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        InputFormat::ALL.map(InputFormat::name).join(", ")
    }
}
