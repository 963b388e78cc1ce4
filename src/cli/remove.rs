//! `paperkin remove`

use serde::Serialize;

use super::args::{Common, Remove, SummaryFormat};
use super::{Outcome, output};
use crate::engine::{Engine, Place, Removed};
use crate::error::Result;

#[derive(Serialize)]
struct Summary {
    #[serde(flatten)]
    removed: Removed,
    papers: u64,
}

pub(super) fn run(common: &Common, command: Remove) -> Result<Outcome> {
    let mut engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    let removed = engine.remove(&command.papers)?;
    for id in &removed.not_found {
        output::complain("error", &format!("no paper `{id}`: give its id or its whole title"));
    }
    let summary = Summary { removed, papers: engine.library().summary()?.papers };
    output::print(|out| match command.format {
        SummaryFormat::Json => output::json(out, &summary),
        SummaryFormat::Table => {
            let Summary { removed: Removed { removed, not_found }, papers } = &summary;
            write!(out, "{} removed", removed.len())?;
            if !not_found.is_empty() {
                write!(out, ", {} not found", not_found.len())?;
            }
            writeln!(out, ": {papers} papers in the library")
        }
    })?;
    Ok(Outcome::complete_if(summary.removed.not_found.is_empty()))
}
