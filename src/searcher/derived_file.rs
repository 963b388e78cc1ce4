//! Files that are derived from a library, in `index/` beside it: where they are, and what becomes of corrupt ones.

use std::fmt::Display;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file::{self, FileLock, open_regular};
use crate::library::Library;

/// With fewer papers, what files hold is read or derived as fast as a file is read.
pub(crate) const MIN_PAPERS_FOR_FILES: u64 = 1_000;

/// The path of a file; `None` for a library in memory.
pub(super) fn path(library: &Library, name: &str) -> Option<PathBuf> {
    library.index_directory().map(|directory| directory.join("index").join(name))
}

/// Bytes of all files of the index.
pub(crate) fn index_bytes(library: &Library) -> u64 {
    let files = path(library, "").and_then(|directory| fs::read_dir(directory).ok()).into_iter().flatten();
    files.filter_map(|file| file.ok()?.metadata().ok()).filter(|file| file.is_file()).map(|file| file.len()).sum()
}

/// Opens a file; `None` when there is none, or none that can be used: one that is corrupt is removed. `instead` says for the log
/// what is done then.
pub(super) fn open<T, Corruption: Display>(
    library: &Library,
    name: &str,
    instead: &str,
    read: impl FnOnce(File) -> std::result::Result<T, Corruption>,
) -> Option<T> {
    let path = path(library, name).filter(|path| path.exists())?;
    let file = match open_regular(&path).map_err(Error::io(&path, "read")) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!("{}: {instead}", error.one_line());
            return None;
        }
    };
    let opened = read(file);
    if let Err(corruption) = &opened {
        tracing::warn!("{}: corrupt, {corruption}: {instead}", path.display());
        remove(library, name);
    }
    opened.ok()
}

/// Removes a file, if there is one.
pub(super) fn remove(library: &Library, name: &str) {
    if let Some(path) = path(library, name) {
        // One that cannot be removed is checked again by whoever opens it.
        let _ = fs::remove_file(path);
    }
}

/// Checks a file: what `check` counts, or what is wrong. `None` if there is no file.
pub(super) fn check<Corruption: Display>(
    library: &Library,
    name: &str,
    check: impl FnOnce(File) -> std::result::Result<usize, Corruption>,
) -> Option<Result<usize, String>> {
    let path = path(library, name).filter(|path| path.exists())?;
    let file = match open_regular(&path).map_err(Error::io(&path, "read")) {
        Ok(file) => file,
        Err(error) => return Some(Err(error.one_line())),
    };
    Some(check(file).map_err(|corruption| format!("{}: {corruption}", path.display())))
}

/// Makes ready to write a file: its directory is there, nobody else writes to it until the lock is gone, and what was in place of
/// the file, such as a link, is removed. `None` while another process writes there.
///
/// # Errors
/// When the directory cannot be made, or what is there cannot be removed.
pub(crate) fn begin_write(path: &Path) -> Result<Option<FileLock>> {
    let directory = path.parent().unwrap_or(path);
    file::create_private_directory(directory)?;
    let lock = file::lock(&directory.join("lock"))?;
    if lock.is_some() {
        file::remove_special(path)?;
    }
    Ok(lock)
}
