//! `paperkin reembed`

use super::args::GlobalArgs;
use super::progress::CommandProgress;
use super::{CommandOutcome, output};
use crate::engine::{Engine, EngineOptions, LibraryLocation};
use crate::error::Result;

pub(super) fn run(common: &GlobalArgs) -> Result<CommandOutcome> {
    let options = common.options(LibraryLocation::Existing(common.directory()?));
    let model = options.model.clone();
    let mut engine = Engine::open(EngineOptions { model: None, ..options })?;
    let bar = CommandProgress::of_count("embedding", 0);
    let reembedded = engine.reembed(model, &|left, done| {
        if done == 0 {
            bar.set_left(left);
        }
        bar.advance(done);
    })?;
    bar.finish();
    output::print(|out| writeln!(out, "{} papers embedded with {}", reembedded.papers, reembedded.model))?;
    Ok(CommandOutcome::Complete)
}
