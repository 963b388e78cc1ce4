//! Arguments of `profile`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::fetch::ZoteroArgs;
use super::maintenance::SummaryArgs;
use super::parsers::date;
use crate::cli::output::SummaryFormat;
use crate::formats::TextEncoding;
use crate::library::HistoryKind;

/// Manage a profile: its reading history, followed authors and feed
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin profile me like 2401.12345 2402.00001
  paperkin profile me dislike 2403.11111
  paperkin profile me follow \"Ada Example\"
  paperkin profile me show")]
pub(crate) struct ProfileArgs {
    /// Profile name
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(subcommand)]
    pub action: ProfileAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileAction {
    /// Mark papers as read
    Add(EntryArgs),
    /// Mark papers as liked
    Like(EntryArgs),
    /// Save papers for later
    Save(EntryArgs),
    /// Mark papers as disliked
    Dislike(EntryArgs),
    /// Hide papers from the feed
    Hide(EntryArgs),
    /// Import a history from Zotero, a bibliography, bookmarks or a list
    Import(ImportArgs),
    /// Take back an import
    ///
    /// Removes the papers that it brought, except those that you voted on since.
    UndoImport {
        /// Number of the import, as `import` and `show` print it [default: the last one]
        #[arg(value_name = "NUMBER")]
        number: Option<i64>,
    },
    /// Remove papers from the history
    Remove {
        /// Papers to remove: ids, URLs or titles
        #[arg(required = true, value_name = "ID")]
        papers: Vec<String>,
    },
    /// Follow authors: boost their papers in the feed
    Follow {
        /// Author names, as they appear on papers
        #[arg(required = true, value_name = "AUTHOR")]
        authors: Vec<String>,
    },
    /// Stop following authors
    Unfollow {
        /// Author names
        #[arg(required = true, value_name = "AUTHOR")]
        authors: Vec<String>,
    },
    /// Print the reading history
    Show(SummaryArgs),
    /// Print the token for subscribing to the feed in a feed reader
    #[command(name = "feed-token", alias = "feed")]
    FeedToken {
        /// Replace the token; the previous one stops working
        #[arg(long)]
        renew: bool,
    },
    /// Delete the profile and its history
    Delete {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Papers to enter into a history.
#[derive(Debug, Args)]
pub(crate) struct EntryArgs {
    /// Papers: ids, URLs or titles
    #[arg(required = true, value_name = "ID")]
    pub papers: Vec<String>,
    /// Weight of each paper
    #[arg(long, default_value = "1", value_name = "WEIGHT", allow_negative_numbers = true)]
    pub weight: f64,
    /// Date of reading [default: today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub at: Option<Date>,
    /// Assign the papers to a named interest
    #[arg(long, value_name = "NAME")]
    pub interest: Option<String>,
}

/// Files of a history, and how to enter their papers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin profile me import ~/Zotero                 Zotero's database
  paperkin profile me import zotero:                  the Zotero that runs here
  paperkin profile me import \"zotero:My Library\"     one of its libraries
  paperkin profile me import zotero: --collection Reading/RL
  paperkin profile me import library.bib export.ris   any bibliography format
  paperkin profile me import bookmarks.html           links to papers, DOIs
  paperkin profile me import ids.txt --kind save      one id, URL or title per line
  paperkin profile me import history.jsonl            what `export --profile` writes

Existing entries are not changed, so importing a file again is safe. Papers that
the library does not contain are represented by their own text until they are
added. An import of more than 500 papers, or of more than ten times the history,
has to be confirmed. `paperkin profile NAME undo-import` takes an import back.
Zotero may stay open during an import.")]
pub(crate) struct ImportArgs {
    /// Files or directories to import; `zotero:` for the running Zotero, `zotero:NAME` for one of its libraries
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Encoding of text files that do not say it: `windows-1252` [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<TextEncoding>,
    /// Import papers as: read, like, save, dislike or hide
    #[arg(long, default_value = "like", value_name = "KIND")]
    pub kind: HistoryKind,
    /// Weight of each paper
    #[arg(long, default_value = "1", value_name = "WEIGHT", allow_negative_numbers = true)]
    pub weight: f64,
    /// Import only this collection, folder or tag, and everything below it
    #[arg(long, value_name = "PATH")]
    pub collection: Vec<String>,
    /// Map collections, folders and tags to interests or profiles [default: ignore them]
    #[arg(long, value_name = "WHAT")]
    pub tags_as: Option<TagMapping>,
    /// Show what would be imported, but change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before a large import
    #[arg(short, long)]
    pub yes: bool,
    /// List the papers that are not in the library, and all records that could not be read
    #[arg(long)]
    pub details: bool,
    #[command(flatten)]
    pub zotero: ZoteroArgs,
    /// Summary format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// What collections, folders and tags become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TagMapping {
    /// Interests for `--strategy interests`: the first tag of each paper
    Interests,
    /// Separate profiles named NAME/TAG
    Profiles,
}
