//! A copy of the library's file, made while others read and write it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::Library;
use super::open::sqlite_error;
use crate::error::{Error, Result};

/// What every SQLite file begins with (sqlite.org/fileformat.html, 1.3).
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Pages that are copied at a time.
const PAGES: i32 = 4096;
/// The pause after some pages, in which others can write.
const PAUSE: Duration = Duration::from_millis(1);

impl Library {
    /// Copies the library as it is at one moment. The copy is a whole library file without a log; what is derived is not
    /// in it. An old copy under that name stays until the new one is whole.
    ///
    /// # Errors
    /// When the file cannot be written, or is there and is this library or not a library.
    pub fn back_up(&self, path: &Path) -> Result<()> {
        check_target(&self.path, path)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        match std::fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io(&part, "write")(error));
            }
            _ => {}
        }
        let copy = || {
            let mut copy = Connection::open(&part)?;
            Backup::new(&self.db, &mut copy)?.run_to_completion(PAGES, PAUSE, None)?;
            // The copy is one file: it can be moved and kept anywhere.
            copy.pragma_update(None, "journal_mode", "DELETE")?;
            copy.close().map_err(|(_, error)| error)
        };
        copy().map_err(sqlite_error(&part, "write"))?;
        File::open(&part).and_then(|file| file.sync_all()).map_err(Error::io(&part, "write"))?;
        std::fs::rename(&part, path).map_err(Error::io(path, "write"))
    }
}

/// Refuses to overwrite what is not an old copy.
fn check_target(library: &Path, path: &Path) -> Result<()> {
    let refused = |reason: &str| Err(Error::BadFile { file: path.display().to_string(), reason: reason.to_owned() });
    if path.is_dir() {
        return refused("is a directory: give a file");
    }
    if path.canonicalize().is_ok_and(|path| library.canonicalize().is_ok_and(|library| path == library)) {
        return refused("is the library itself: give another file");
    }
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(SQLITE_MAGIC.len() as u64).read_to_end(&mut start)) {
        Ok(_) if start.is_empty() || start == SQLITE_MAGIC => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => refused("exists and is not a copy of a library: give another file"),
    }
}
