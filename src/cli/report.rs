//! `paperkin report`

use super::args::{GlobalArgs, ReportArgs};
use super::progress::CommandProgress;
use super::{CommandOutcome, input, output};
use crate::error::{Error, Result};

pub(super) fn run(common: &GlobalArgs, command: ReportArgs) -> Result<CommandOutcome> {
    if !(-1.0..=1.0).contains(&command.threshold) {
        let reason = format!("{} is not between -1 and 1", command.threshold);
        return Err(Error::BadRequest { field: "threshold", reason });
    }
    let (engine, outcome) = input::engine(common, &command.papers)?;
    let bar = CommandProgress::of_count("comparing", engine.library().summary()?.papers as usize);
    let report = engine.report(command.neighbors as usize, command.threshold, &|papers| bar.advance(papers))?;
    bar.finish();
    report.write(&command.out)?;
    let (papers, pairs) = (report.manifest.papers, report.manifest.pairs);
    let directory = command.out.display();
    output::print(|out| {
        writeln!(out, "{papers} papers, {pairs} near-duplicate pairs at {}: {directory}", command.threshold)
    })?;
    Ok(outcome)
}
