//! `paperkin search`

use super::query;
use crate::cli::args::{GlobalArgs, SearchArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::ReasonDisplay;
use crate::engine::Engine;
use crate::error::Result;
use crate::recommend::Request;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SearchArgs) -> Result<CommandOutcome> {
    let request = Request { text: Some(args.text.join(" ")), ..args.query.request() };
    query::answer(common, &args.papers, &request, args.query.format, ReasonDisplay::Links, Engine::recommend)
}
