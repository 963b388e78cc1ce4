//! `paperkin feed`

use super::reindex;
use crate::cli::args::{FeedArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, ReasonDisplay};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::Result;

pub(in crate::cli) fn run(common: &GlobalArgs, args: FeedArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let options = FeedOptions {
        mode: if args.again { FeedMode::Last } else { FeedMode::Peek },
        seen_days: args.seen_days,
        since: args.since,
        backfill: true,
        request: args.history_ranking.applied_to(args.query.request()),
    };
    let answer = engine.feed(&args.profile, &options)?;
    output::print_answer(&answer, args.query.format, ReasonDisplay::Show, engine.today())?;
    if options.mode == FeedMode::Peek {
        // What could not be printed was not seen.
        engine.mark_answer_seen(&args.profile, &options, &answer)?;
    }
    reindex::after_answer(&engine);
    // A history outlives its papers, so a paper that is not found is not a fault of the input.
    Ok(CommandOutcome::Complete)
}
