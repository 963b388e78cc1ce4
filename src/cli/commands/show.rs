//! `paperkin show`

use crate::cli::args::{GlobalArgs, ShowArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::paper::Paper;
use crate::present;

pub(in crate::cli) fn run(common: &GlobalArgs, args: ShowArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let paper = engine.find(&args.paper)?.paper;
    if args.open {
        return open(&paper);
    }
    output::print_paper(&paper, args.format, args.all_authors)?;
    Ok(CommandOutcome::Complete)
}

/// Opens the first link of a paper, or prints it where nothing can open it.
fn open(paper: &Paper) -> Result<CommandOutcome> {
    let Some(link) = present::links(paper).into_iter().next() else {
        output::diagnostic(Severity::Error, &format!("no address of `{}` is known", paper.id));
        return Ok(CommandOutcome::Incomplete);
    };
    match open::that_detached(&link.url) {
        Ok(()) => output::diagnostic(Severity::Note, &format!("opening {}", link.url)),
        Err(_) => {
            output::diagnostic(Severity::Warning, "found no program that opens addresses: open this one yourself");
            output::print(|out| writeln!(out, "{}", link.url))?;
        }
    }
    Ok(CommandOutcome::Complete)
}
