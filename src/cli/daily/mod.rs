//! `paperkin daily` and `init`: a day's round in one line.

#[cfg(feature = "daily")]
mod config;
#[cfg(feature = "daily")]
mod mail;
#[cfg(feature = "daily")]
mod round;

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "daily")]
pub(super) use round::{init, run};

/// Fetch, rank and write what each profile gets, as a file says
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin init                        write paperkin.toml, with comments
  paperkin daily
  paperkin daily --config me.toml --quiet

Cron: `7 6 * * *  paperkin daily --config /home/me/paperkin.toml --quiet`

What was sent is remembered: a second run sends nothing twice. A source that fails does not stop the others; the exit code
is 1 then. What could not be sent is sent by the next run.")]
pub(crate) struct DailyArgs {
    /// What to do
    #[arg(long, value_name = "FILE", default_value = "paperkin.toml")]
    pub config: PathBuf,
    /// Say only what went wrong
    #[arg(long)]
    pub quiet: bool,
}

/// Write paperkin.toml, which says what `daily` does
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  paperkin init --config paperkin.toml")]
pub(crate) struct InitArgs {
    /// The file to write; one that is there stays as it is
    #[arg(long, value_name = "FILE", default_value = "paperkin.toml")]
    pub config: PathBuf,
}

#[cfg(not(feature = "daily"))]
mod without {
    use super::super::Outcome;
    use super::super::args::Common;
    use super::{Daily, Init};
    use crate::error::{Error, Result};

    pub(in crate::cli) fn run(_: &Common, _: DailyArgs) -> Result<Outcome> {
        Err(absent())
    }

    pub(in crate::cli) fn init(_: InitArgs) -> Result<Outcome> {
        Err(absent())
    }

    fn absent() -> Error {
        let reason = "this program cannot: build it with the feature `daily`".to_owned();
        Error::BadRequest { field: "daily", reason }
    }
}
#[cfg(not(feature = "daily"))]
pub(super) use without::{init, run};
