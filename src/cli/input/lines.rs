//! Lines of a text file, with their numbers.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, RecordPosition, Result};

/// Longest line in bytes, the same as for files of papers.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// The lines of a text file, numbered from 1. Blank lines are skipped.
pub(crate) struct TextLines {
    name: PathBuf,
    input: Box<dyn BufRead>,
    number: u64,
}

impl TextLines {
    /// Opens a file, `-` for standard input.
    pub(crate) fn open(path: &Path) -> Result<TextLines> {
        let input: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(path).map_err(Error::io(path, "read"))?))
        };
        Ok(TextLines { name: path.to_owned(), input, number: 0 })
    }

    /// Returns the number of the line read last.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Returns an error about the line read last.
    pub(crate) fn bad(&self, reason: impl ToString) -> Error {
        let place = RecordPosition::Line(self.number);
        Error::BadRecord { file: self.name.display().to_string(), place, reason: reason.to_string() }
    }
}

impl Iterator for TextLines {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        loop {
            let mut bytes = Vec::new();
            self.number += 1;
            match self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes) {
                Err(error) => return Some(Err(Error::io(&self.name, "read")(error))),
                Ok(0) => return None,
                Ok(count) if count as u64 == MAX_LINE_BYTES => {
                    self.input = Box::new(io::empty());
                    return Some(Err(self.bad("the line is longer than 16 MB")));
                }
                Ok(_) => {}
            }
            match String::from_utf8(bytes) {
                Ok(line) if line.trim().is_empty() => continue,
                Ok(line) => return Some(Ok(line.trim_start_matches('\u{feff}').trim().to_owned())),
                Err(_) => return Some(Err(self.bad("not valid UTF-8"))),
            }
        }
    }
}
