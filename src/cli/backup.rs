//! `paperkin backup`

use std::path::PathBuf;

use clap::Args;

use super::args::GlobalArgs;
use super::{CommandOutcome, output};
use crate::error::Result;
use crate::library::Library;

/// Copy the library to a file, while others read and write it
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin backup papers-2025-01-31.sqlite3

To restore it, stop what uses the library, and put the file in its directory as `library.sqlite3`, without the old
`library.sqlite3-wal`. The index is built again by itself.")]
pub(crate) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub(super) fn run(common: &GlobalArgs, command: BackupArgs) -> Result<CommandOutcome> {
    let library = Library::open(&common.directory()?)?;
    library.back_up(&command.file)?;
    let bytes = std::fs::metadata(&command.file).map(|metadata| metadata.len()).unwrap_or_default();
    output::print(|out| writeln!(out, "{}: {:.1} MB", command.file.display(), bytes as f64 / 1e6))?;
    Ok(CommandOutcome::Complete)
}
