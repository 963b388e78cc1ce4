//! Arguments of `fetch`.
#![cfg_attr(not(feature = "fetch"), allow(dead_code, reason = "only the fetcher reads them"))]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{SummaryFormat, date};

/// Add new papers from public services
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin fetch hf-daily                    what is new since the last run; at first seven days
  paperkin fetch arxiv --category cs.CL --category cs.LG
  paperkin fetch arxiv --oai --category cs   all that changed in an archive
  paperkin fetch s2 --ids ids.txt            papers by their ids
  paperkin fetch feed https://example.org/papers.xml

What has come is in the library, also when the rest fails: the same command goes on from there.")]
pub(crate) struct FetchArgs {
    #[command(subcommand)]
    pub source: FetchCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FetchCommand {
    /// Hugging Face's daily papers
    #[command(after_help = "\
Examples:
  paperkin fetch hf-daily
  paperkin fetch hf-daily --from 2025-01-01 --to 2025-03-31

Without --from it goes on from the last day that was fetched, and fetches the seven days before again: their votes and
comments have changed.")]
    HfDaily {
        /// The first day
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: Option<Date>,
        /// The last day; left out: today
        #[arg(long, value_name = "DATE", value_parser = date)]
        to: Option<Date>,
        #[command(flatten)]
        base: BaseUrl,
        #[command(flatten)]
        manners: ClientArgs,
    },
    /// arXiv, by subject class or query
    #[command(after_help = "\
Examples:
  paperkin fetch arxiv --category cs.CL --since 2025-01-01
  paperkin fetch arxiv --query \"ti:lanterns ANDNOT au:jones\"
  paperkin fetch arxiv --oai --category cs

Without --since it goes on from the last run of the same query, and a week before it: arXiv lists some papers days after
they were submitted.")]
    Arxiv {
        /// A subject class: papers of any of these
        #[arg(long, value_name = "CLASS", required_unless_present = "query")]
        category: Vec<String>,
        /// Words, or a query in arXiv's language
        #[arg(long, value_name = "TEXT", conflicts_with = "oai")]
        query: Option<String>,
        /// The first day of submission; with --oai of change
        #[arg(long, value_name = "DATE", value_parser = date)]
        since: Option<Date>,
        /// Ask for all that changed in an archive or class, by OAI-PMH
        #[arg(long)]
        oai: bool,
        #[command(flatten)]
        base: BaseUrl,
        #[command(flatten)]
        manners: ClientArgs,
    },
    /// Semantic Scholar, by ids
    #[command(after_help = "\
Example:
  paperkin fetch s2 --ids ids.txt

A key in S2_API_KEY is sent along.")]
    S2 {
        /// Ids, one a line: arXiv, DOI, or Semantic Scholar's own; `-` for standard input
        #[arg(long, value_name = "FILE")]
        ids: PathBuf,
        #[command(flatten)]
        base: BaseUrl,
        #[command(flatten)]
        manners: ClientArgs,
    },
    /// A feed, in any format that `add` reads
    #[command(after_help = "Example:\n  paperkin fetch feed https://example.org/papers.xml")]
    Feed {
        /// Where it is
        #[arg(value_name = "URL")]
        url: String,
        #[command(flatten)]
        manners: ClientArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BaseUrl {
    /// Where the service is, if not at its usual place: a mirror or a proxy
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// An e-mail address or URL that services can turn to, sent along
    #[arg(long, env = "PAPERKIN_CONTACT", value_name = "EMAIL_OR_URL")]
    pub contact: Option<String>,
    /// Seconds between requests, and before the first repetition of one that failed; left out: 3 for arXiv, else 1
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub pause: Option<Duration>,
    /// Seconds that an answer may take; left out: 300 for --oai, else 120
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// How often a request is made before it has failed
    #[arg(long, default_value = "5", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub attempts: u32,
    /// Say how many papers would come, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print the summary
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| time.as_secs() <= 86_400).ok_or_else(|| "seconds from 0 to 86400 are expected".to_owned())
}
