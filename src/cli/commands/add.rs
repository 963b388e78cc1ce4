//! `paperkin add`

use std::fs::File;
use std::io;
use std::path::Path;

use super::reindex;
use crate::cli::args::{AddArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, AddOutput, CommandProgress, Severity};
use crate::engine::{AddProgress, AddSummary, Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{self, ColumnMap, PaperReader, ReadOptions, ReferenceReader};
use crate::paper::Paper;

pub(in crate::cli) fn run(common: &GlobalArgs, args: AddArgs) -> Result<CommandOutcome> {
    let open = || Engine::open(common.options(LibraryLocation::Create(common.directory()?)));
    let (engine, added) = if args.strict {
        let Some(papers) = read_all(&args) else {
            output::diagnostic(Severity::Error, "nothing was added, because --strict requires valid records");
            return Ok(CommandOutcome::Incomplete);
        };
        let mut engine = open()?;
        let bar = CommandProgress::of_count("adding", papers.len());
        let added = engine.add_with_progress(papers.into_iter().map(Ok), &|progress| {
            if let AddProgress::Committed(papers) = progress {
                bar.advance(papers);
            }
        })?;
        bar.finish();
        (engine, added)
    } else {
        let mut engine = open()?;
        let added = add_each(&mut engine, &args)?;
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
            Ok(papers) => {
                let papers = in_categories(papers, args);
                added += engine.add_with_progress(papers, &|progress| bar.show(progress))?;
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

/// Opens a file of papers, `-` for standard input.
fn open(path: &Path, args: &AddArgs, bar: &CommandProgress) -> Result<PaperReader> {
    let (format, columns, encoding) = (args.input, ColumnMap(args.column.clone()), args.encoding);
    let options = ReadOptions { format, columns, encoding, ..ReadOptions::default() };
    let name = path.display().to_string();
    let references = match path {
        _ if name == "-" => options.read(bar.follow(io::stdin()), &name),
        _ if path.is_dir() || formats::is_parquet(path) => options.open(path),
        _ => options.read(bar.follow(File::open(path).map_err(Error::io(path, "read"))?), &name),
    };
    references.map(ReferenceReader::checked)
}

/// Keeps the papers of the categories given, and all errors.
fn in_categories(papers: impl Iterator<Item = Result<Paper>>, args: &AddArgs) -> impl Iterator<Item = Result<Paper>> {
    let categories = &args.category;
    papers.filter(move |paper| match paper {
        Ok(paper) => categories.is_empty() || paper.is_of_any(categories),
        Err(_) => true,
    })
}

/// Reads all papers of all files. Returns `None`, with a diagnostic for each problem, if anything is invalid.
fn read_all(args: &AddArgs) -> Option<Vec<Paper>> {
    let mut papers = Vec::new();
    let mut valid = true;
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        let records: Box<dyn Iterator<Item = Result<Paper>>> = match open(path, args, &bar) {
            Ok(records) => Box::new(in_categories(records, args)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        for record in records {
            match record {
                Ok(paper) => papers.push(paper),
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
