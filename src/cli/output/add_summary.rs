//! The summary of `add` and `fetch`.

use std::io::{self, Write};

use serde::Serialize;

use super::formats::SummaryFormat;
use super::stdout::print_summary;
use crate::engine::AddSummary;
use crate::error::Result;
use crate::library::LinkCounts;

/// What was added, and how many papers the library has now.
#[derive(Serialize)]
pub(crate) struct AddOutput {
    #[serde(flatten)]
    pub(crate) added: AddSummary,
    pub(crate) papers: u64,
}

impl AddOutput {
    /// Prints the summary.
    pub(crate) fn print(&self, format: SummaryFormat) -> Result<()> {
        print_summary(format, self, table)
    }
}

fn table(out: &mut dyn Write, summary: &AddOutput) -> io::Result<()> {
    let AddOutput { added: AddSummary { changes, rejected, dropped_fields, links }, papers } = summary;
    write!(out, "{} new, {} updated, {} unchanged", changes.new, changes.updated, changes.unchanged)?;
    if *rejected > 0 {
        write!(out, ", {rejected} rejected")?;
    }
    match dropped_fields {
        0 => {}
        1 => write!(out, ", 1 field dropped")?,
        more => write!(out, ", {more} fields dropped")?,
    }
    writeln!(out, ": {papers} papers in the library")?;
    if !links.is_empty() {
        let LinkCounts { new, known, unresolved } = links;
        writeln!(out, "citation links: {new} new, {known} known, {unresolved} of papers that are not in the library")?;
    }
    Ok(())
}
