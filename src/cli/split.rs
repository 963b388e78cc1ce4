//! `paperkin split`

use super::args::{Common, Split};
use super::{Outcome, output, upkeep};
use crate::engine::{Engine, Place};
use crate::error::Result;
use crate::paper::PaperId;

pub(super) fn run(common: &Common, command: Split) -> Result<Outcome> {
    let mut engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    let ids: Vec<String> = engine.split(&command.paper)?.iter().map(PaperId::to_string).collect();
    output::print(|out| writeln!(out, "{} are papers of their own", ids.join(" and ")))?;
    upkeep::after_a_change(&engine);
    Ok(Outcome::Complete)
}
