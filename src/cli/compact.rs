//! `paperkin compact`

use serde::Serialize;

use super::args::{Common, Compact, SummaryFormat};
use super::{Outcome, output};
use crate::engine::{Engine, Place};
use crate::error::Result;

#[derive(Serialize)]
struct Summary {
    freed: u64,
    bytes: u64,
}

pub(super) fn run(common: &Common, command: Compact) -> Result<Outcome> {
    let mut engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    let summary = Summary { freed: engine.compact()?, bytes: engine.library().summary()?.bytes };
    output::print(|out| match command.format {
        SummaryFormat::Json => output::json(out, &summary),
        SummaryFormat::Table => writeln!(out, "{} bytes freed: {} bytes on disk", summary.freed, summary.bytes),
    })?;
    Ok(Outcome::Complete)
}
