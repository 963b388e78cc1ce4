//! `paperkin compact`

use serde::Serialize;

use super::args::{CompactArgs, GlobalArgs, SummaryFormat};
use super::{CommandOutcome, output, upkeep};
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;

#[derive(Serialize)]
struct CompactOutput {
    freed: u64,
    bytes: u64,
}

pub(super) fn run(common: &GlobalArgs, command: CompactArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let summary = CompactOutput { freed: engine.compact()?, bytes: engine.library().summary()?.bytes };
    output::print(|out| match command.format {
        SummaryFormat::Json => output::json(out, &summary),
        SummaryFormat::Table => writeln!(out, "{} bytes freed: {} bytes on disk", summary.freed, summary.bytes),
    })?;
    upkeep::after_a_change(&engine);
    Ok(CommandOutcome::Complete)
}
