//! Arguments of profiles.

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{Show, date};

/// Keep a reading history, for `feed`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin profile me like 2401.12345 2402.00001
  paperkin profile me dislike 2403.11111
  paperkin profile me follow \"Ada Example\"
  paperkin profile me show")]
pub(crate) struct ProfileCommand {
    /// The profile's name
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(subcommand)]
    pub action: ProfileAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileAction {
    /// Papers that were read
    Add(Entries),
    /// Papers that were liked
    Like(Entries),
    /// Papers that were saved for later
    Save(Entries),
    /// Papers that were disliked
    Dislike(Entries),
    /// Papers that no feed should have again
    Hide(Entries),
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
    Show(Show),
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
pub(crate) struct Entries {
    /// The papers: ids, addresses or titles
    #[arg(required = true, value_name = "ID")]
    pub papers: Vec<String>,
    /// How much each counts
    #[arg(long, default_value = "1", value_name = "WEIGHT", allow_negative_numbers = true)]
    pub weight: f64,
    /// The day it was read; left out: today
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub at: Option<Date>,
}
