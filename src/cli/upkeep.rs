//! `paperkin index`, and what other commands do for the index when they have answered.

use super::args::{Common, IndexAction, IndexCommand};
use super::progress::Bar;
use super::{Outcome, output};
use crate::engine::{Engine, Place, Rebuilt};
use crate::error::Result;

pub(super) fn index(common: &Common, command: &IndexCommand) -> Result<Outcome> {
    let IndexAction::Rebuild = command.action;
    let engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    match rebuild(&engine)? {
        Some(Rebuilt { papers, recall_at_10 }) => {
            output::print(|out| writeln!(out, "{papers} papers in the index, recall@10 {recall_at_10:.3}"))?;
            Ok(Outcome::Complete)
        }
        None => {
            output::complain("error", "nothing was built: the library is empty, or another process is building");
            Ok(Outcome::Incomplete)
        }
    }
}

/// After an addition or removal: builds the index again if that is due. What the command was asked for is done by now:
/// an error is told, no more.
pub(super) fn after_a_change(engine: &Engine) {
    match engine.index_is_due().and_then(|due| if due { rebuild(engine) } else { Ok(None) }) {
        Ok(_) => {}
        Err(error) => output::complain("warning", &format!("the index was not built: {}", error.one_line())),
    }
}

/// After an answer: builds the index again if it was found to be damaged.
pub(super) fn after_an_answer(engine: &Engine) {
    if engine.index_is_lost() {
        after_a_change(engine);
    }
}

fn rebuild(engine: &Engine) -> Result<Option<Rebuilt>> {
    let mut bar = None;
    let rebuilt = engine.rebuild_index(|papers| {
        let bar = bar.insert(Bar::of_count("indexing", papers)).clone();
        move |papers| bar.advance(papers)
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    rebuilt
}
