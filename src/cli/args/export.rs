//! Arguments of `export`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};

use super::fetch::ZoteroArgs;
use crate::formats::ExportFormat;
use crate::library::HistoryKind;

/// Export papers to a reference manager, or the whole library
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).args(["profile", "papers"]),
    after_help = "\
Examples:
  paperkin export --profile me --format bibtex --out papers.bib
  paperkin export --profile me --out history.jsonl    what `profile NAME import` reads
  paperkin export --profile me --kind save --format md
  paperkin export --profile me --feed --limit 10 --format csl-json
  paperkin export --profile me --format md --one-file-per-paper --out notes
  paperkin export --profile me --feed --limit 10 --to-zotero
  paperkin export --papers --embeddings --format parquet --out library.parquet"
)]
pub(crate) struct ExportArgs {
    /// Export the reading history of this profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Kinds of history papers to export: read, like, save, dislike or hide [default: all in jsonl files, else save,like]
    #[arg(long, value_name = "KIND", value_delimiter = ',', requires = "profile")]
    pub kind: Vec<HistoryKind>,
    /// Export the profile's feed instead of its history, without marking it as seen
    #[arg(long, requires = "profile")]
    pub feed: bool,
    /// Number of papers of the feed
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// Export all papers of the library
    #[arg(long)]
    pub papers: bool,
    /// Include embeddings, in jsonl and parquet
    #[arg(long, requires = "papers")]
    pub embeddings: bool,
    /// Output format: bibtex, ris, csl-json, jsonl, csv, md or parquet
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: ExportChoice,
    /// Write a Markdown note for each paper into the directory --out, with properties and links to similar papers, as
    /// Obsidian reads them. Notes that are there stay as they are
    #[arg(long)]
    pub one_file_per_paper: bool,
    /// Send the papers to the Zotero that runs on this machine, into the library or collection that is selected there.
    /// Those that this library has already are left out
    #[arg(long, conflicts_with_all = ["embeddings", "format", "one_file_per_paper", "out"])]
    pub to_zotero: bool,
    /// Do not ask before sending more than 500 papers to Zotero
    #[arg(short, long, requires = "to_zotero")]
    pub yes: bool,
    #[command(flatten)]
    pub zotero: ZoteroArgs,
    /// Output file; `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ExportChoice {
    /// A text format.
    Text(ExportFormat),
    /// A table of columns.
    Parquet,
}

impl FromStr for ExportChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<ExportChoice, String> {
        match text {
            "parquet" => Ok(ExportChoice::Parquet),
            text => text.parse().map(ExportChoice::Text).map_err(|reason| format!("{reason}, parquet")),
        }
    }
}
