//! Arguments of profiles.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::{StatusArgs, SummaryFormat, date};
use crate::library::HistoryKind;

/// Keep a reading history, for `feed`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin profile me like 2401.12345 2402.00001
  paperkin profile me dislike 2403.11111
  paperkin profile me follow \"Ada Example\"
  paperkin profile me show")]
pub(crate) struct ProfileArgs {
    /// The profile's name
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(subcommand)]
    pub action: ProfileAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileAction {
    /// Papers that were read
    Add(EntryArgs),
    /// Papers that were liked
    Like(EntryArgs),
    /// Papers that were saved for later
    Save(EntryArgs),
    /// Papers that were disliked
    Dislike(EntryArgs),
    /// Papers that no feed should have again
    Hide(EntryArgs),
    /// Papers from Zotero, a bibliography, bookmarks or a list
    Import(ImportArgs),
    /// Take papers out of the history
    Remove {
        /// The papers
        #[arg(required = true, value_name = "ID")]
        papers: Vec<String>,
    },
    /// Authors whose papers gain in the feed
    Follow {
        /// Their names, as the papers have them
        #[arg(required = true, value_name = "AUTHOR")]
        authors: Vec<String>,
    },
    /// Authors who are not followed any more
    Unfollow {
        /// Their names
        #[arg(required = true, value_name = "AUTHOR")]
        authors: Vec<String>,
    },
    /// Print the history
    Show(StatusArgs),
    /// Print the token that lets feed readers read the feed
    Feed {
        /// Make another one: the one of before is of no use any more
        #[arg(long)]
        renew: bool,
    },
    /// Delete the profile with all that is known of it
    Delete,
}

#[derive(Debug, Args)]
pub(crate) struct EntryArgs {
    /// The papers: ids, addresses or titles
    #[arg(required = true, value_name = "ID")]
    pub papers: Vec<String>,
    /// How much each counts
    #[arg(long, default_value = "1", value_name = "WEIGHT", allow_negative_numbers = true)]
    pub weight: f64,
    /// The day it was read; left out: today
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub at: Option<Date>,
    /// The interest that they are of, by any name
    #[arg(long, value_name = "NAME")]
    pub interest: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin profile me import ~/Zotero                      Zotero's database, also while Zotero is open
  paperkin profile me import ~/Zotero --collection Reading/RL
  paperkin profile me import library.bib export.ris        BibTeX, RIS, NBIB, CSL-JSON, CSV, JSON lines, ...
  paperkin profile me import bookmarks.html                links to arXiv, Hugging Face, OpenReview, DOIs
  paperkin profile me import ids.txt --kind save           ids, addresses or titles, one a line

What is there already stays as it is: the same import twice changes nothing. What the library does not have is named, and
counts by its own text until the paper comes.")]
pub(crate) struct ImportArgs {
    /// Files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the papers are: read, like, save, dislike or hide
    #[arg(long, default_value = "like", value_name = "KIND")]
    pub kind: HistoryKind,
    /// How much each counts
    #[arg(long, default_value = "1", value_name = "WEIGHT", allow_negative_numbers = true)]
    pub weight: f64,
    /// Only papers of this collection, folder or tag, and of those in it
    #[arg(long, value_name = "PATH")]
    pub collection: Vec<String>,
    /// What collections, folders and tags become; left out: nothing
    #[arg(long, value_name = "WHAT")]
    pub tags_as: Option<TagMapping>,
    /// Say what would be entered, and enter nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print what became of it
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// What tags become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TagMapping {
    /// Interests of the profile, for `--strategy interests`: a paper is of its first tag
    Interests,
    /// Profiles NAME/TAG, one for each
    Profiles,
}
