//! `paperkin restore`

use super::reindex;
use crate::cli::args::{GlobalArgs, RestoreArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::library::{Library, LibraryBackup, StoredModel};

pub(in crate::cli) fn run(common: &GlobalArgs, args: RestoreArgs) -> Result<CommandOutcome> {
    let directory = common.directory()?;
    let backup = LibraryBackup::open(&args.file, &directory)?;
    let (papers, profiles) = (backup.summary().papers, backup.summary().profiles.len());
    let model = backup.model().map(StoredModel::label);
    // A library that cannot be read is worth asking for, too.
    let is_there = !matches!(Library::open(&directory), Err(Error::NotFound { .. }));
    let question = format!("Replace the library in {} with {papers} papers of the backup?", directory.display());
    if is_there && !args.yes && !output::confirm(&question)? {
        let reason = format!("would replace the library in {}: repeat it with --yes", directory.display());
        return Err(Error::BadRequest { field: "restore", reason });
    }
    let previous = backup.restore()?;
    output::print(|out| {
        write!(out, "{}: {papers} papers and {profiles} profiles restored", args.file.display())?;
        if let Some(model) = model {
            write!(out, ", embedded with {model}")?;
        }
        writeln!(out)?;
        match previous {
            Some(previous) => writeln!(out, "the previous library is {}", previous.display()),
            None => Ok(()),
        }
    })?;
    reindex::after_change(&Engine::open(common.options(LibraryLocation::Existing(directory)))?);
    Ok(CommandOutcome::Complete)
}
