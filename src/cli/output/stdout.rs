//! Writing results to standard output or a file.

use std::error::Error as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::formats::SummaryFormat;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::library::check_not_library;

/// Writes to standard output, without colors where they are not supported.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    write(&mut out).and_then(|()| out.flush()).map_err(stdout_failed)
}

/// Prints a summary as JSON, or as a table written by `table`.
pub(crate) fn print_summary<T: Serialize>(
    format: SummaryFormat,
    summary: &T,
    table: impl FnOnce(&mut dyn Write, &T) -> io::Result<()>,
) -> Result<()> {
    print(|out| match format {
        SummaryFormat::Table => table(out, summary),
        SummaryFormat::Json => json(out, summary),
    })
}

/// Writes to a file, which appears when it is complete, or to standard output for `-`.
pub(crate) fn write_to(path: &Path, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>) -> Result<()> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout());
        write(&mut out)?;
        return out.flush().map_err(stdout_failed);
    }
    check_not_library(path)?;
    file::replace(path, FileAccess::Shared, |file| write(file))
}

/// Writes a value as indented JSON.
pub(crate) fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// Returns whether the reader of our output went away, which is not an error of ours.
pub(crate) fn is_broken_pipe(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::BrokenPipe)
}

fn stdout_failed(source: io::Error) -> Error {
    Error::Io { path: "standard output".into(), doing: "write", source }
}
