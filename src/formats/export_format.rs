//! Papers for reference managers and people: BibTeX, RIS, CSL-JSON, CSV, Markdown, JSON lines; and as a [`ParquetWriter`] for
//! data tools.
//!
//! Papers in, text or bytes out. What is written is read again by `sources`.

mod bibtex;
mod csl_json;
mod csv;
mod markdown;
mod ris;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::paper::Paper;

pub use table::ParquetWriter;

/// How papers are written.
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
    /// All of them.
    pub const ALL: [ExportFormat; 6] = [
        ExportFormat::Bibtex,
        ExportFormat::Ris,
        ExportFormat::CslJson,
        ExportFormat::Jsonl,
        ExportFormat::Csv,
        ExportFormat::Markdown,
    ];

    /// The content type.
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

    /// The papers as text, in their order.
    pub fn write(self, papers: &[Paper]) -> String {
        match self {
            ExportFormat::Bibtex => bibtex::write(papers),
            ExportFormat::Ris => ris::write(papers),
            ExportFormat::CslJson => csl_json::write(papers),
            ExportFormat::Jsonl => papers.iter().map(|paper| serde_json::json!(paper).to_string() + "\n").collect(),
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
        let found = ExportFormat::ALL.into_iter().find(|style| style.to_string() == text);
        let names = || ExportFormat::ALL.map(|style| style.to_string()).join(", ");
        found.ok_or_else(|| format!("no style `{text}`: there are {}", names()))
    }
}

/// What names the paper beside its arXiv id.
fn doi(paper: &Paper) -> Option<&str> {
    paper.all_ids().find_map(|name| name.as_str().strip_prefix("doi:"))
}

/// Its arXiv id.
fn arxiv(paper: &Paper) -> Option<&str> {
    paper.all_ids().find(|name| name.is_arxiv()).map(|name| name.as_str())
}

/// Last name and given names; the last word is the last name, unless a comma says which it is. `None` for one word.
fn parts_of(author: &str) -> Option<(&str, &str)> {
    let (family, given) = match author.split_once(',') {
        Some(parts) => parts,
        None => author.rsplit_once(' ').map(|(given, family)| (family, given))?,
    };
    let (family, given) = (family.trim(), given.trim());
    (!family.is_empty() && !given.is_empty()).then_some((family, given))
}
