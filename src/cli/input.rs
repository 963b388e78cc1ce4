//! Opening what a command reads: libraries, files, standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::CommandOutcome;
use super::args::{GlobalArgs, TemporaryLibrary};
use super::output::complain;
use super::progress::CommandProgress;
use crate::engine::{AddProgress, Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{self, InputFormat, PaperReader};

/// Longest line of a file of requests, texts or history: as long as the sources' own.
const MAX_LINE: u64 = 16 << 20;

/// The engine that a question goes to: over the library, or over the files of `--papers`. The outcome says whether all
/// records of these files could be used.
pub(super) fn engine(common: &GlobalArgs, papers: &TemporaryLibrary) -> Result<(Engine, CommandOutcome)> {
    if papers.papers.is_empty() {
        let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
        return Ok((engine, CommandOutcome::Complete));
    }
    let mut engine = Engine::open(common.options(LibraryLocation::Memory))?;
    let mut complete = true;
    for path in &papers.papers {
        let bar = CommandProgress::of_file(path);
        let rejected = engine.add_with_progress(open(path, None, &bar)?, &|progress| bar.show(progress))?.rejected;
        bar.finish();
        complete &= rejected == 0;
    }
    if engine.library().summary()?.papers == 0 {
        let file = papers.papers.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Error::BadFile { file, reason: "no papers in it".to_owned() });
    }
    Ok((engine, CommandOutcome::complete_if(complete)))
}

/// The papers of a file, `-` for standard input; the bar follows the bytes that are read.
pub(super) fn open(path: &Path, format: Option<InputFormat>, bar: &CommandProgress) -> Result<PaperReader> {
    if path.as_os_str() == "-" {
        return formats::read(bar.follow(io::stdin()), "-", format);
    }
    let metadata = std::fs::metadata(path).map_err(Error::io(path, "read it"))?;
    if metadata.is_dir() {
        return formats::open(path, format);
    }
    let file = File::open(path).map_err(Error::io(path, "read it"))?;
    formats::read(bar.follow(file), &path.display().to_string(), format)
}

/// Lines of a text file, with their numbers from 1; blank ones are left out.
pub(super) struct TextLines {
    name: PathBuf,
    input: Box<dyn BufRead>,
    number: u64,
}

impl TextLines {
    /// Opens a file, `-` for standard input.
    pub(super) fn open(path: &Path) -> Result<TextLines> {
        let input: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(path).map_err(Error::io(path, "read it"))?))
        };
        Ok(TextLines { name: path.to_owned(), input, number: 0 })
    }

    /// Number of the line read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// An error about the line read last.
    pub(super) fn bad(&self, reason: impl ToString) -> Error {
        let place = crate::error::RecordPosition::Line(self.number);
        Error::BadRecord { file: self.name.display().to_string(), place, reason: reason.to_string() }
    }
}

impl Iterator for TextLines {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        loop {
            let mut bytes = Vec::new();
            self.number += 1;
            match self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes) {
                Err(error) => return Some(Err(Error::io(&self.name, "read it")(error))),
                Ok(0) => return None,
                Ok(count) if count as u64 == MAX_LINE => {
                    self.input = Box::new(io::empty());
                    return Some(Err(self.bad("a line of more than 16 MB")));
                }
                Ok(_) => {}
            }
            match String::from_utf8(bytes) {
                Ok(line) if line.trim().is_empty() => continue,
                Ok(line) => return Some(Ok(line.trim_start_matches('\u{feff}').trim().to_owned())),
                Err(_) => return Some(Err(self.bad("not UTF-8 text"))),
            }
        }
    }
}

/// Reports a part of the input that cannot be used; the command goes on without it.
pub(super) fn reject(error: &Error) {
    complain("error", &error.one_line());
}

impl CommandProgress {
    /// Shows what an addition reports.
    pub(super) fn show(&self, progress: AddProgress<'_>) {
        match progress {
            AddProgress::Rejected(error) => self.aside(|| reject(error)),
            AddProgress::Embedded(_) => {}
            AddProgress::Committed(papers) => self.count(papers),
        }
    }
}
