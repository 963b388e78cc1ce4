//! `paperkin split`

use super::args::{GlobalArgs, SplitArgs};
use super::{CommandOutcome, output, upkeep};
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::paper::PaperId;

pub(super) fn run(common: &GlobalArgs, command: SplitArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let ids: Vec<String> = engine.split(&command.paper)?.iter().map(PaperId::to_string).collect();
    output::print(|out| writeln!(out, "{} are papers of their own", ids.join(" and ")))?;
    upkeep::after_a_change(&engine);
    Ok(CommandOutcome::Complete)
}
