//! `paperkin profiles`

use super::profile::last_seen;
use crate::cli::args::{GlobalArgs, SummaryArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SummaryArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let profiles = engine.profiles()?;
    output::print_summary(args.format, &profiles, |out, profiles| {
        profiles.iter().try_for_each(|profile| {
            let (name, history) = (&profile.name, profile.history.len());
            writeln!(out, "{name}: {history} in history, {}", last_seen(profile))
        })
    })?;
    Ok(CommandOutcome::Complete)
}
