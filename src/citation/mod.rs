//! Papers for reference managers and people: BibTeX, RIS, CSL-JSON, CSV, Markdown, JSON lines; and as a [`Table`] for
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

pub use table::Table;

/// How papers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
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

impl Style {
    /// All of them.
    pub const ALL: [Style; 6] = [Style::Bibtex, Style::Ris, Style::CslJson, Style::Jsonl, Style::Csv, Style::Markdown];

    /// The content type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Style::Bibtex => "application/x-bibtex; charset=utf-8",
            Style::Ris => "application/x-research-info-systems; charset=utf-8",
            Style::CslJson => "application/vnd.citationstyles.csl+json",
            Style::Jsonl => "application/x-ndjson",
            Style::Csv => "text/csv; charset=utf-8",
            Style::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// The papers as text, in their order.
    pub fn write(self, papers: &[Paper]) -> String {
        match self {
            Style::Bibtex => bibtex::write(papers),
            Style::Ris => ris::write(papers),
            Style::CslJson => csl_json::write(papers),
            Style::Jsonl => papers.iter().map(|paper| serde_json::json!(paper).to_string() + "\n").collect(),
            Style::Csv => csv::write(papers),
            Style::Markdown => markdown::write(papers),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Style::Bibtex => "bibtex",
            Style::Ris => "ris",
            Style::CslJson => "csl-json",
            Style::Jsonl => "jsonl",
            Style::Csv => "csv",
            Style::Markdown => "md",
        })
    }
}

impl FromStr for Style {
    type Err = String;

    fn from_str(text: &str) -> Result<Style, String> {
        let found = Style::ALL.into_iter().find(|style| style.to_string() == text);
        let names = || Style::ALL.map(|style| style.to_string()).join(", ");
        found.ok_or_else(|| format!("no style `{text}`: there are {}", names()))
    }
}

/// What names the paper beside its arXiv id.
fn doi(paper: &Paper) -> Option<&str> {
    paper.names().find_map(|name| name.as_str().strip_prefix("doi:"))
}

/// Its arXiv id.
fn arxiv(paper: &Paper) -> Option<&str> {
    paper.names().find(|name| name.is_arxiv()).map(|name| name.as_str())
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
