//! Where a person's reading history is already: Zotero's database, a browser's bookmarks, lists of ids, and every file
//! that `sources` reads. Each gives [`BibReference`]s: a paper as it is called there, its day, its tags.

mod bookmarks;
mod zotero;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::paper::RawPaper;
use crate::sources::{self, BibReference};

/// What a file or a folder had.
#[derive(Debug, Default)]
pub struct ImportedHistory {
    /// Its papers, in their order.
    pub references: Vec<BibReference>,
    /// What could not be used.
    pub errors: Vec<Error>,
}

/// How Zotero's database is called.
const ZOTERO: &str = "zotero.sqlite";
/// Bytes that tell what a file is.
const START: usize = 1024;

/// Reads a file, or a folder: Zotero's, or one of files.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadFile`] when a file is no bibliography. Records in it that cannot be used are among the
/// [`ImportedHistory::errors`], and so are files of a folder.
pub fn read(path: &Path) -> Result<ImportedHistory> {
    if !path.is_dir() {
        return read_file(path);
    }
    let database = path.join(ZOTERO);
    if database.is_file() {
        return read_file(&database);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(Error::io(path, "read it"))?;
    files.retain(|file| file.is_file());
    files.sort();
    let mut all = ImportedHistory::default();
    for file in files {
        match read_file(&file) {
            Ok(read) => {
                all.references.extend(read.references);
                all.errors.extend(read.errors);
            }
            Err(error) => all.errors.push(error),
        }
    }
    Ok(all)
}

fn read_file(path: &Path) -> Result<ImportedHistory> {
    let bytes = fs::read(path).map_err(Error::io(path, "read it"))?;
    match bytes.starts_with(b"SQLite format 3\0") {
        true => Ok(ImportedHistory { references: zotero::read(path)?, errors: Vec::new() }),
        false => read_bytes(bytes, &path.display().to_string()),
    }
}

/// Reads what a file has, or a text; `name` is what messages call it.
///
/// # Errors
/// As [`read`] has them.
pub fn read_bytes(bytes: Vec<u8>, name: &str) -> Result<ImportedHistory> {
    let bytes: Arc<[u8]> = bytes.into();
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(START)]).to_ascii_uppercase();
    if start.contains("<!DOCTYPE NETSCAPE-BOOKMARK-FILE") {
        let references = bookmarks::read(&String::from_utf8_lossy(&bytes));
        return Ok(ImportedHistory { references, errors: Vec::new() });
    }
    let references = match sources::read_references(Cursor::new(Arc::clone(&bytes)), name, None) {
        Ok(references) => references,
        Err(error) => return list(&bytes).ok_or(error),
    };
    let (mut read, mut ended) = (ImportedHistory::default(), Ok(()));
    for reference in references {
        match reference {
            Ok(reference) => read.references.push(reference),
            Err(error @ Error::BadRecord { .. }) => read.errors.push(error),
            Err(error) => ended = Err(error),
        }
    }
    // What came before the damage counts.
    match ended {
        Err(error) if read.references.is_empty() => Err(error),
        ended => {
            read.errors.extend(ended.err());
            Ok(read)
        }
    }
}

/// A list of ids, addresses and titles, one a line; `None` for what is none.
fn list(bytes: &[u8]) -> Option<ImportedHistory> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_list = !lines.is_empty() && lines.iter().all(|line| line.len() < 500 && !line.starts_with(['<', '{', '[']));
    let reference = |line: &&str| {
        let mut draft = RawPaper { source: "list".to_owned(), ..RawPaper::default() };
        match line.contains(' ') {
            true => draft.title = (*line).to_owned(),
            false => sources::identify(&mut draft, [*line]),
        }
        BibReference { draft, ..BibReference::default() }
    };
    is_list.then(|| ImportedHistory { references: lines.iter().map(reference).collect(), errors: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        fs::write(&path, "# read\n2401.00001v2\n\nhttps://doi.org/10.1000/X\nWalking robots on soft ground\n").unwrap();
        let read = read(folder.path()).unwrap();
        let names: Vec<_> = read.references.iter().map(|reference| reference.draft.id.as_deref()).collect();
        assert_eq!(names, [Some("2401.00001"), Some("doi:10.1000/x"), None]);
        assert_eq!(read.references[2].draft.title, "Walking robots on soft ground");
        for text in ["", "<html></html>", "{\"a\": 1}"] {
            fs::write(&path, text).unwrap();
            assert!(read_file(&path).is_err(), "{text}");
        }
    }
}
