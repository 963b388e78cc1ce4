//! Arguments of the commands that rank in bulk and measure: `rank` and `eval`.

use std::path::PathBuf;

use clap::Args;

use super::query::TemporaryLibrary;
use crate::cli::output::SummaryFormat;
use crate::evaluate::Metric;

/// Rank papers for a file of requests and write a TREC run
#[derive(Debug, Args)]
#[command(after_help = "\
One JSON request per line; every field is optional:
  {\"id\":\"q1\",\"text\":\"...\",
   \"positive\":[\"ID\",{\"id\":\"ID\",\"weight\":1.0,\"at\":\"2025-01-02\"},
               {\"title\":\"...\",\"abstract\":\"...\"}],
   \"negative\":[...],\"candidates\":[\"ID\",...],\"exclude\":[...],\"limit\":20,
   \"published_after\":\"2024-01-01\",\"published_before\":\"...\",\"as_of\":\"...\",
   \"strategy\":\"auto\",\"diversity\":0.0,\"min_score\":0.9}

Example:
  paperkin rank requests.jsonl --run out.trec --depth 100")]
pub(crate) struct RankArgs {
    /// Requests as JSON lines; `-` for standard input
    #[arg(value_name = "REQUESTS.jsonl")]
    pub requests: PathBuf,
    /// Output file; `-` for standard output
    #[arg(long, value_name = "OUT.trec")]
    pub run: PathBuf,
    /// Results per request without `limit` or `candidates`
    #[arg(long, default_value = "1000", value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub depth: u64,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Evaluate rankings against judgments or your own reading history
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["queries", "run", "profile", "history"]))]
#[command(after_help = "\
Queries are JSON lines with `id` and either `text` or `history` (a list of paper
ids). `disliked`, `candidates` and dates are optional: `as_of` ranks only papers
published on or after that date, using only what was known before it. With
`published_after` or `published_before`, these decide what is ranked: for what a
paper cites, `published_before` and `as_of` are its own date. Judgments are TREC
qrels, or tab-separated lines of query, paper and gain.

With --profile or --history, the latest 30% of the history is held out, and every
method ranks all papers published since.

Metrics:
  map         mean average precision
  mrr         mean reciprocal rank
  ndcg@K      nDCG with linear gains, as in trec_eval
  exp-ndcg@K  nDCG with gains of 2^judgment - 1
  recall@K    recall in the first K results; recall@P% in the first P percent
  auc         area under the ROC curve
  pairs       pairs in the right order, weighted by the difference in judgment
95% bootstrap confidence intervals are shown in parentheses. Below the table, gains
of the default ranking over each method, with paired intervals.

Examples:
  paperkin eval --docs docs.jsonl --queries queries.jsonl --qrels qrels.tsv
  paperkin eval --run out.trec --qrels qrels.txt --metrics map,ndcg@20
  paperkin eval --profile me")]
pub(crate) struct EvalArgs {
    /// Rank papers for these queries; `-` for standard input
    #[arg(long, value_name = "QUERIES.jsonl", requires = "qrels")]
    pub queries: Option<PathBuf>,
    /// Evaluate this TREC run
    #[arg(long, value_name = "RUN.trec", requires = "qrels", conflicts_with = "docs")]
    pub run: Option<PathBuf>,
    /// Compare methods on this profile's history
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Compare methods on a history file, as for `recommend`
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Relevance judgments
    #[arg(long, value_name = "QRELS")]
    pub qrels: Option<PathBuf>,
    /// Rank the papers of this file instead of the library, in any format that `add` reads
    #[arg(long, value_name = "DOCS")]
    pub docs: Vec<PathBuf>,
    /// Metrics to compute, listed below
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    pub metrics: Vec<Metric>,
    /// Minimum judgment of a relevant paper, for metrics with binary relevance
    #[arg(long, alias = "relevant", default_value = "1", value_name = "GAIN")]
    pub relevance_threshold: f64,
    /// Rank only the papers judged for each query
    #[arg(long, alias = "judged", requires = "queries")]
    pub judged_only: bool,
    /// Seed of everything random: intervals, the random baseline, negatives
    #[arg(long, default_value = "1", value_name = "SEED")]
    pub seed: u64,
    /// Output format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}
