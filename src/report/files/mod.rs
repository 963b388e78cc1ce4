//! The files of a report.

mod csv_table;
mod directory;
mod figures;
mod json_table;
mod markdown;
mod page;
mod page_data;
mod palette;
mod parquet_table;
mod table;
mod tables;

use std::io::Write;
use std::path::Path;

pub use directory::check_directory;

use super::{PhaseProgress, Report, ReportObserver, ReportPhase};
use crate::error::Result;
use directory::UnfinishedDirectory;

/// Characters of each abstract that the page contains.
const SNIPPET: usize = 300;
/// A table is written in so many formats.
const FORMATS: usize = 3;

impl Report {
    /// Writes the report into a directory, which is there when all files are complete and on disk. `replace` replaces a
    /// report that is there already.
    ///
    /// # Errors
    /// As [`check_directory`]; [`Error::Io`](crate::error::Error::Io).
    pub fn write(&self, directory: &Path, replace: bool, observer: ReportObserver<'_>) -> Result<()> {
        let tables = tables::tables(self);
        let progress = PhaseProgress::start(ReportPhase::Writing, FORMATS * tables.len() + 1, observer);
        let files = UnfinishedDirectory::create(directory, replace)?;
        for table in &tables {
            files.write(&format!("{}.jsonl", table.name), |out| json_table::write(table, out))?;
            progress.advance(1);
            files.write(&format!("{}.csv", table.name), |out| csv_table::write(table, out))?;
            progress.advance(1);
            files.write(&format!("{}.parquet", table.name), |out| parquet_table::write(table, out))?;
            progress.advance(1);
        }
        if self.places.iter().any(|place| place.place.is_some()) {
            files.write("map.svg", |out| figures::write_map(self, out))?;
        }
        if !self.months.is_empty() && !self.levels.is_empty() {
            files.write("trends.svg", |out| figures::write_trends(self, out))?;
        }
        files.write("report.md", |out| markdown::write(self, out))?;
        files.write("report.html", |out| page::write(self, SNIPPET, out))?;
        files.write("manifest.json", |out| {
            serde_json::to_writer_pretty(&mut *out, &self.manifest)?;
            out.write_all(b"\n")
        })?;
        files.finish()
    }
}

/// Text without control characters, and without those that turn the direction of the text behind them.
fn visible(text: &str) -> String {
    let is_invisible = |c: char| {
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).filter(|c| !is_invisible(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        assert_eq!(visible("a\nb\u{202e}c\u{2066}\u{0}d\u{ffff} שלום"), "a bcd שלום");
    }
}
