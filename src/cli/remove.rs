//! `paperkin remove`

use serde::Serialize;

use super::args::{GlobalArgs, RemoveArgs, SummaryFormat};
use super::{CommandOutcome, output, upkeep};
use crate::engine::{Engine, LibraryLocation, RemoveSummary};
use crate::error::Result;

#[derive(Serialize)]
struct RemoveOutput {
    #[serde(flatten)]
    removed: RemoveSummary,
    papers: u64,
}

pub(super) fn run(common: &GlobalArgs, command: RemoveArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let removed = engine.remove(&command.papers)?;
    for id in &removed.not_found {
        output::complain("error", &format!("no paper `{id}`: give its id or its whole title"));
    }
    let summary = RemoveOutput { removed, papers: engine.library().summary()?.papers };
    output::print(|out| match command.format {
        SummaryFormat::Json => output::json(out, &summary),
        SummaryFormat::Table => {
            let RemoveOutput { removed: RemoveSummary { removed, not_found }, papers } = &summary;
            write!(out, "{} removed", removed.len())?;
            if !not_found.is_empty() {
                write!(out, ", {} not found", not_found.len())?;
            }
            writeln!(out, ": {papers} papers in the library")
        }
    })?;
    upkeep::after_a_change(&engine);
    Ok(CommandOutcome::complete_if(summary.removed.not_found.is_empty()))
}
