//! `paperkin compact`

use serde::Serialize;

use super::reindex;
use crate::cli::args::{CompactArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;

#[derive(Serialize)]
struct CompactOutput {
    freed: u64,
    bytes: u64,
}

pub(in crate::cli) fn run(common: &GlobalArgs, args: CompactArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let summary = CompactOutput { freed: engine.compact()?, bytes: engine.summary()?.bytes };
    output::print_summary(args.format, &summary, |out, CompactOutput { freed, bytes }| {
        writeln!(out, "{freed} bytes freed, {bytes} bytes on disk")
    })?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::Complete)
}
