//! Opening the engine that answers a query.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::cli::args::{GlobalArgs, TemporaryLibrary};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::CommandProgress;
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{PaperReader, ReadOptions, ReferenceReader, TextEncoding};

/// Opens an engine over the library, or over the files of `--papers`. The outcome tells whether all records of these
/// files could be used.
pub(crate) fn open_engine(common: &GlobalArgs, papers: &TemporaryLibrary) -> Result<(Engine, CommandOutcome)> {
    if papers.papers.is_empty() {
        let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
        return Ok((engine, CommandOutcome::Complete));
    }
    let mut engine = Engine::open(common.options(LibraryLocation::Memory))?;
    let mut complete = true;
    for path in &papers.papers {
        let bar = CommandProgress::of_file(path);
        let records = open_papers(path, papers.encoding, &bar)?.records();
        let rejected = engine.add_with_progress(records, &|progress| bar.show(progress))?.rejected;
        bar.finish();
        complete &= rejected == 0;
    }
    if engine.library().paper_count()? == 0 {
        let file = papers.papers.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Error::BadFile { file, reason: "contains no papers".to_owned() });
    }
    Ok((engine, CommandOutcome::complete_if(complete)))
}

/// Opens a file of papers, `-` for standard input; the bar follows the bytes read.
fn open_papers(path: &Path, encoding: Option<TextEncoding>, bar: &CommandProgress) -> Result<PaperReader> {
    let options = ReadOptions { encoding, ..ReadOptions::default() };
    if path.as_os_str() == "-" {
        return options.read(bar.follow(io::stdin()), "-").map(ReferenceReader::checked);
    }
    let metadata = std::fs::metadata(path).map_err(Error::io(path, "read"))?;
    if metadata.is_dir() {
        return options.open(path).map(ReferenceReader::checked);
    }
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    options.read(bar.follow(file), &path.display().to_string()).map(ReferenceReader::checked)
}
