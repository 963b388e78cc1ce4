//! A copy of the library's file, made while others read and write it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::backup::Backup;

use super::Library;
use super::database::{self, Connection};
use super::open::{APPLICATION_ID, FILE_NAME, beside, database_error};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, UnfinishedFile};

/// What every SQLite file begins with (sqlite.org/fileformat.html, 1.3).
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// What SQLite puts beside a database that is in use.
const LOG_ENDINGS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// Pages that are copied at a time.
const PAGES: i32 = 4096;
/// The pause after some pages, in which others can write.
const PAUSE: Duration = Duration::from_millis(1);

impl Library {
    /// Copies the library as it is at one moment. The copy is a whole library file without a log, which only its owner may
    /// read; what is derived is not in it. An old copy under that name stays until the new one is whole.
    ///
    /// # Errors
    /// When the file cannot be written, or is there and is this library or not a library.
    pub fn back_up(&self, path: &Path) -> Result<()> {
        let failed = || Error::io(path, "write");
        if file::is_stream(path) {
            // SQLite writes here and there in a file.
            let copy = tempfile::NamedTempFile::new().map_err(failed())?;
            copy_database((&self.db, &self.path), (copy.path(), path))?;
            let mut copy = copy.reopen().map_err(failed())?;
            return file::replace(path, FileAccess::Private, |out| {
                io::copy(&mut copy, out).map(drop).map_err(failed())
            });
        }
        check_target(&self.path, path)?;
        let unfinished = UnfinishedFile::of(path).map_err(failed())?;
        unfinished.create(FileAccess::Private).map_err(failed())?;
        copy_database((&self.db, &self.path), (&unfinished.path(), path))?;
        unfinished.finish().map_err(failed())
    }
}

/// Copies a database into an empty file. The second of each are the paths by which errors name them.
pub(super) fn copy_database((from, from_name): (&Connection, &Path), (to, to_name): (&Path, &Path)) -> Result<()> {
    let Some(from) = from.as_sqlite() else {
        let reason = "is on a server of PostgreSQL: back it up with `pg_dump`, or copy it with `paperkin migrate`";
        return Err(Error::BadFile { file: from_name.display().to_string(), reason: reason.to_owned() });
    };
    let copy = || -> database::Result<()> {
        let mut copy = rusqlite::Connection::open(to)?;
        Backup::new(from, &mut copy)?.run_to_completion(PAGES, PAUSE, None)?;
        // The copy is one file: it can be moved and kept anywhere.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(copy.close().map_err(|(_, error)| error)?)
    };
    copy().map_err(|error| match error.sqlite_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => database_error(from_name, "read")(error),
        _ => database_error(to_name, "write")(error),
    })
}

/// Refuses to overwrite what is not an old copy: a library that is in use, or the database of another program.
fn check_target(library: &Path, path: &Path) -> Result<()> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let refused = |reason: &str| Err(bad_target(path, reason));
    if path.is_dir() {
        return refused("is a directory: give a file");
    }
    if is_same_file(library, path) {
        return refused("is the library itself: give another file");
    }
    if !path.exists() {
        return check_not_library(path);
    }
    if path.file_name().is_some_and(|name| name == FILE_NAME) {
        return refused("is the file of a library: give another file");
    }
    if LOG_ENDINGS.iter().any(|ending| beside(path, ending).exists()) {
        return refused("is a database that is in use: give another file");
    }
    match is_copy(path) {
        Ok(true) => Ok(()),
        _ => refused("exists and is not a copy of a library: give another file"),
    }
}

/// Refuses to write over a database, such as a library, over what SQLite keeps beside it, and over the index of a library.
///
/// # Errors
/// [`Error::BadFile`].
pub(crate) fn check_not_library(path: &Path) -> Result<()> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.is_file() && !is_empty(path) && is_database(path).unwrap_or(true) {
        return Err(bad_target(path, "is a database: give another file"));
    }
    // Those of a database need not be there yet.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_database = LOG_ENDINGS.iter().filter_map(|ending| name.strip_suffix(ending));
    let mut of_database = of_database.map(|name| path.with_file_name(name));
    if of_database.any(|database| !is_empty(&database) && is_database(&database).unwrap_or(false)) {
        return Err(bad_target(path, "belongs to a database: give another file"));
    }
    let directory = path.parent().filter(|directory| directory.file_name().is_some_and(|name| name == "index"));
    match directory.and_then(Path::parent).is_some_and(|library| library.join(FILE_NAME).exists()) {
        true => Err(bad_target(path, "belongs to a library: give another file")),
        false => Ok(()),
    }
}

fn bad_target(path: &Path, reason: &str) -> Error {
    Error::BadFile { file: path.display().to_string(), reason: reason.to_owned() }
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == 0)
}

/// Whether two paths lead to one file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Whether a file is a copy of a library, by its header (sqlite.org/fileformat.html, 1.3.17). An empty one is.
fn is_copy(path: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    File::open(path)?.take(72).read_to_end(&mut header)?;
    let application = header.last_chunk().map(|bytes| i64::from(u32::from_be_bytes(*bytes)));
    Ok(header.is_empty() || header.starts_with(SQLITE_MAGIC) && application == Some(APPLICATION_ID))
}

/// Whether a file is an SQLite database. An empty one is.
pub(super) fn is_database(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(SQLITE_MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == SQLITE_MAGIC)
}
