//! The formats that papers are written in, by name.
//!
//! [`InputFormat`](super::InputFormat) reads all of them again, but Markdown.

use std::fmt;
use std::str::FromStr;

use crate::formats::bibliographic::{bibtex, csl_json, markdown, ris};
use crate::formats::tables::{csv, jsonl};
use crate::paper::Paper;

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

impl ExportFormat {
    /// All formats.
    pub const ALL: [ExportFormat; 6] = [
        ExportFormat::Bibtex,
        ExportFormat::Ris,
        ExportFormat::CslJson,
        ExportFormat::Jsonl,
        ExportFormat::Csv,
        ExportFormat::Markdown,
    ];

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

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ExportFormat::Bibtex => "bibtex",
            ExportFormat::Ris => "ris",
            ExportFormat::CslJson => "csl-json",
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Markdown => "md",
        })
    }
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<ExportFormat, String> {
        let found = ExportFormat::ALL.into_iter().find(|format| format.to_string() == text);
        let names = || ExportFormat::ALL.map(|format| format.to_string()).join(", ");
        found.ok_or_else(|| format!("no format `{text}`: there are {}", names()))
    }
}
