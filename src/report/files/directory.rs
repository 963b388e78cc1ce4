//! A directory that is there whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file;

/// The file by which a report is known.
const MANIFEST: &str = "manifest.json";
/// What an unfinished directory has while it is written.
const LOCK: &str = ".lock";

/// A directory beside the one that it becomes. Dropped before it is finished, it is deleted.
pub(super) struct UnfinishedDirectory {
    path: PathBuf,
    target: PathBuf,
    is_finished: bool,
    _lock: File,
}

impl UnfinishedDirectory {
    /// Creates it. `replace` allows that the target is a report already.
    ///
    /// # Errors
    /// As [`check_directory`]; [`Error::Io`].
    pub(super) fn create(target: &Path, replace: bool) -> Result<UnfinishedDirectory> {
        check_directory(target, replace)?;
        let mut name = target.file_name().ok_or_else(|| refused(target, "is not the name of a directory"))?.to_owned();
        name.push(".unfinished");
        let path = target.with_file_name(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(Error::io(parent, "create the directory"))?;
        }
        if path.exists() {
            // A run that was killed left it, unless that still goes on.
            drop(locked(&path, target)?);
            std::fs::remove_dir_all(&path).map_err(Error::io(&path, "delete"))?;
        }
        std::fs::create_dir(&path).map_err(Error::io(target, "create the directory"))?;
        let lock = locked(&path, target)?;
        Ok(UnfinishedDirectory { path, target: target.to_owned(), is_finished: false, _lock: lock })
    }

    /// Writes a file in it.
    pub(super) fn write(&self, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
        let named = self.target.join(name);
        let failed = || Error::io(&named, "write");
        let mut file = BufWriter::new(File::create(self.path.join(name)).map_err(failed())?);
        write(&mut file).and_then(|()| file.flush()).map_err(failed())?;
        file.get_ref().sync_all().map_err(failed())
    }

    /// Gives it its name.
    pub(super) fn finish(mut self) -> Result<()> {
        let failed = || Error::io(&self.target, "write");
        std::fs::remove_file(self.path.join(LOCK)).map_err(failed())?;
        let aside = self.path.with_extension("old");
        let has_old = self.target.exists();
        if has_old {
            std::fs::rename(&self.target, &aside).map_err(failed())?;
        }
        if let Err(error) = std::fs::rename(&self.path, &self.target) {
            if has_old {
                // The error to report is the first; the old report goes back to its place.
                let _ = std::fs::rename(&aside, &self.target);
            }
            return Err(failed()(error));
        }
        self.is_finished = true;
        match has_old {
            true => std::fs::remove_dir_all(&aside).map_err(Error::io(&aside, "delete the old report")),
            false => Ok(()),
        }
    }
}

impl Drop for UnfinishedDirectory {
    fn drop(&mut self) {
        if !self.is_finished {
            // The error to report is the one that stopped the writing.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Checks that a report can be written to a directory, before the work is done.
///
/// # Errors
/// [`Error::BadRequest`] when something else is there, or a report and not `replace`.
pub fn check_directory(target: &Path, replace: bool) -> Result<()> {
    let Ok(metadata) = std::fs::metadata(target) else { return Ok(()) };
    if !metadata.is_dir() {
        return Err(refused(target, "is not a directory"));
    }
    let is_empty = std::fs::read_dir(target).map_err(Error::io(target, "read"))?.next().is_none();
    match (is_empty, target.join(MANIFEST).is_file(), replace) {
        (true, ..) | (false, true, true) => Ok(()),
        (false, true, false) => Err(refused(target, "has a report already: `--force` replaces it")),
        (false, false, _) => Err(refused(target, "has other files: choose an empty or a new directory")),
    }
}

/// The lock of an unfinished directory.
fn locked(path: &Path, target: &Path) -> Result<File> {
    file::lock(&path.join(LOCK))?.ok_or_else(|| refused(target, "is being written by another process"))
}

fn refused(directory: &Path, reason: &str) -> Error {
    Error::BadRequest { field: "out", reason: format!("`{}` {reason}", directory.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: &Path, replace: bool) -> Result<()> {
        let directory = UnfinishedDirectory::create(target, replace)?;
        directory.write(MANIFEST, |out| out.write_all(b"{}"))?;
        directory.finish()
    }

    #[test]
    fn a_directory_is_new_or_replaced_on_request() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("a").join("report");
        write(&target, false).unwrap();
        assert!(write(&target, false).unwrap_err().to_string().contains("has a report already"));
        std::fs::write(target.join("extra"), "").unwrap();
        write(&target, true).unwrap();
        let left: Vec<_> = std::fs::read_dir(target.parent().unwrap()).unwrap().collect();
        assert!(left.len() == 1 && !target.join("extra").exists(), "{left:?}");
    }

    #[test]
    fn two_reports_do_not_mix_and_leftovers_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("report");
        let first = UnfinishedDirectory::create(&target, false).unwrap();
        let second = UnfinishedDirectory::create(&target, false).err().unwrap();
        assert!(second.to_string().contains("is being written by another process"), "{second}");
        drop(first);
        std::fs::create_dir(parent.path().join("report.unfinished")).unwrap();
        std::fs::write(parent.path().join("report.unfinished/papers.csv"), "half").unwrap();
        write(&target, false).unwrap();
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_report_stays() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("notes");
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join("thesis.tex"), "all of it").unwrap();
        assert!(write(&target, true).unwrap_err().to_string().contains("has other files"));
        assert!(write(&target.join("thesis.tex"), true).unwrap_err().to_string().contains("is not a directory"));
        assert_eq!(std::fs::read_to_string(target.join("thesis.tex")).unwrap(), "all of it");
    }

    #[test]
    fn what_fails_leaves_the_old_report() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("report");
        write(&target, false).unwrap();
        let directory = UnfinishedDirectory::create(&target, true).unwrap();
        let full = directory.write("papers.csv", |_| Err(io::Error::other("the disk is full")));
        assert!(full.unwrap_err().to_string().contains("papers.csv"));
        drop(directory);
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
        assert!(target.join(MANIFEST).exists());
    }
}
