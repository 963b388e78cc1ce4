//! A backup in the place of a library, also while others use the library.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};

use super::backup::{copy_database, is_database, is_same_file};
use super::database::{self, params};
use super::open::{self, FILE_NAME, beside, connect_read_only, database_error, has_log};
use super::{CheckFinding, LibrarySummary, StoredModel};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess, UnfinishedFile};

/// What SQLite keeps beside a database that was not closed.
const LOG_FILES: [&str; 2] = ["-wal", "-shm"];

/// A copy of a backup that was checked, in the directory of the library that it is going to replace. Dropped before that, it
/// is deleted.
pub struct LibraryBackup {
    copy: UnfinishedFile,
    library: PathBuf,
    summary: LibrarySummary,
    model: Option<StoredModel>,
}

impl LibraryBackup {
    /// Copies a backup into the directory of a library, brings it to the newest format and checks it.
    ///
    /// # Errors
    /// [`Error::BadFile`] when it is no backup, or a damaged one; [`Error::NewerLibrary`]; [`Error::Io`].
    pub fn open(file: &Path, directory: &Path) -> Result<LibraryBackup> {
        if open::server_address(directory)?.is_some() {
            let reason = "is on a server: restore into a directory, and copy that with `paperkin migrate`".to_owned();
            return Err(Error::BadRequest { field: "library", reason });
        }
        let refused = |reason: String| Error::BadFile { file: file.display().to_string(), reason };
        let library = directory.join(FILE_NAME);
        if is_same_file(file, &library) {
            return Err(refused("is the library itself: give a backup".to_owned()));
        }
        if !file.is_file() || !is_database(file).map_err(Error::io(file, "read"))? {
            return Err(if file.exists() {
                refused("is not a backup of a library".to_owned())
            } else {
                Error::io(file, "read")(std::io::ErrorKind::NotFound.into())
            });
        }
        file::create_private_directory(directory)?;
        let copy = UnfinishedFile::of(&library).map_err(Error::io(&library, "write"))?;
        copy.create(FileAccess::Private).map_err(Error::io(&library, "write"))?;
        let (from, version) = connect_read_only(file).map_err(|error| blamed_on(file, error))?;
        if version == 0 {
            return Err(refused("is empty".to_owned()));
        }
        copy_database((&from, file), (&copy.path(), &library)).map_err(|error| blamed_on(file, error))?;
        let checked = check(&copy.path()).map_err(|error| blamed_on(file, error))?;
        let (summary, model) = checked.map_err(|damage| refused(format!("is damaged: {damage}")))?;
        Ok(LibraryBackup { copy, library, summary, model })
    }

    /// The backup in numbers.
    pub fn summary(&self) -> &LibrarySummary {
        &self.summary
    }

    /// The model of its embeddings.
    pub fn model(&self) -> Option<&StoredModel> {
        self.model.as_ref()
    }

    /// Puts it in the place of the library, in one step: who has the library open sees the content of the backup in its next
    /// transaction, as a new generation. Returns where the previous library is, which stays beside it; `None` if there was
    /// none.
    ///
    /// A file that is no database any more is moved aside. Who has it open must be restarted.
    ///
    /// # Errors
    /// When the directory cannot be written to, or somebody else is restoring or writes for too long. The library stays as
    /// it was.
    pub fn restore(self) -> Result<Option<PathBuf>> {
        let lock = self.library.with_file_name("restore.lock");
        let Some(_lock) = file::lock(&lock)? else {
            let reason = "another backup is being restored".to_owned();
            return Err(Error::BadFile { file: lock.display().to_string(), reason });
        };
        let previous = free_name(&self.library);
        match copy_previous(&self.library, &previous) {
            Ok(Some(generation)) => {
                begin_generation(&self.copy.path(), generation)?;
                self.copy_into_library()?;
                Ok(Some(previous))
            }
            Ok(None) => self.move_into_place(None),
            Err(Error::DamagedLibrary { .. }) => self.move_into_place(Some(previous)),
            Err(Error::BadFile { .. }) if !can_be_read(&self.library) => self.move_into_place(Some(previous)),
            Err(error) => Err(error),
        }
    }

    /// Writes it into the library's file in one transaction.
    fn copy_into_library(&self) -> Result<()> {
        let failed = || database_error(&self.library, "restore");
        let mut library = open::open_file(&self.library)?;
        let mut copied = || -> database::Result<StepResult> {
            let from = rusqlite::Connection::open(self.copy.path())?;
            let to = library.db.as_sqlite_mut().expect("it was opened as a file");
            Ok(Backup::new(&from, to)?.step(-1)?)
        };
        let step = copied().map_err(failed())?;
        if step != StepResult::Done {
            let source = "another process is writing to it: try again later".into();
            return Err(Error::Library { path: self.library.clone(), doing: "restore", source });
        }
        // The log is as large as the library: whoever closes the library last empties it, if readers are in the way now.
        let emptied = library.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        emptied.map_err(failed())
    }

    /// Becomes the library's file. What is in its place is moved aside, with what belongs to it.
    fn move_into_place(self, previous: Option<PathBuf>) -> Result<Option<PathBuf>> {
        let failed = || Error::io(&self.library, "write");
        let aside = previous.clone().unwrap_or_else(|| free_name(&self.library));
        // SQLite would take changes that were left beside another file for changes of this one.
        for ending in [""].iter().chain(&LOG_FILES) {
            match std::fs::rename(beside(&self.library, ending), beside(&aside, ending)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed()(error)),
                _ => {}
            }
        }
        let library = self.library.clone();
        self.copy.finish().map_err(Error::io(library, "write"))?;
        Ok(previous)
    }
}

/// What a copy of a backup contains, or what is wrong with it that only another backup repairs.
fn check(copy: &Path) -> Result<Result<(LibrarySummary, Option<StoredModel>), String>> {
    let library = open::open_file(copy)?;
    let damage = library.check()?.into_iter().find(CheckFinding::needs_backup);
    if let Some(damage) = damage {
        return Ok(Err(format!("{}: {}", damage.what, damage.found)));
    }
    let (summary, model) = (library.summary()?, library.model()?);
    if model.is_none() && summary.papers > 0 {
        return Ok(Err("the model of its embeddings is unknown".to_owned()));
    }
    let one_file = library.db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
    one_file.map_err(database_error(copy, "write"))?;
    Ok(Ok((summary, model)))
}

/// An error of the copy, said of the backup.
fn blamed_on(file: &Path, error: Error) -> Error {
    let path = file.to_owned();
    match error {
        Error::DamagedLibrary { reason, .. } => Error::BadFile { file: path.display().to_string(), reason },
        Error::NewerLibrary { found, known, .. } => Error::NewerLibrary { path, found, known },
        other => other,
    }
}

/// Copies a library to another name, and returns the number of its generation; `None` if there is no library.
fn copy_previous(library: &Path, previous: &Path) -> Result<Option<u64>> {
    // An empty file has nothing to keep; with a log beside it, it is not empty.
    let is_there =
        std::fs::metadata(library).is_ok_and(|file| file.len() > 0) || (library.exists() && has_log(library));
    if !is_there {
        return Ok(None);
    }
    let opened = open::open_file(library)?;
    let generation = opened.generation()?;
    opened.back_up(previous)?;
    Ok(Some(generation))
}

/// Generations of a library since its backup, at most.
const MAX_GENERATIONS_BETWEEN: i64 = 1_000_000;

/// Begins a generation in the copy that comes after those of the library and of the backup: numbers never go back.
fn begin_generation(copy: &Path, library: u64) -> Result<()> {
    // Those between are there too: numbers follow each other. That of a damaged library may be any.
    let insert = "INSERT INTO generation (number, stamp) \
                  WITH RECURSIVE next (number) AS (SELECT coalesce(max(number), 0) + 1 FROM generation \
                  UNION ALL SELECT number + 1 FROM next WHERE number <= ?1 LIMIT ?2) \
                  SELECT number, randomblob(16) FROM next";
    let begin = || -> database::Result<()> {
        let db = rusqlite::Connection::open(copy)?;
        db.execute(insert, params![library as i64, MAX_GENERATIONS_BETWEEN])?;
        Ok(db.close().map_err(|(_, error)| error)?)
    };
    begin().map_err(database_error(copy, "write"))
}

/// Whether a file is a database, of whatever program.
fn can_be_read(path: &Path) -> bool {
    rusqlite::Connection::open(path).and_then(|db| db.query_row("PRAGMA schema_version", [], |_| Ok(()))).is_ok()
}

/// A name beside the library's that no file has.
fn free_name(library: &Path) -> PathBuf {
    let name = |number: usize| library.with_file_name(format!("library-before-restore-{number}.sqlite3"));
    (1..).map(name).find(|name| !name.exists()).unwrap_or_else(|| name(0))
}
