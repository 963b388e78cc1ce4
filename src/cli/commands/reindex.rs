//! What commands do for the index after their own work.

use crate::cli::output::{self, CommandProgress, Severity};
use crate::engine::{Engine, RebuildSummary};
use crate::error::Result;

/// Rebuilds the index if papers were added or removed and a rebuild is due. The work of the command itself is done by
/// now, so an error is only a warning.
pub(super) fn after_change(engine: &Engine) {
    let mut bar = None;
    let updated = engine.update_index(|papers| indexing_bar(&mut bar, papers));
    finish(bar);
    if let Err(error) = updated {
        warn(&error);
    }
}

/// Rebuilds the index if a query found it damaged.
pub(super) fn after_answer(engine: &Engine) {
    if engine.index_was_discarded() {
        after_change(engine);
    }
}

/// Builds the index, with a progress bar. Returns `None` when there is nothing to build, or another process builds.
pub(super) fn rebuild(engine: &Engine) -> Result<Option<RebuildSummary>> {
    let mut bar = None;
    let rebuilt = engine.rebuild_index(|papers| indexing_bar(&mut bar, papers));
    finish(bar);
    rebuilt
}

/// Shows a bar for an index of so many papers. Returns what advances it.
fn indexing_bar(bar: &mut Option<CommandProgress>, papers: usize) -> impl Fn(usize) + Sync + use<> {
    let bar = bar.insert(CommandProgress::of_count("indexing", papers)).clone();
    move |papers| bar.advance(papers)
}

fn finish(bar: Option<CommandProgress>) {
    if let Some(bar) = bar {
        bar.finish();
    }
}

/// Warns that the index was not built.
pub(super) fn warn(error: &crate::Error) {
    output::diagnostic(Severity::Warning, &format!("index not built: {}", error.one_line()));
}
