//! Arguments of `search`, `similar`, `recommend` and `feed`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::parsers::date;
use crate::cli::output::{OutputFormat, PaperFormat};
use crate::formats::TextEncoding;
use crate::paper::{PaperId, YearRange};
use crate::recommend::{RelevanceWord, Request, Strategy};

/// List the newest papers, without ranking them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin recent
  paperkin recent --days 7 -n 50")]
pub(crate) struct RecentArgs {
    /// Only papers published in the last so many days
    #[arg(long, value_name = "DAYS")]
    pub days: Option<u16>,
    #[command(flatten)]
    pub list: PaperListArgs,
}

/// List papers by author, year, category or source, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin list --author \"Y. LeCun\" --year 2023..2025
  paperkin list --category cs.CL --format bibtex -n 1000

Names of authors match in any form: `Yann LeCun`, `Y. LeCun`, `LeCun, Yann` and
`LeCun` find papers by Yann LeCun. Accents and case do not count.")]
pub(crate) struct ListArgs {
    /// Only papers by this author; repeat for papers by any of several
    #[arg(long, value_name = "NAME")]
    pub author: Vec<String>,
    /// Only papers of this year, or of the years `2024..2025`, `2024..` or `..2025`
    #[arg(long, value_name = "YEAR")]
    pub year: Option<YearRange>,
    /// Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    pub category: Vec<String>,
    /// Only papers from these sources, as listed by `status`
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub source: Vec<String>,
    #[command(flatten)]
    pub list: PaperListArgs,
}

/// Options of every list of papers.
#[derive(Debug, Args)]
pub(crate) struct PaperListArgs {
    /// Number of papers
    #[arg(short = 'n', long, default_value = "10", value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub limit: u64,
    /// Output format: table, json, jsonl, csv, bibtex, ris, csl-json or md
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    pub format: PaperFormat,
}

/// Search for papers about a topic
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin search tool use in language models
  paperkin search \"tool use\" --after 2025-01-01
  paperkin search \"protein folding\" --papers papers.csv --format json
  paperkin search 'diffusion -image author:\"Tri Dao\" year:2024..'

Ids, addresses, titles, authors and names of systems bring their papers first.
\"Quoted phrases\", -excluded words, title:, author:, category: and year:2024..2025
narrow a search. The built-in model reads English.")]
pub(crate) struct SearchArgs {
    /// Topic, in any words
    #[arg(required = true, value_name = "TEXT")]
    pub text: Vec<String>,
    #[command(flatten)]
    pub query: QueryArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Find papers similar to a paper
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin similar 2401.12345
  paperkin similar --papers examples/daily-papers.txt \"How Few Instructions\"")]
pub(crate) struct SimilarArgs {
    /// Paper: its id, its URL, or words that only its title contains
    #[arg(value_name = "ID_OR_TITLE")]
    pub paper: String,
    #[command(flatten)]
    pub query: QueryArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Recommend papers for a reading history
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin recommend --like 2401.12345,2402.00001 --dislike 2403.11111
  paperkin recommend --like \"Pearls, and where to find them\"
  paperkin recommend --history read.txt --half-life 180 --diversity 0.3

A history file has one id per line, or JSON lines:
  {\"id\": \"2401.12345\", \"kind\": \"like\", \"weight\": 2, \"at\": \"2025-01-02\"}
  {\"id\": \"2403.11111\", \"kind\": \"dislike\"}")]
pub(crate) struct RecommendArgs {
    /// Liked paper: its id, URL or title; repeat for more, or separate ids with commas
    #[arg(long, value_name = "ID_OR_TITLE")]
    pub like: Vec<String>,
    /// Disliked paper, in the same way
    #[arg(long, value_name = "ID_OR_TITLE")]
    pub dislike: Vec<String>,
    /// History file, as `export --profile` writes it: JSON lines with `id` and, if known, `kind`, `weight`, `at` and
    /// `interest`; or any file that `profile NAME import` reads; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    #[command(flatten)]
    pub query: QueryArgs,
    #[command(flatten)]
    pub history_ranking: HistoryRankingArgs,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Show new papers for a profile, best first, and mark them as seen
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin feed --profile me
  paperkin feed --profile me --again              show the last feed again
  paperkin feed --profile me --since 2025-01-01   catch up on unseen papers

The first feed shows the papers of the last 14 days, then the best of the library.
Only the papers that are shown count as seen. If there is nothing new, the feed
goes on with papers that earlier feeds had no room for.")]
pub(crate) struct FeedArgs {
    /// Profile name
    #[arg(long, value_name = "NAME")]
    pub profile: String,
    /// Show the last feed again
    #[arg(long)]
    pub again: bool,
    /// Show unseen papers published on or after this date, instead of papers added since the last feed
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub since: Option<Date>,
    /// Show a seen paper again after this many days [default: never]
    #[arg(long, value_name = "DAYS")]
    pub seen_days: Option<u16>,
    #[command(flatten)]
    pub query: QueryArgs,
    #[command(flatten)]
    pub history_ranking: HistoryRankingArgs,
}

/// Options of every query.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// Number of results
    #[arg(short = 'n', long, default_value = "10", value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub limit: u64,
    /// Output format
    #[arg(
        long,
        default_value = "table",
        value_name = "FORMAT",
        hide_possible_values = true,
        help = "Output format: table, json, jsonl, csv, atom, rss or json-feed"
    )]
    pub format: OutputFormat,
    /// Show the best-matching sentence of each paper
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub filters: QueryFilters,
    #[command(flatten)]
    pub ranking: RankingArgs,
}

/// When papers were published, and where.
#[derive(Debug, Args)]
pub(crate) struct PublishedFilters {
    /// Only papers published on or after this date
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub after: Option<Date>,
    /// Only papers published on or before this date
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub before: Option<Date>,
    /// Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    pub category: Vec<String>,
    /// Only papers from these sources, as listed by `status`
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub source: Vec<String>,
}

/// Which papers a query looks at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct QueryFilters {
    /// Only papers by these authors, by any form of the name
    #[arg(long, value_name = "NAME")]
    pub by: Vec<String>,
    #[command(flatten)]
    pub published: PublishedFilters,
    /// Exclude these papers
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub exclude: Vec<PaperId>,
    /// Minimum relevance: close, related, or far for all; when all papers are far, the three nearest are shown
    #[arg(long, default_value = "related", value_name = "WORD")]
    pub min_relevance: RelevanceWord,
    /// Minimum score, a percentile: 0.9 keeps the best tenth of all papers
    #[arg(long, value_name = "0..1", allow_negative_numbers = true, hide_short_help = true)]
    pub min_score: Option<f32>,
    /// Collapse papers that are at least this similar, keeping the best
    #[arg(long, alias = "distinct", value_name = "0..1", allow_negative_numbers = true, hide_short_help = true)]
    pub dedup_threshold: Option<f32>,
}

/// How a query ranks papers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(crate) struct RankingArgs {
    /// Boost papers by these authors
    #[arg(long, value_name = "NAME", value_delimiter = ',', hide_short_help = true)]
    pub author: Vec<String>,
    /// Trade relevance for diversity: 0 ranks by score alone
    #[arg(long, default_value = "0", value_name = "0..1", allow_negative_numbers = true, hide_short_help = true)]
    pub diversity: f32,
    /// Move scores towards those of the nearest papers: 0 does not
    #[arg(long, default_value = "0", value_name = "0..1", allow_negative_numbers = true, hide_short_help = true)]
    pub smoothing: f32,
    /// Rank as if today were this date
    #[arg(long, value_name = "DATE", value_parser = date, hide_short_help = true)]
    pub as_of: Option<Date>,
}

/// How a query ranks papers by a reading history.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(crate) struct HistoryRankingArgs {
    /// Ranking strategy: auto, mean, nearest, interests or classifier
    #[arg(long, default_value = "auto", value_name = "STRATEGY")]
    pub strategy: Strategy,
    /// Halve the weight of history papers every so many days
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub half_life: Option<f64>,
    /// Only for this interest of the history, as results name it
    #[arg(long, value_name = "NAME")]
    pub interest: Option<String>,
}

impl HistoryRankingArgs {
    /// Returns a request that ranks by a history in this way.
    pub(crate) fn applied_to(&self, request: Request) -> Request {
        let HistoryRankingArgs { strategy, half_life, interest } = self;
        Request { strategy: *strategy, half_life_days: *half_life, interest: interest.clone(), ..request }
    }
}

impl QueryArgs {
    /// Returns a request with these options, and without a query yet.
    pub(crate) fn request(&self) -> Request {
        let QueryArgs { limit, explain, filters, ranking, .. } = self;
        Request {
            limit: Some(*limit as usize),
            explain: *explain,
            by: filters.by.clone(),
            published_after: filters.published.after,
            published_before: filters.published.before,
            categories: filters.published.category.clone(),
            sources: filters.published.source.clone(),
            exclude: filters.exclude.clone(),
            min_relevance: Some(filters.min_relevance),
            min_score: filters.min_score,
            dedup_threshold: filters.dedup_threshold,
            authors: ranking.author.clone(),
            diversity: ranking.diversity,
            smoothing: ranking.smoothing,
            as_of: ranking.as_of,
            ..Request::default()
        }
    }
}

/// Papers that stand in for the library.
#[derive(Debug, Args)]
pub(crate) struct TemporaryLibrary {
    /// Use the papers of this file instead of the library, in any format that `add` reads; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub papers: Vec<PathBuf>,
    /// Encoding of these files if they do not say it: `windows-1252` [default: UTF-8]
    #[arg(long, value_name = "NAME", requires = "papers")]
    pub encoding: Option<TextEncoding>,
}
