//! Arguments of `fetch`.
#![cfg_attr(not(feature = "fetch"), allow(dead_code, reason = "only `fetch` reads them"))]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::parsers::{date, seconds};
use crate::cli::output::SummaryFormat;

/// Fetch new papers from public services and from Zotero
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin fetch hf-daily                    new papers since the last run
  paperkin fetch arxiv --category cs.CL --category cs.LG
  paperkin fetch arxiv --oai --category cs   everything changed in an archive
  paperkin fetch s2 --ids ids.txt            papers by id
  paperkin fetch openalex --search lanterns  papers with their references
  paperkin fetch zotero                      items of the Zotero that runs here
  paperkin fetch feed https://example.org/papers.xml

Each page is stored as it arrives. After an error, run the same command again to
resume.")]
pub(crate) struct FetchArgs {
    #[command(subcommand)]
    pub source: FetchCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FetchCommand {
    /// Fetch Hugging Face daily papers
    #[command(after_help = "\
Examples:
  paperkin fetch hf-daily
  paperkin fetch hf-daily --from 2025-01-01 --to 2025-03-31

Without --from, each run resumes where the previous one stopped and refetches the
seven days before, to update votes and comments. The first run fetches seven days.")]
    HfDaily {
        /// First day
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: Option<Date>,
        /// Last day [default: today]
        #[arg(long, value_name = "DATE", value_parser = date)]
        to: Option<Date>,
        #[command(flatten)]
        service: ServiceArgs,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Fetch papers from arXiv by category or query
    #[command(after_help = "\
Examples:
  paperkin fetch arxiv --category cs.CL --since 2025-01-01
  paperkin fetch arxiv --query \"ti:lanterns ANDNOT au:jones\"
  paperkin fetch arxiv --oai --category cs

Without --since, each run resumes one week before the last run of the same query,
because arXiv lists some papers days after their submission.")]
    Arxiv {
        /// Category, such as cs.CL; repeat for papers of any of several
        #[arg(long, value_name = "CATEGORY", required_unless_present = "query")]
        category: Vec<String>,
        /// Search terms, or a query in arXiv's syntax
        #[arg(long, value_name = "TEXT", conflicts_with = "oai")]
        query: Option<String>,
        /// First date of submission; with --oai, of change
        #[arg(long, value_name = "DATE", value_parser = date)]
        since: Option<Date>,
        /// Harvest everything that changed in an archive or category, using OAI-PMH
        #[arg(long)]
        oai: bool,
        #[command(flatten)]
        service: ServiceArgs,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Fetch papers from Semantic Scholar by id
    #[command(after_help = "\
Examples:
  paperkin fetch s2 --ids ids.txt
  paperkin fetch s2 --ids ids.txt --references

Set S2_API_KEY to send an API key.")]
    S2 {
        /// File with one id per line: arXiv, DOI or Semantic Scholar; `-` for standard input
        #[arg(long, value_name = "FILE")]
        ids: PathBuf,
        /// Fetch what the papers cite too
        #[arg(long)]
        references: bool,
        #[command(flatten)]
        service: ServiceArgs,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Fetch papers and what they cite from OpenAlex by id or query
    #[command(after_help = "\
Examples:
  paperkin fetch openalex --ids ids.txt
  paperkin fetch openalex --search \"soft lanterns\" --since 2025-01-01
  paperkin fetch openalex --filter type:article,cites:W2741809807

Set OPENALEX_API_KEY to send an API key. Without one, OpenAlex allows few requests
a day, and the first 10,000 papers of a query.")]
    Openalex {
        /// File with one id per line: DOI, arXiv or OpenAlex; `-` for standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = ["search", "filter", "since"])]
        ids: Option<PathBuf>,
        /// Words to search for in titles, abstracts and full texts
        #[arg(long, value_name = "TEXT", required_unless_present_any = ["ids", "filter"])]
        search: Option<String>,
        /// Filters in OpenAlex's syntax, separated by commas
        #[arg(long, value_name = "FILTER")]
        filter: Option<String>,
        /// First date of publication
        #[arg(long, value_name = "DATE", value_parser = date)]
        since: Option<Date>,
        #[command(flatten)]
        service: ServiceArgs,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Fetch the items of the Zotero that runs on this machine
    #[command(after_help = "\
Examples:
  paperkin fetch zotero
  paperkin fetch zotero --collection Reading/RL --tag robots
  paperkin fetch zotero --group \"Our lab\" --since 2025-01-01

Zotero 7 or later has to run, and to let other programs read it: in its settings,
under Advanced, `Allow other applications on this computer to communicate with
Zotero`. From Zotero 10 on, each run of a whole library reads what has changed since
the last one. To import a reading history: paperkin profile NAME import zotero:")]
    Zotero {
        /// Read only the library of this group; `My Library` is your own [default: all libraries]
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
        /// Read only this collection, and everything below it; repeat for several
        #[arg(long, value_name = "PATH")]
        collection: Vec<String>,
        /// Read only items with this tag; repeat for items with any of several
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
        /// First date on which an item was added to Zotero
        #[arg(long, value_name = "DATE", value_parser = date)]
        since: Option<Date>,
        #[command(flatten)]
        zotero: ZoteroArgs,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Fetch a feed or file, in any format that `add` reads
    #[command(after_help = "Example:\n  paperkin fetch feed https://example.org/papers.xml")]
    Feed {
        /// URL
        #[arg(value_name = "URL")]
        url: String,
        #[command(flatten)]
        client: ClientArgs,
    },
}

/// Where a service is.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// Base URL of the service, for a mirror or proxy
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

/// Where Zotero is.
#[derive(Debug, Args)]
pub(crate) struct ZoteroArgs {
    /// Address of the running Zotero [default: http://127.0.0.1:23119]
    #[arg(long, env = "PAPERKIN_ZOTERO_URL", value_name = "URL")]
    pub zotero_url: Option<String>,
}

/// How a source is fetched.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    pub http: HttpArgs,
    /// Count the papers that would be fetched, but store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Summary format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// How requests are made.
#[derive(Debug, Args)]
pub(crate) struct HttpArgs {
    /// Contact address to send to services, an email address or URL
    #[arg(long, env = "PAPERKIN_CONTACT", value_name = "EMAIL_OR_URL")]
    pub contact: Option<String>,
    /// Delay between requests and before the first retry, in seconds [default: 3 for arXiv, else 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub pause: Option<Duration>,
    /// Response timeout, in seconds [default: 300 with --oai, else 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Maximum attempts per request
    #[arg(long, default_value = "5", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub attempts: u32,
}
