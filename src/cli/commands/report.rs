//! `paperkin report`

use crate::cli::args::{GlobalArgs, ReportArgs};
use crate::cli::input;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress};
use crate::error::{Error, Result};

pub(in crate::cli) fn run(common: &GlobalArgs, args: ReportArgs) -> Result<CommandOutcome> {
    if !(-1.0..=1.0).contains(&args.threshold) {
        let reason = format!("{} is not between -1 and 1", args.threshold);
        return Err(Error::BadRequest { field: "threshold", reason });
    }
    let (engine, outcome) = input::open_engine(common, &args.papers)?;
    let bar = CommandProgress::of_count("comparing", engine.summary()?.papers as usize);
    let report = engine.report(args.neighbors as usize, args.threshold, &|papers| bar.advance(papers))?;
    bar.finish();
    report.write(&args.out)?;
    let (papers, pairs) = (report.manifest.papers, report.manifest.pairs);
    let (threshold, directory) = (args.threshold, args.out.display());
    output::print(|out| {
        writeln!(out, "{directory}: {papers} papers, {pairs} near-duplicate pairs with similarity >= {threshold}")
    })?;
    Ok(outcome)
}
