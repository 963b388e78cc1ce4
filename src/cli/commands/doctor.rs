//! `paperkin doctor`

use crate::cli::args::{GlobalArgs, SummaryArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::library::CheckFinding;

pub(in crate::cli) fn run(common: &GlobalArgs, args: SummaryArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let findings = engine.check()?;
    output::print_summary(args.format, &findings, |out, findings| {
        findings.iter().try_for_each(|CheckFinding { what, found, remedy }| match remedy {
            None => writeln!(out, "ok       {what}: {found}"),
            Some(remedy) => writeln!(out, "problem  {what}: {found}: {remedy}"),
        })
    })?;
    Ok(CommandOutcome::complete_if(findings.iter().all(|finding| finding.remedy.is_none())))
}
