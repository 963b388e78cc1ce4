//! Arguments of questions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::date;
use crate::paper::PaperId;
use crate::recommend::{Request, Strategy};

/// Find papers about a text
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin search \"tool use in language models\" --after 2025-01-01 --category cs.CL
  paperkin search \"protein folding\" --papers papers.csv --format json")]
pub(crate) struct SearchArgs {
    /// What the papers should be about
    #[arg(value_name = "TEXT")]
    pub text: String,
    #[command(flatten)]
    pub ask: QueryArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Find papers like one paper of the library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin similar 2401.12345
  paperkin similar --papers examples/daily-papers.txt \"How Few Instructions Are Enough\"")]
pub(crate) struct SimilarArgs {
    /// The paper: its id, an address, its title, or words that only its title has
    #[arg(value_name = "ID_OR_TITLE")]
    pub paper: String,
    #[command(flatten)]
    pub ask: QueryArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Recommend papers for a reading history
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin recommend --like 2401.12345,2402.00001 --dislike 2403.11111
  paperkin recommend --history read.txt --half-life 180 --diversity 0.3

A history file has one id a line, or JSON lines: {\"id\": \"2401.12345\", \"weight\": 2, \"date\": \"2025-01-02\"}; with
\"dislike\": true a paper counts against its neighbors.")]
pub(crate) struct RecommendArgs {
    /// Papers that are liked
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub like: Vec<PaperId>,
    /// Papers that are disliked
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub dislike: Vec<PaperId>,
    /// A file of papers that were read: ids, one a line, or JSON objects with `id`, `weight`, `date`, `dislike` and
    /// `interest`; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    #[command(flatten)]
    pub ask: QueryArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Show what is new since the last look, best for a profile first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin feed --profile me
  paperkin feed --profile me --again            the last feed once more
  paperkin feed --profile me --since 2025-01-01 what was missed")]
pub(crate) struct FeedArgs {
    /// Whose feed
    #[arg(long, value_name = "NAME")]
    pub profile: String,
    /// Show the last feed again
    #[arg(long)]
    pub again: bool,
    /// Papers of this day or later that were not shown yet, in place of those added since the last look
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub since: Option<Date>,
    /// Days after which what was shown may come again; left out: never
    #[arg(long, value_name = "DAYS")]
    pub seen_days: Option<u16>,
    #[command(flatten)]
    pub ask: QueryArgs,
}

/// Options of every question.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// How many papers
    #[arg(short = 'n', long, default_value = "10", value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub limit: u64,
    /// How a reading history becomes a ranking: auto, mean, nearest, interests, classifier
    #[arg(long, default_value = "auto", value_name = "STRATEGY")]
    pub strategy: Strategy,
    /// Only papers that score at least this: 0.9 is what one paper of ten reaches
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    pub min_score: Option<f32>,
    /// 0: the best; towards 1: the best that differ from each other
    #[arg(long, default_value = "0", value_name = "0..1", allow_negative_numbers = true)]
    pub diversity: f32,
    /// Of papers at least this similar, only the best
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    pub distinct: Option<f32>,
    /// Authors whose papers gain
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub author: Vec<String>,
    /// Find the sentences that match best
    #[arg(long)]
    pub explain: bool,
    /// Only papers published on this day or later
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub after: Option<Date>,
    /// Only papers published on this day or before
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub before: Option<Date>,
    /// Answer as on this day
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_of: Option<Date>,
    /// Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    pub category: Vec<String>,
    /// Only papers from these sources, as `status` names them
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub source: Vec<String>,
    /// Never these papers
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub exclude: Vec<PaperId>,
    /// Days after which a dated paper of the history counts half
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub half_life: Option<f64>,
    /// How to print the results
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: OutputFormat,
}

impl QueryArgs {
    pub(crate) fn request(&self) -> Request {
        Request {
            limit: Some(self.limit as usize),
            strategy: self.strategy,
            min_score: self.min_score,
            dedup_threshold: self.distinct,
            authors: self.author.clone(),
            explain: self.explain,
            diversity: self.diversity,
            published_after: self.after,
            published_before: self.before,
            as_of: self.as_of,
            categories: self.category.clone(),
            sources: self.source.clone(),
            exclude: self.exclude.clone(),
            half_life_days: self.half_life,
            ..Request::default()
        }
    }
}

/// A throw-away library.
#[derive(Debug, Args)]
pub(crate) struct TemporaryLibrary {
    /// Ask these papers, not the library: a file in any format that `add` reads; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub papers: Vec<PathBuf>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    Table,
    /// One object with everything
    Json,
    /// One result a line
    Jsonl,
    /// One result a row
    Csv,
    /// For feed readers
    Atom,
    /// For feed readers
    Rss,
    /// For feed readers
    JsonFeed,
}
