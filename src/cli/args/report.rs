//! Arguments of `report`.

use std::path::PathBuf;

use clap::Args;

use super::query::{PublishedFilters, TemporaryLibrary};
use crate::report::{ReportOptions, ReportPart};

/// Report what a collection contains: groups, trends, duplicates, neighbors, a map
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin report --out report
  paperkin report --out 2025 --after 2025-01-01 --before 2025-12-31
  paperkin report --out mine --profile me
  paperkin report --out found --papers search-results.ris
  paperkin report --out week --after 2026-11-23 --against-profile me
  paperkin report --out december --base november

Open DIR/report.html in a browser; it needs no network. The tables are there as
Parquet, JSON lines and CSV. The same papers give the same report, whatever
order they were added in. A report that is killed goes on when the command is
given again.")]
pub(crate) struct ReportArgs {
    /// Output directory
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the report that is in the directory
    #[arg(long)]
    pub force: bool,
    /// Only these parts: neighbors, duplicates, groups, trends, map, abstracts,
    /// embeddings [default: all but embeddings]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub include: Vec<ReportPart>,
    /// Continue an earlier report: its groups keep their numbers and names, its papers
    /// their groups and places, and new papers are added to them
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,
    /// Neighbors per paper
    #[arg(short = 'k', long, default_value = "10", value_name = "K", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub neighbors: u64,
    /// Minimum cosine similarity of duplicates with different texts
    #[arg(long, default_value = "0.95", value_name = "-1..1", allow_negative_numbers = true)]
    pub threshold: f32,
    /// Compare with another collection: a file of papers, or the directory of a library
    #[arg(long, value_name = "PATH", conflicts_with = "against_profile")]
    pub against: Option<PathBuf>,
    /// Compare with the reading history of this profile
    #[arg(long, value_name = "NAME")]
    pub against_profile: Option<String>,
    /// Compare all pairs of up to this many papers; of more, use an HNSW index
    #[arg(long, default_value_t = ReportOptions::EXACT_LIMIT, value_name = "N")]
    pub exact_limit: usize,
    #[command(flatten)]
    pub filters: ReportFilters,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Which papers a report is of.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct ReportFilters {
    #[command(flatten)]
    pub published: PublishedFilters,
    /// Only papers in the reading history of this profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Only papers whose ids are in this file, one per line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,
}
