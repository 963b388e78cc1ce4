//! `paperkin backup`

use crate::cli::args::{BackupArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::error::Result;
use crate::file;
use crate::library::Library;

pub(in crate::cli) fn run(common: &GlobalArgs, args: BackupArgs) -> Result<CommandOutcome> {
    let library = Library::open(&common.directory()?)?;
    library.back_up(&args.file)?;
    if file::is_stream(&args.file) {
        // It may be the standard output.
        return Ok(CommandOutcome::Complete);
    }
    let bytes = std::fs::metadata(&args.file).map(|metadata| metadata.len()).unwrap_or_default();
    output::print(|out| writeln!(out, "{}: {:.1} MB", args.file.display(), bytes as f64 / 1e6))?;
    Ok(CommandOutcome::Complete)
}
