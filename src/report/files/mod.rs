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

use rayon::prelude::*;

pub use directory::ReportDirectory;
pub(super) use directory::{MANIFEST, SavedWork};

use super::{PhaseProgress, Report, ReportObserver, ReportPart, ReportPhase};
use crate::error::Result;
use crate::string_enum::string_enum;
use table::Table;

/// Characters of each abstract that the page contains.
const SNIPPET: usize = 300;

/// A format in which tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    JsonLines,
    Csv,
    Parquet,
}

string_enum!(FileFormat, "a format of tables", { JsonLines => "jsonl", Csv => "csv", Parquet => "parquet" });

impl Report {
    /// Writes the report into a directory, which is there when all files are complete and on disk. `replace` replaces a
    /// report that is there already.
    ///
    /// # Errors
    /// As [`ReportDirectory::create`]; [`Error::Io`](crate::error::Error::Io).
    pub fn write(&self, directory: &Path, replace: bool, observer: ReportObserver<'_>) -> Result<()> {
        self.write_into(ReportDirectory::create(directory, replace)?, observer)
    }

    /// Writes the report into the directory in which its work was saved.
    ///
    /// # Errors
    /// [`Error::Io`](crate::error::Error::Io).
    pub fn write_into(&self, files: ReportDirectory, observer: ReportObserver<'_>) -> Result<()> {
        let tables = tables::tables(self);
        let progress = PhaseProgress::start(ReportPhase::Writing, FileFormat::ALL.len() * tables.len() + 1, observer);
        let each: Vec<(&Table<'_>, FileFormat)> =
            tables.iter().flat_map(|table| FileFormat::ALL.map(|format| (table, format))).collect();
        each.into_par_iter().try_for_each(|(table, format)| {
            let name = format!("{}.{format}", table.name);
            files.write(&name, |out| match format {
                FileFormat::JsonLines => json_table::write(table, out),
                FileFormat::Csv => csv_table::write(table, out),
                FileFormat::Parquet => parquet_table::write(table, out),
            })?;
            progress.advance(1);
            Ok(())
        })?;
        if !self.vectors.is_empty() {
            // Numbers as text would take several times as much.
            let embeddings = tables::embeddings(self);
            files.write("embeddings.parquet", |out| parquet_table::write(&embeddings, out))?;
        }
        if self.places.iter().any(|place| place.place.is_some()) {
            files.write("map.svg", |out| figures::write_map(self, out))?;
        }
        if !self.months.is_empty() && !self.levels.is_empty() {
            files.write("trends.svg", |out| figures::write_trends(self, out))?;
        }
        files.write("report.md", |out| markdown::write(self, out))?;
        let snippet = if self.manifest.parts.contains(&ReportPart::Abstracts) { SNIPPET } else { 0 };
        files.write("report.html", |out| page::write(self, snippet, out))?;
        files.write(MANIFEST, |out| {
            serde_json::to_writer_pretty(&mut *out, &self.manifest)?;
            out.write_all(b"\n")
        })?;
        files.finish()
    }
}
