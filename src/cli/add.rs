//! `paperkin add`

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::args::{AddArgs, GlobalArgs, SummaryFormat};
use super::progress::CommandProgress;
use super::{CommandOutcome, input, output, upkeep};
use crate::engine::{AddProgress, AddSummary, Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{self, ColumnMap, PaperReader, ReadOptions, ReferenceReader};
use crate::paper::Paper;

/// What was added, and how many papers there are now.
#[derive(Serialize)]
pub(super) struct AddOutput {
    #[serde(flatten)]
    pub(super) added: AddSummary,
    pub(super) papers: u64,
}

pub(super) fn run(common: &GlobalArgs, command: AddArgs) -> Result<CommandOutcome> {
    let open = || Engine::open(common.options(LibraryLocation::Create(common.directory()?)));
    let (engine, added) = if command.strict {
        let Some(papers) = read_all(&command) else {
            output::complain("error", "nothing was added: --strict");
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
        let added = add_each(&mut engine, &command)?;
        (engine, added)
    };
    let summary = AddOutput { added, papers: engine.library().summary()?.papers };
    summary.print(command.format)?;
    upkeep::after_a_change(&engine);
    Ok(CommandOutcome::complete_if(added.rejected == 0))
}

/// Adds file after file; a file that cannot be read at all counts as one bad record.
fn add_each(engine: &mut Engine, command: &AddArgs) -> Result<AddSummary> {
    let mut sum = AddSummary::default();
    for path in &command.files {
        let bar = CommandProgress::of_file(path);
        match open(path, command, &bar) {
            Ok(papers) => {
                let papers = chosen(papers, command);
                sum += engine.add_with_progress(papers, &|progress| bar.show(progress))?;
            }
            Err(error) => {
                bar.aside(|| input::reject(&error));
                sum.rejected += 1;
            }
        }
        bar.finish();
    }
    Ok(sum)
}

/// The papers of a file, `-` for standard input.
fn open(path: &Path, command: &AddArgs, bar: &CommandProgress) -> Result<PaperReader> {
    let reading = ReadOptions { format: command.input, columns: ColumnMap(command.column.clone()) };
    let name = path.display().to_string();
    let references = match path {
        _ if name == "-" => reading.read(bar.follow(io::stdin()), &name),
        _ if path.is_dir() || formats::is_parquet(path) => reading.open(path),
        _ => reading.read(bar.follow(File::open(path).map_err(Error::io(path, "read it"))?), &name),
    };
    references.map(ReferenceReader::checked)
}

/// The papers of the categories that were asked for, and everything that is wrong.
fn chosen(papers: impl Iterator<Item = Result<Paper>>, command: &AddArgs) -> impl Iterator<Item = Result<Paper>> {
    let categories = &command.category;
    papers.filter(move |paper| match paper {
        Ok(paper) => categories.is_empty() || paper.is_of_any(categories),
        Err(_) => true,
    })
}

/// All papers of all files; `None`, with every reason on standard error, when anything is wrong.
fn read_all(command: &AddArgs) -> Option<Vec<Paper>> {
    let mut papers = Vec::new();
    let mut sound = true;
    for path in &command.files {
        let bar = CommandProgress::of_file(path);
        let read = open(path, command, &bar);
        let records: Box<dyn Iterator<Item = Result<Paper>>> = match read {
            Ok(records) => Box::new(chosen(records, command)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        for record in records {
            match record {
                Ok(paper) => papers.push(paper),
                Err(error) => {
                    sound = false;
                    bar.aside(|| input::reject(&error));
                }
            }
        }
        bar.finish();
    }
    sound.then_some(papers)
}

impl AddOutput {
    pub(super) fn print(&self, format: SummaryFormat) -> Result<()> {
        output::print(|out| match format {
            SummaryFormat::Table => table(out, self),
            SummaryFormat::Json => output::json(out, self),
        })
    }
}

fn table(out: &mut dyn Write, summary: &AddOutput) -> io::Result<()> {
    let AddOutput { added: AddSummary { changes, rejected }, papers } = summary;
    write!(out, "{} new, {} updated, {} unchanged", changes.new, changes.updated, changes.unchanged)?;
    if *rejected > 0 {
        write!(out, ", {rejected} rejected")?;
    }
    writeln!(out, ": {papers} papers in the library")
}
