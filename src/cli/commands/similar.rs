//! `paperkin similar`

use super::query;
use crate::cli::args::{GlobalArgs, SimilarArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::ReasonDisplay;
use crate::engine::Engine;
use crate::error::Result;
use crate::recommend::Request;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SimilarArgs) -> Result<CommandOutcome> {
    let request = args.query.request();
    let ask = |engine: &Engine, request: &Request| {
        let paper = engine.find(&args.paper)?.paper.id;
        engine.recommend(&request.clone().and_like(paper))
    };
    query::answer(common, &args.papers, &request, args.query.format, ReasonDisplay::Links, ask)
}
