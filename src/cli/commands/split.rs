//! `paperkin split`

use super::reindex;
use crate::cli::args::{GlobalArgs, SplitArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::paper::PaperId;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SplitArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let ids: Vec<String> = engine.split(&args.paper)?.iter().map(PaperId::to_string).collect();
    output::print(|out| writeln!(out, "split into {}", ids.join(" and ")))?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::Complete)
}
