//! The formats that papers are written in, by name.
//!
//! [`InputFormat`](super::InputFormat) reads all of them again, but Markdown.

use crate::formats::bibliographic::{bibtex, csl_json, markdown, ris};
use crate::formats::tables::{csv, jsonl};
use crate::paper::Paper;
use crate::string_enum::string_enum;

/// A text format that papers are written in; see [`ParquetWriter`](super::ParquetWriter) for Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// BibTeX with BibLaTeX's `eprint`.
    Bibtex,
    /// RIS, as EndNote, Mendeley and Zotero read it.
    Ris,
    /// The items of the Citation Style Language.
    CslJson,
    /// All fields, a paper a line.
    Jsonl,
    /// A table.
    Csv,
    /// A list with links.
    Markdown,
}

string_enum!(ExportFormat, "an export format", {
    Bibtex => "bibtex",
    Ris => "ris",
    CslJson => "csl-json",
    Jsonl => "jsonl",
    Csv => "csv",
    Markdown => "md",
});

impl ExportFormat {
    /// Returns the media type (content type).
    pub const fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Bibtex => "application/x-bibtex; charset=utf-8",
            ExportFormat::Ris => "application/x-research-info-systems; charset=utf-8",
            ExportFormat::CslJson => "application/vnd.citationstyles.csl+json",
            ExportFormat::Jsonl => "application/x-ndjson",
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// Returns the papers as text, in their order.
    pub fn write(self, papers: &[Paper]) -> String {
        match self {
            ExportFormat::Bibtex => bibtex::write(papers),
            ExportFormat::Ris => ris::write(papers),
            ExportFormat::CslJson => csl_json::write(papers),
            ExportFormat::Jsonl => jsonl::write(papers),
            ExportFormat::Csv => csv::write(papers),
            ExportFormat::Markdown => markdown::write(papers),
        }
    }
}
