//! A file that is being written in a directory beside the one that it becomes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{FileAccess, parent, resolved, sync_directory_of};

/// What the names of the directories begin and end with. Between are random letters.
const PREFIX: &str = ".paperkin-";
const SUFFIX: &str = ".unfinished";
/// What is in such a directory: the file, and what says that somebody is writing it.
const FILE: &str = "file";
const LOCK: &str = "lock";
/// Directories that are tried: another process may take a new one for one that was left behind.
const MAX_TRIES: usize = 16;

/// A file that is not complete. Dropped before that, it is deleted; what a killed process leaves is deleted by the next that
/// writes a file in the same directory.
pub(crate) struct UnfinishedFile {
    /// Closed before the directory is deleted.
    _lock: File,
    directory: TempDir,
    target: PathBuf,
}

impl UnfinishedFile {
    /// A file that is going to replace the one that a path leads to. It does not exist yet.
    pub(crate) fn of(path: &Path) -> io::Result<UnfinishedFile> {
        let target = resolved(path)?;
        remove_abandoned(parent(&target));
        for _ in 0..MAX_TRIES {
            let directory = new_directory(parent(&target))?;
            if let Some(lock) = locked(directory.path())? {
                return Ok(UnfinishedFile { _lock: lock, directory, target });
            }
        }
        Err(io::Error::other("others delete what is written"))
    }

    /// Where it is until it is complete. SQLite may put other files beside it.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }

    /// Creates it, with the permissions of the file that it is going to replace.
    pub(crate) fn create(&self, access: FileAccess) -> io::Result<File> {
        let file = access.options().create_new(true).open(self.path())?;
        if let Ok(old) = fs::metadata(&self.target) {
            file.set_permissions(old.permissions())?;
        }
        Ok(file)
    }

    /// Gives it its name, when it is on disk.
    pub(crate) fn finish(self) -> io::Result<()> {
        File::options().write(true).open(self.path())?.sync_all()?;
        fs::rename(self.path(), &self.target)?;
        sync_directory_of(&self.target)
    }
}

/// A directory that nobody else may look into.
fn new_directory(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// The lock of a new directory; `None` if another process has taken it for abandoned.
fn locked(directory: &Path) -> io::Result<Option<File>> {
    let path = directory.join(LOCK);
    let lock = match File::create_new(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    // Where files cannot be locked, nobody can tell that it is abandoned.
    let is_mine = !matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) && path.exists();
    Ok(is_mine.then_some(lock))
}

/// Deletes what killed processes have left in a directory: what nobody has locked. What cannot be deleted stays.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_one = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Not what a link points to.
        if !is_one || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        match File::open(path.join(LOCK)) {
            Ok(lock) if lock.try_lock().is_ok() => drop(fs::remove_dir_all(&path)),
            Ok(_) => {}
            // Only an empty one: its lock may be about to be made.
            Err(_) => drop(fs::remove_dir(&path)),
        }
    }
}
