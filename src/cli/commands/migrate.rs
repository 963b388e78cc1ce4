//! `paperkin migrate`

use super::reindex;
use crate::cli::args::{GlobalArgs, MigrateArgs, location_with_environment};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress};
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::library::{Library, MigrationProgress, MigrationSummary};

pub(in crate::cli) fn run(common: &GlobalArgs, args: &MigrateArgs) -> Result<CommandOutcome> {
    let [from, to] = [&args.from, &args.to].map(|location| location_with_environment(location));
    let source = Library::open(&from)?;
    let mut progress = None;
    let summary = Library::migrate(&source, &to, |change| match change {
        MigrationProgress::Started { rows, resumed } => {
            // Each row is copied, and compared at the end.
            let bar = progress.insert(CommandProgress::of_count("rows", 2 * rows as usize));
            bar.advance(resumed as usize);
        }
        MigrationProgress::Copied(rows) | MigrationProgress::Compared(rows) => {
            progress.iter().for_each(|bar| bar.advance(rows as usize));
        }
    });
    progress.iter().for_each(CommandProgress::finish);
    let summary = summary?;
    let engine = Engine::open(common.options(LibraryLocation::Existing(to)))?;
    output::print_summary(args.format, &summary, |out, MigrationSummary { papers, profiles, rows, resumed }| {
        let name = engine.library().path().display();
        write!(out, "{name}: {papers} papers and {profiles} profiles copied, {rows} rows compared")?;
        if *resumed > 0 {
            write!(out, ", {resumed} of them from an earlier attempt")?;
        }
        writeln!(out)
    })?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::Complete)
}
