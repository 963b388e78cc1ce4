//! A directory that is there whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::file::{self, FileAccess, FileLock};
use crate::string_enum::string_enum;

/// The file by which a report is known.
pub(in crate::report) const MANIFEST: &str = "manifest.json";
/// The names of tables, and of the other files.
const TABLES: [&str; 8] =
    ["papers", "neighbors", "duplicates", "groups", "trends", "coverage", "covered_groups", "embeddings"];
const OTHER_FILES: [(&str, &str); 5] =
    [("manifest", "json"), ("map", "svg"), ("trends", "svg"), ("report", "md"), ("report", "html")];
/// What an unfinished directory has while it is written.
const LOCK: &str = ".lock";

/// Work that an unfinished directory has, so that a report that was killed goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum SavedWork {
    /// Neighbor lists.
    Pairs,
    /// Places on the map.
    Map,
}

string_enum!(SavedWork, "saved work", { Pairs => ".pairs", Map => ".map" });

/// The directory of a report that is being made: a hidden one beside the one that it becomes when it is complete. Dropped
/// before that, it is deleted. One that a killed process left is taken over with the work that was saved in it.
#[derive(Debug)]
pub struct ReportDirectory {
    path: PathBuf,
    target: PathBuf,
    is_finished: bool,
    _lock: FileLock,
}

impl ReportDirectory {
    /// Creates it. `replace` allows that the target is a report already.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when something else is there, a report and not `replace`, or a report that another process is
    /// making; [`Error::Io`].
    pub fn create(target: &Path, replace: bool) -> Result<ReportDirectory> {
        check_directory(target, replace)?;
        // A link stays: what it points to is replaced.
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        let path = beside(&target, "unfinished")?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(Error::io(parent, "create the directory"))?;
        }
        if path.exists() {
            // A run that was killed left it, unless that still goes on. It has no lock yet as long as it is empty, and no lock any
            // more when its report is whole.
            if !path.join(LOCK).is_file() && check_directory(&path, true).is_err() {
                return Err(refused(&path, "is in the way and not of paperkin: move it"));
            }
            let lock = locked(&path, &target)?;
            remove_all_but_saved(&path)?;
            return Ok(ReportDirectory { path, target, is_finished: false, _lock: lock });
        }
        std::fs::create_dir(&path).map_err(Error::io(&path, "create the directory"))?;
        let lock = locked(&path, &target)?;
        Ok(ReportDirectory { path, target, is_finished: false, _lock: lock })
    }

    /// The work that was saved under a name.
    pub(in crate::report) fn saved(&self, name: SavedWork) -> Option<Vec<u8>> {
        std::fs::read(self.path.join(name.name())).ok()
    }

    /// Saves work under a name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(in crate::report) fn save(&self, name: SavedWork, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name.name());
        file::replace(&path, FileAccess::Shared, |out| out.write_all(bytes).map_err(Error::io(&path, "write")))
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
        let aside = beside(&self.target, "old")?;
        if aside.exists() {
            // The last report that was replaced, if it could not be deleted.
            check_directory(&aside, true)?;
            std::fs::remove_dir_all(&aside).map_err(Error::io(&aside, "delete"))?;
        }
        let mut helpers = SavedWork::ALL.map(SavedWork::name).into_iter().chain([LOCK]);
        helpers.try_for_each(|name| remove_if_there(&self.path.join(name)))?;
        let has_old = self.target.exists();
        // A file's name is on disk when its directory is.
        file::sync_directory_of(&self.path.join(MANIFEST)).map_err(failed())?;
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
        file::sync_directory_of(&self.target).map_err(failed())?;
        match has_old {
            true => std::fs::remove_dir_all(&aside).map_err(Error::io(&aside, "delete")),
            false => Ok(()),
        }
    }
}

impl Drop for ReportDirectory {
    fn drop(&mut self) {
        if !self.is_finished {
            // The error to report is the one that stopped the writing.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A hidden name beside a directory.
fn beside(target: &Path, what: &str) -> Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| refused(target, "is not the name of a directory"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".paperkin-{what}"));
    Ok(target.with_file_name(hidden))
}

/// Checks that a report can be written to a directory. What is replaced is a report and nothing else: a directory with any
/// other file or folder stays.
///
/// # Errors
/// [`Error::BadRequest`] when something else is there, or a report and not `replace`.
fn check_directory(target: &Path, replace: bool) -> Result<()> {
    let metadata = match std::fs::metadata(target) {
        Ok(metadata) => metadata,
        Err(_) if target.is_symlink() => return Err(refused(target, "is a link to nothing")),
        Err(_) => return Ok(()),
    };
    if !metadata.is_dir() {
        return Err(refused(target, "is not a directory"));
    }
    let entries = std::fs::read_dir(target).map_err(Error::io(target, "read"))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<OsString>>>();
    let names = names.map_err(Error::io(target, "read"))?;
    if names.is_empty() {
        return Ok(());
    }
    if let Some(other) = names.iter().find(|name| !is_report_file(name)) {
        let reason = format!("has other files than a report, such as `{}`: choose a new directory", other.display());
        return Err(refused(target, &reason));
    }
    match is_manifest(&target.join(MANIFEST)) {
        false => Err(refused(target, "has files, but no report: choose a new directory")),
        true if !replace => Err(refused(target, "has a report already: `--force` replaces it")),
        true => Ok(()),
    }
}

/// Whether this is the name of a file of reports.
fn is_report_file(name: &OsStr) -> bool {
    let Some((stem, extension)) = name.to_str().and_then(|name| name.split_once('.')) else { return false };
    match extension {
        "jsonl" | "csv" | "parquet" => TABLES.contains(&stem),
        _ => OTHER_FILES.contains(&(stem, extension)),
    }
}

/// Whether a file is the manifest of a report.
fn is_manifest(path: &Path) -> bool {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice::<Value>(&text).is_ok_and(|manifest| manifest["paperkin"].is_string())
}

/// Deletes what a killed process had written, but for its work.
fn remove_all_but_saved(directory: &Path) -> Result<()> {
    for entry in std::fs::read_dir(directory).map_err(Error::io(directory, "read"))? {
        let name = entry.map_err(Error::io(directory, "read"))?.file_name();
        let is_kept = SavedWork::ALL.map(SavedWork::name).into_iter().chain([LOCK]).any(|kept| name == kept);
        if !is_kept {
            remove_if_there(&directory.join(name))?;
        }
    }
    Ok(())
}

fn remove_if_there(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(file, "delete")(error)),
        _ => Ok(()),
    }
}

/// The lock of an unfinished directory.
fn locked(path: &Path, target: &Path) -> Result<FileLock> {
    file::lock(&path.join(LOCK))?.ok_or_else(|| refused(target, "is being written by another process"))
}

fn refused(directory: &Path, reason: &str) -> Error {
    Error::BadRequest { field: "out", reason: format!("`{}` {reason}", directory.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: &Path, replace: bool) -> Result<()> {
        let directory = ReportDirectory::create(target, replace)?;
        directory.write(MANIFEST, |out| out.write_all(b"{\"paperkin\": \"0.1.0\"}"))?;
        directory.finish()
    }

    #[test]
    fn a_directory_is_new_or_replaced_on_request() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("a").join("report");
        write(&target, false).unwrap();
        assert!(write(&target, false).unwrap_err().to_string().contains("has a report already"));
        std::fs::write(target.join("papers.csv"), "").unwrap();
        write(&target, true).unwrap();
        let left: Vec<_> = std::fs::read_dir(target.parent().unwrap()).unwrap().collect();
        assert!(left.len() == 1 && !target.join("papers.csv").exists(), "{left:?}");
    }

    #[test]
    fn two_reports_do_not_mix_and_leftovers_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("report");
        let first = ReportDirectory::create(&target, false).unwrap();
        let second = ReportDirectory::create(&target, false).err().unwrap();
        assert!(second.to_string().contains("is being written by another process"), "{second}");
        // As if it was killed: before it had a lock, after its lock was gone, and in between.
        let unfinished = first.path.clone();
        std::mem::forget(first);
        std::fs::remove_dir_all(&unfinished).unwrap();
        for left in [None, Some((MANIFEST, "{\"paperkin\": \"0.1.0\"}"))] {
            std::fs::create_dir(&unfinished).unwrap();
            left.iter().for_each(|(name, text)| std::fs::write(unfinished.join(name), text).unwrap());
            drop(ReportDirectory::create(&target, false).unwrap());
            assert!(!unfinished.exists());
        }
        std::fs::create_dir(&unfinished).unwrap();
        std::fs::write(unfinished.join(LOCK), "").unwrap();
        std::fs::write(unfinished.join("papers.csv"), "half").unwrap();
        std::fs::write(unfinished.join(SavedWork::Pairs.name()), "work").unwrap();
        let next = ReportDirectory::create(&target, false).unwrap();
        assert_eq!((next.saved(SavedWork::Pairs), next.saved(SavedWork::Map)), (Some(b"work".to_vec()), None));
        next.write(MANIFEST, |out| out.write_all(b"{\"paperkin\": \"0.1.0\"}")).unwrap();
        next.finish().unwrap();
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_report_stays() {
        let table: [(&[(&str, &str)], &str); 6] = [
            (&[("thesis.tex", "mine")], "has other files than a report, such as `thesis.tex`"),
            (&[("manifest.json", "{\"name\": \"an app\"}")], "has files, but no report"),
            (&[("papers.csv", "mine")], "has files, but no report"),
            (&[("manifest.json", "{\"paperkin\": \"0.1.0\"}"), ("notes.txt", "mine")], "such as `notes.txt`"),
            (&[("manifest.json", "{\"paperkin\": \"0.1.0\"}"), ("report.md.orig", "mine")], "such as `report.md.orig`"),
            (&[("report.pdf", "mine")], "such as `report.pdf`"),
        ];
        for (files, reason) in table {
            let parent = tempfile::tempdir().unwrap();
            let target = parent.path().join("notes");
            std::fs::create_dir(&target).unwrap();
            files.iter().for_each(|(name, text)| std::fs::write(target.join(name), text).unwrap());
            let refusal = write(&target, true).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{refusal}");
            for (name, text) in files {
                assert_eq!(&std::fs::read_to_string(target.join(name)).unwrap(), text);
            }
            let within = target.join(files[0].0);
            assert!(write(&within, true).unwrap_err().to_string().contains("is not a directory"));
        }
    }

    #[test]
    fn what_is_beside_a_report_stays() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("report");
        for what in ["unfinished", "old"] {
            let other = beside(&target, what).unwrap();
            std::fs::create_dir(&other).unwrap();
            std::fs::write(other.join("thesis.tex"), "mine").unwrap();
            assert!(write(&target, false).is_err(), "{what}");
            assert_eq!(std::fs::read_to_string(other.join("thesis.tex")).unwrap(), "mine");
            std::fs::remove_dir_all(&other).unwrap();
        }
        write(&target, false).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_what_it_points_to_is_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let [real, link] = ["real", "link"].map(|name| parent.path().join(name));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, false).unwrap();
        assert!(link.is_symlink() && real.join(MANIFEST).exists());
        std::fs::remove_dir_all(&real).unwrap();
        assert!(write(&link, false).unwrap_err().to_string().contains("is a link to nothing"));
    }

    #[test]
    fn what_fails_leaves_the_old_report() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("report");
        write(&target, false).unwrap();
        let directory = ReportDirectory::create(&target, true).unwrap();
        let full = directory.write("papers.csv", |_| Err(io::Error::other("the disk is full")));
        assert!(full.unwrap_err().to_string().contains("papers.csv"));
        drop(directory);
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
        assert!(target.join(MANIFEST).exists());
    }
}
