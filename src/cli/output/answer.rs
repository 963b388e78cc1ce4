//! Printing the answer to a query.

use jiff::civil::Date;

use super::diagnostic::{Severity, diagnostic};
use super::formats::OutputFormat;
use super::serialize;
use super::stdout::{json, print};
use super::table::{self, ReasonDisplay};
use crate::error::Result;
use crate::formats::FeedFormat;
use crate::recommend::Answer;

/// Prints an answer; feeds are dated with `day`. Missing papers and notes also go to standard error, except in JSON, which includes them.
pub(crate) fn print_answer(answer: &Answer, format: OutputFormat, reasons: ReasonDisplay, day: Date) -> Result<()> {
    if format != OutputFormat::Json {
        if !answer.not_found.is_empty() {
            diagnostic(Severity::Warning, &format!("not in the library: {}", answer.not_found.join(", ")));
        }
        if let Some(note) = &answer.note {
            diagnostic(Severity::Note, note);
        }
        if answer.results.is_empty() && answer.note.is_none() {
            diagnostic(Severity::Note, "no papers match the filters");
        }
    }
    print(|out| match format {
        OutputFormat::Table => table::write(out, answer, reasons),
        OutputFormat::Json => json(out, answer),
        OutputFormat::Jsonl => serialize::jsonl(out, answer),
        OutputFormat::Csv => serialize::csv(out, answer),
        OutputFormat::Atom => serialize::feed(out, answer, FeedFormat::Atom, day),
        OutputFormat::Rss => serialize::feed(out, answer, FeedFormat::Rss, day),
        OutputFormat::JsonFeed => serialize::feed(out, answer, FeedFormat::JsonFeed, day),
    })
}
