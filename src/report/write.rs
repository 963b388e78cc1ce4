//! The report as files: JSON lines and CSV, and a manifest that is written last.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::{ReportEntry, SimilarityReport};
use crate::error::{Error, Result};
use crate::file;

impl SimilarityReport {
    /// Writes `neighbors.jsonl`, `neighbors.csv`, `duplicates.jsonl`, `duplicates.csv` and, when they are
    /// complete, `manifest.json` into a directory, which is made if it is not there. Files of these names are
    /// replaced, each in one step.
    pub fn write(&self, directory: &Path) -> Result<()> {
        std::fs::create_dir_all(directory).map_err(Error::io(directory, "create the report's directory"))?;
        replace(&directory.join("neighbors.jsonl"), |file| json_lines(file, &self.entries))?;
        replace(&directory.join("neighbors.csv"), |file| neighbors_csv(file, &self.entries))?;
        replace(&directory.join("duplicates.jsonl"), |file| json_lines(file, &self.duplicates))?;
        replace(&directory.join("duplicates.csv"), |file| {
            csv_of(file, &["id", "other_id", "score", "title", "other_title"], |csv| {
                for pair in &self.duplicates {
                    let score = pair.score.to_string();
                    csv.write_record([
                        pair.id.as_str(),
                        pair.other_id.as_str(),
                        &score,
                        &pair.title,
                        &pair.other_title,
                    ])?;
                }
                Ok(())
            })
        })?;
        replace(&directory.join("manifest.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &self.manifest)?;
            file.write_all(b"\n")
        })
    }
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    file::replace(path, |file| write(file).map_err(Error::io(path, "write")))
}

fn json_lines<T: Serialize>(file: &mut impl Write, values: &[T]) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *file, value)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

fn neighbors_csv(file: &mut impl Write, entries: &[ReportEntry]) -> io::Result<()> {
    csv_of(file, &["id", "rank", "neighbor_id", "score", "title", "neighbor_title"], |csv| {
        for entry in entries {
            for (index, neighbor) in entry.neighbors.iter().enumerate() {
                let (rank, score) = ((index + 1).to_string(), neighbor.score.to_string());
                let id = (entry.id.as_str(), neighbor.id.as_str());
                csv.write_record([id.0, &rank, id.1, &score, &entry.title, &neighbor.title])?;
            }
        }
        Ok(())
    })
}

fn csv_of<W: Write>(
    file: W,
    header: &[&str],
    rows: impl FnOnce(&mut csv::Writer<W>) -> csv::Result<()>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(file);
    csv.write_record(header)?;
    rows(&mut csv)?;
    csv.flush()
}
