//! Imports reading histories from elsewhere: Zotero's database, a browser's bookmarks, lists of ids, and every file
//! format of [`formats`]. Each is read as [`BibReference`]s: a paper as it is named there, the day it was entered, its
//! tags. The format of paperkin's own histories says more: what the person did with each paper.

mod bookmarks;
mod history_lines;
mod id_list;
mod zotero;

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::formats::{self, BibReference, FoundRecord, ReadOptions};
use crate::library::HistoryKind;

pub use history_lines::write_history;

/// The reading history of a file or a folder.
#[derive(Debug, Default)]
pub struct ImportedHistory {
    /// Its papers, in their order.
    pub papers: Vec<ImportedPaper>,
    /// The files and records that could not be used.
    pub errors: Vec<Error>,
    /// The fields that could not be used, as [`Error::BadField`].
    pub dropped: Vec<Error>,
}

impl ImportedHistory {
    fn of(references: Vec<BibReference>) -> ImportedHistory {
        let papers = references.into_iter().map(ImportedPaper::from).collect();
        ImportedHistory { papers, ..ImportedHistory::default() }
    }

    /// The history of the records of a source, whose name in messages this is.
    ///
    /// # Errors
    /// [`Error::BadFile`] when there are none, or too many.
    #[cfg(all(feature = "cli", feature = "fetch"))]
    pub(crate) fn of_records(records: Vec<Result<FoundRecord>>, name: &str) -> Result<ImportedHistory> {
        if records.is_empty() {
            return Err(Error::BadFile { file: name.to_owned(), reason: "there are no items".to_owned() });
        }
        let mut read = ImportedHistory::default();
        for record in records {
            match record {
                Ok(record) => read.push(record, name),
                Err(error) => read.errors.push(error),
            }
        }
        read.checked(name)
    }

    /// Adds a record of a file.
    fn push(&mut self, FoundRecord { position, mut reference }: FoundRecord, file: &str) {
        let dropped = std::mem::take(&mut reference.notes.dropped);
        self.dropped.extend(formats::bad_fields(dropped, file, position));
        self.papers.push(reference.into());
    }

    /// Fails where there is more than a reading history has.
    fn checked(self, file: &str) -> Result<ImportedHistory> {
        if self.papers.len() + self.errors.len() > MAX_ITEMS { Err(too_long(file)) } else { Ok(self) }
    }
}

/// A paper of a history from elsewhere.
#[derive(Debug, Default)]
pub struct ImportedPaper {
    /// The paper as it is named there, the day, and its tags.
    pub reference: BibReference,
    /// What the person did with it, if the file says so.
    pub kind: Option<HistoryKind>,
    /// How much it counts, if the file says so.
    pub weight: Option<f64>,
    /// The name of the interest that it is of, if the file says so.
    pub interest: Option<String>,
}

impl From<BibReference> for ImportedPaper {
    fn from(reference: BibReference) -> ImportedPaper {
        ImportedPaper { reference, ..ImportedPaper::default() }
    }
}

/// The name of Zotero's database.
const ZOTERO: &str = "zotero.sqlite";
/// Most papers and errors of one history, which is held in memory. The largest collections of one person have some 100,000.
const MAX_ITEMS: usize = 200_000;
/// Longest file, and longest text of one that is compressed, in bytes.
const MAX_BYTES: u64 = 1 << 30;
/// How many bytes are enough to recognize a format.
const START: usize = 1024;

/// Reads a file, or a folder: the data folder of Zotero, or any folder of files. The options are for files of references;
/// their encoding is also that of bookmarks and lists.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadFile`] when a file is of no known format. Records in it that cannot be used are among the
/// [`ImportedHistory::errors`], and so are files of a folder.
pub fn read(path: &Path, options: &ReadOptions) -> Result<ImportedHistory> {
    if !path.is_dir() {
        return read_file(path, options);
    }
    let database = path.join(ZOTERO);
    if database.is_file() {
        return read_file(&database, options);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(Error::io(path, "read"))?;
    files.retain(|file| file.is_file());
    files.sort();
    let mut all = ImportedHistory::default();
    for file in files {
        match read_file(&file, options) {
            Ok(read) => {
                all.papers.extend(read.papers);
                all.errors.extend(read.errors);
                all.dropped.extend(read.dropped);
            }
            Err(error) => all.errors.push(error),
        }
    }
    Ok(all)
}

fn read_file(path: &Path, options: &ReadOptions) -> Result<ImportedHistory> {
    let name = path.display().to_string();
    let mut file = fs::File::open(path).map_err(Error::io(path, "read"))?;
    let mut start = Vec::new();
    file.by_ref().take(START as u64).read_to_end(&mut start).map_err(Error::io(path, "read"))?;
    match start.starts_with(b"SQLite format 3\0") {
        true => filled(zotero::read(path)?, &name, "no item in it: expected a library of Zotero"),
        false => read_stream(Cursor::new(start).chain(file), &name, options),
    }
}

/// Reads a history from any source of bytes; `name` is its name in messages, `-` for standard input.
///
/// # Errors
/// As for [`read`].
pub fn read_stream(input: impl Read, name: &str, options: &ReadOptions) -> Result<ImportedHistory> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io(name, "read"))?;
    if bytes.len() as u64 > MAX_BYTES { Err(too_long(name)) } else { read_bytes(bytes, name, options) }
}

/// The error of a file that is no reading history, as it has too much in it.
fn too_long(name: &str) -> Error {
    let limits = format!("more than {MAX_ITEMS} records or {} MB", MAX_BYTES >> 20);
    let reason = format!("{limits}, too many for a reading history: `paperkin add` adds papers to the library");
    Error::BadFile { file: name.to_owned(), reason }
}

/// Returns the history of a file, or why it has none.
fn filled(references: Vec<BibReference>, file: &str, reason: &str) -> Result<ImportedHistory> {
    if references.is_empty() {
        return Err(Error::BadFile { file: file.to_owned(), reason: reason.to_owned() });
    }
    ImportedHistory::of(references).checked(file)
}

/// Reads the content of a file; `name` is its name in messages.
///
/// # Errors
/// As for [`read`].
pub fn read_bytes(bytes: Vec<u8>, name: &str, options: &ReadOptions) -> Result<ImportedHistory> {
    let options = ReadOptions { max_bytes: Some(MAX_BYTES), ..options.clone() };
    let bytes: Arc<[u8]> = bytes.into();
    let text = || options.text(Cursor::new(Arc::clone(&bytes)), name);
    // In UTF-16 there is a NUL beside each letter.
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(START)]).replace('\0', "").to_ascii_uppercase();
    if start.contains("<!DOCTYPE NETSCAPE-BOOKMARK-FILE") {
        return filled(
            bookmarks::read(&text()?),
            name,
            "no link to a paper in it: expected bookmarks of arxiv.org or doi.org",
        );
    }
    if let Ok(text) = text()
        && history_lines::is_history(&text)
    {
        let (papers, errors) = history_lines::read(&text, name);
        return ImportedHistory { papers, errors, dropped: Vec::new() }.checked(name);
    }
    let mut references = match options.read(Cursor::new(Arc::clone(&bytes)), name) {
        Ok(references) => references,
        Err(error) => {
            let list = text().ok().and_then(|text| id_list::read(&text));
            return ImportedHistory::of(list.ok_or(error)?).checked(name);
        }
    };
    let (mut read, mut ended) = (ImportedHistory::default(), Ok(()));
    while let Some(record) = references.next_record() {
        if read.papers.len() + read.errors.len() == MAX_ITEMS {
            return Err(too_long(name));
        }
        match record {
            Ok(record) => read.push(record, name),
            Err(error @ Error::BadRecord { .. }) => read.errors.push(error),
            Err(error) => ended = Err(error),
        }
    }
    // What came before the damage is used.
    match ended {
        Err(error) if read.papers.is_empty() => Err(error),
        ended => {
            read.errors.extend(ended.err());
            Ok(read)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        fs::write(&path, "# read\n2401.00001v2\n\nhttps://doi.org/10.1000/X\nWalking robots on soft ground\n").unwrap();
        let read = read(folder.path(), &ReadOptions::default()).unwrap();
        let names: Vec<_> = read.papers.iter().map(|paper| paper.reference.raw_paper.id.as_deref()).collect();
        assert_eq!(names, [Some("2401.00001"), Some("doi:10.1000/x"), None]);
        assert_eq!(read.papers[2].reference.raw_paper.title, "Walking robots on soft ground");
        for text in ["", "<html></html>", "{\"a\": 1}", "<!DOCTYPE NETSCAPE-Bookmark-file-1><DL></DL>", "[]"] {
            fs::write(&path, text).unwrap();
            assert!(read_file(&path, &ReadOptions::default()).is_err(), "{text}");
        }
    }
}
