//! `paperkin remove`

use std::io::{self, Write};

use serde::Serialize;

use super::reindex;
use crate::cli::args::{GlobalArgs, RemoveArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, LibraryLocation, RemoveSummary};
use crate::error::Result;

#[derive(Serialize)]
struct RemoveOutput {
    #[serde(flatten)]
    removed: RemoveSummary,
    papers: u64,
}

pub(in crate::cli) fn run(common: &GlobalArgs, args: RemoveArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let removed = engine.remove(&args.papers)?;
    for id in &removed.not_found {
        let message = format!("no single paper `{id}` in the library: give its id or full title");
        output::diagnostic(Severity::Error, &message);
    }
    let summary = RemoveOutput { removed, papers: engine.library().paper_count()? };
    output::print_summary(args.format, &summary, table)?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::complete_if(summary.removed.not_found.is_empty()))
}

fn table(out: &mut dyn Write, summary: &RemoveOutput) -> io::Result<()> {
    let RemoveOutput { removed: RemoveSummary { removed, not_found }, papers } = summary;
    write!(out, "{} removed", removed.len())?;
    if !not_found.is_empty() {
        write!(out, ", {} not found", not_found.len())?;
    }
    writeln!(out, ": {papers} papers in the library")
}
