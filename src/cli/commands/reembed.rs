//! `paperkin reembed`

use crate::cli::args::GlobalArgs;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress};
use crate::engine::{Engine, EngineOptions, LibraryLocation};
use crate::error::Result;

pub(in crate::cli) fn run(common: &GlobalArgs) -> Result<CommandOutcome> {
    let options = common.options(LibraryLocation::Existing(common.directory()?));
    let model = options.model.clone();
    let mut engine = Engine::open(EngineOptions { model: None, ..options })?;
    let bar = CommandProgress::of_count("embedding", 0);
    let summary = engine.reembed(model, &|left, done| {
        if done == 0 {
            bar.set_left(left);
        }
        bar.advance(done);
    })?;
    bar.finish();
    output::print(|out| writeln!(out, "embedded {} papers with {}", summary.papers, summary.model))?;
    Ok(CommandOutcome::Complete)
}
