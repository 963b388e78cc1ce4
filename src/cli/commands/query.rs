//! The steps that `search`, `similar` and `recommend` have in common.

use crate::cli::args::{GlobalArgs, TemporaryLibrary};
use crate::cli::input;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, OutputFormat, ReasonDisplay};
use crate::engine::Engine;
use crate::error::Result;
use crate::recommend::{Answer, Request};

use super::reindex;

/// Opens the library, answers a request with `ask` and prints the answer.
pub(super) fn answer(
    common: &GlobalArgs,
    papers: &TemporaryLibrary,
    request: &Request,
    format: OutputFormat,
    reasons: ReasonDisplay,
    ask: impl FnOnce(&Engine, &Request) -> Result<Answer>,
) -> Result<CommandOutcome> {
    request.check()?;
    let (engine, outcome) = input::open_engine(common, papers)?;
    let answer = ask(&engine, request)?;
    output::print_answer(&answer, format, reasons, engine.today())?;
    reindex::after_answer(&engine);
    Ok(if answer.not_found.is_empty() { outcome } else { CommandOutcome::Incomplete })
}
