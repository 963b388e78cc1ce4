//! `paperkin index`, and what other commands do for the index when they have answered.

use super::args::{GlobalArgs, IndexAction, IndexArgs};
use super::progress::CommandProgress;
use super::{CommandOutcome, output};
use crate::engine::{Engine, LibraryLocation, RebuildSummary};
use crate::error::Result;

pub(super) fn index(common: &GlobalArgs, command: &IndexArgs) -> Result<CommandOutcome> {
    let IndexAction::Rebuild = command.action;
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    match rebuild(&engine)? {
        Some(RebuildSummary { papers, recall_at_10 }) => {
            output::print(|out| writeln!(out, "{papers} papers in the index, recall@10 {recall_at_10:.3}"))?;
            Ok(CommandOutcome::Complete)
        }
        None => {
            output::complain("error", "nothing was built: the library is empty, or another process is building");
            Ok(CommandOutcome::Incomplete)
        }
    }
}

/// After an addition or removal: builds the index again if that is due. What the command was asked for is done by now:
/// an error is told, no more.
pub(super) fn after_a_change(engine: &Engine) {
    match engine.needs_reindex().and_then(|due| if due { rebuild(engine) } else { Ok(None) }) {
        Ok(_) => {}
        Err(error) => output::complain("warning", &format!("the index was not built: {}", error.one_line())),
    }
}

/// After an answer: builds the index again if it was found to be damaged.
pub(super) fn after_an_answer(engine: &Engine) {
    if engine.index_was_discarded() {
        after_a_change(engine);
    }
}

fn rebuild(engine: &Engine) -> Result<Option<RebuildSummary>> {
    let mut bar = None;
    let rebuilt = engine.rebuild_index(|papers| {
        let bar = bar.insert(CommandProgress::of_count("indexing", papers)).clone();
        move |papers| bar.advance(papers)
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    rebuilt
}
