//! Printing: results on standard output, talk on standard error.

mod formats;
mod table;

use std::error::Error as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::stdout_failed;
use crate::error::{Error, Result};
use crate::formats::FeedFormat;
use crate::recommend::Answer;

use super::args::OutputFormat;
pub(super) use table::ReasonDisplay;

/// Prints an answer; what was not found and what was done instead goes to standard error too, except in JSON, which
/// says it itself.
pub(super) fn print_answer(answer: &Answer, format: OutputFormat, reasons: ReasonDisplay) -> Result<()> {
    if format != OutputFormat::Json {
        if !answer.not_found.is_empty() {
            complain("warning", &format!("not in the library: {}", answer.not_found.join(", ")));
        }
        if let Some(fallback) = &answer.note {
            complain("note", fallback);
        }
        if answer.results.is_empty() && answer.note.is_none() {
            complain("note", "no paper passes the filters");
        }
    }
    print(|out| match format {
        OutputFormat::Table => table::write(out, answer, reasons),
        OutputFormat::Json => json(out, answer),
        OutputFormat::Jsonl => formats::jsonl(out, answer),
        OutputFormat::Csv => formats::csv(out, answer),
        OutputFormat::Atom => formats::feed(out, answer, FeedFormat::Atom),
        OutputFormat::Rss => formats::feed(out, answer, FeedFormat::Rss),
        OutputFormat::JsonFeed => formats::feed(out, answer, FeedFormat::JsonFeed),
    })
}

/// Writes to standard output, without colours where they are not wanted.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    write(&mut out).and_then(|()| out.flush()).map_err(stdout_failed)
}

/// Writes to a file, which appears when it is complete, or to standard output for `-`.
pub(super) fn write_to(path: &Path, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>) -> Result<()> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout());
        write(&mut out)?;
        return out.flush().map_err(stdout_failed);
    }
    crate::file::replace(path, |file| write(file))
}

/// A value as indented JSON.
pub(super) fn json(out: &mut dyn Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// One line to standard error: `error: ...`. A closed standard error is no reason to stop.
pub(super) fn complain(kind: &str, message: &str) {
    use anstyle::AnsiColor;
    let colour = match kind {
        "error" => AnsiColor::Red,
        "warning" => AnsiColor::Yellow,
        _ => AnsiColor::Cyan,
    };
    let style = colour.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{style}{kind}{style:#}: {message}");
}

/// Whether an error is a reader of our output that went away: no error to speak of.
pub(super) fn is_broken_pipe(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::BrokenPipe)
}
