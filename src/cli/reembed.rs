//! `paperkin reembed`

use super::args::Common;
use super::progress::Bar;
use super::{Outcome, output};
use crate::engine::{Engine, Options, Place};
use crate::error::Result;

pub(super) fn run(common: &Common) -> Result<Outcome> {
    let options = common.options(Place::Existing(common.directory()?));
    let model = options.model.clone();
    let mut engine = Engine::open(Options { model: None, ..options })?;
    let bar = Bar::of_count("embedding", 0);
    let reembedded = engine.reembed(model, &|left, done| {
        if done == 0 {
            bar.set_left(left);
        }
        bar.advance(done);
    })?;
    bar.finish();
    output::print(|out| writeln!(out, "{} papers embedded with {}", reembedded.papers, reembedded.model))?;
    Ok(Outcome::Complete)
}
