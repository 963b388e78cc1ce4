//! Adding the papers of files to the library.

use super::input::{in_categories, open};
use super::{dry_run, explain, links};
use crate::cli::args::{AddArgs, GlobalArgs};
use crate::cli::commands::reindex;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, AddOutput, CommandProgress, Severity};
use crate::engine::{AddProgress, AddSummary, Engine, LibraryLocation};
use crate::error::Result;
use crate::formats::PaperRecord;

pub(in crate::cli) fn run(common: &GlobalArgs, args: AddArgs) -> Result<CommandOutcome> {
    if args.explain {
        return explain::run(&args);
    }
    if args.dry_run {
        return dry_run::run(common, &args);
    }
    let open = || Engine::open(common.options(LibraryLocation::Create(common.directory()?)));
    let (engine, added) = if args.strict {
        let (papers, links_are_valid) = (read_all(&args), links::are_valid(&args)?);
        let Some(papers) = papers.filter(|_| links_are_valid) else {
            output::diagnostic(
                Severity::Error,
                "nothing was added, because --strict requires valid records and fields",
            );
            return Ok(CommandOutcome::Incomplete);
        };
        let mut engine = open()?;
        let bar = CommandProgress::of_count("adding", papers.len());
        let mut added = engine.add_with_progress(papers.into_iter().map(Ok), &|progress| {
            if let AddProgress::Committed(papers) = progress {
                bar.advance(papers);
            }
        })?;
        bar.finish();
        added += links::add(&mut engine, &args)?;
        (engine, added)
    } else {
        let mut engine = open()?;
        let mut added = add_each(&mut engine, &args)?;
        added += links::add(&mut engine, &args)?;
        (engine, added)
    };
    let summary = AddOutput { added, papers: engine.summary()?.papers };
    summary.print(args.format)?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::complete_if(added.rejected == 0))
}

/// Adds one file after the other. A file that cannot be read at all counts as one rejected record.
fn add_each(engine: &mut Engine, args: &AddArgs) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        match open(path, args, &bar) {
            Ok(records) => {
                let records = in_categories(records, args);
                added += engine.add_with_progress(records, &|progress| bar.show(progress))?;
            }
            Err(error) => {
                bar.aside(|| output::reject(&error));
                added.rejected += 1;
            }
        }
        bar.finish();
    }
    Ok(added)
}

/// Reads all papers of all files. Returns `None`, with diagnostics, if any record or field is invalid.
fn read_all(args: &AddArgs) -> Option<Vec<PaperRecord>> {
    let mut papers = Vec::new();
    let mut valid = true;
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        let records: Box<dyn Iterator<Item = Result<PaperRecord>>> = match open(path, args, &bar) {
            Ok(records) => Box::new(in_categories(records, args)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        for record in records {
            match record {
                Ok(record) => {
                    valid &= record.dropped.is_empty();
                    record.dropped.iter().for_each(|error| bar.show(AddProgress::Dropped(error)));
                    papers.push(PaperRecord { dropped: Vec::new(), ..record });
                }
                Err(error) => {
                    valid = false;
                    bar.aside(|| output::reject(&error));
                }
            }
        }
        bar.finish();
    }
    valid.then_some(papers)
}
