//! `paperkin search`

use super::query;
use crate::cli::args::{GlobalArgs, SearchArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::ReasonDisplay;
use crate::engine::Engine;
use crate::error::Result;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SearchArgs) -> Result<CommandOutcome> {
    let request = args.query.request().and_search(&args.text.join(" "))?;
    query::answer(common, &args.papers, &request, args.query.format, ReasonDisplay::Links, Engine::recommend)
}
