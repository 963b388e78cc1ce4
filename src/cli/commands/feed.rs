//! `paperkin feed`

use super::reindex;
use crate::cli::args::{FeedArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, ReasonDisplay};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::Result;
use crate::recommend::Answer;

pub(in crate::cli) fn run(common: &GlobalArgs, args: FeedArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let options = FeedOptions {
        mode: if args.again { FeedMode::Last } else { FeedMode::New },
        seen_days: args.seen_days,
        since: args.since,
        request: args.query.request(),
    };
    let mut answer = engine.feed(&args.profile, &options)?;
    if answer.results.is_empty() && options.mode == FeedMode::New && options.since.is_none() {
        let unseen = engine.unseen_papers(&args.profile, &options)?;
        if !unseen.results.is_empty() {
            let note = "nothing new: showing papers that earlier feeds had no room for".to_owned();
            answer = Answer { note: Some(note), ..unseen };
        }
    }
    output::print_answer(&answer, args.query.format, ReasonDisplay::Show, engine.today())?;
    reindex::after_answer(&engine);
    // A history outlives its papers, so a paper that is not found is not a fault of the input.
    Ok(CommandOutcome::Complete)
}
