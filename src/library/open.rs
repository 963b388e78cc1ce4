//! Opening the file: creation, pragmas, versions, and errors in plain words.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{ErrorCode, OpenFlags};

use super::database::{self, Connection, Transaction, TransactionKind};
use super::stored_value::damage;
use super::{Library, checksums, term_index};
use crate::error::{Error, Result};
use crate::file::{self, FileIdentity};

/// Pages that a connection keeps in memory which is opened to add papers, as SQLite counts them: 32 MB. An addition
/// changes the same pages again and again.
const WRITER_CACHE_PAGES: i64 = -32 * 1024;
/// What the address of a server begins with.
const SERVER_SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Name of the file in the library's directory.
pub(super) const FILE_NAME: &str = "library.sqlite3";
/// `PRAGMA application_id`: "pkin".
pub(super) const APPLICATION_ID: i64 = 0x706b_696e;
/// How long a writer waits for another one, in this or another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(60);
/// How a file is opened that can be written to.
const READ_WRITE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
/// What every connection sets. A file that was mapped would stop the process when somebody cuts it short.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                        PRAGMA mmap_size = 0;";
/// How often the settings are tried, and the pause between two tries.
const SETTINGS_TRIES: u32 = 500;
const SETTINGS_PAUSE: Duration = Duration::from_millis(10);
/// What brings a file from one format to the next: the first makes an empty file into format 1.
pub(super) const UPGRADES: [&str; 14] = [
    include_str!("format1.sql"),
    include_str!("format2.sql"),
    include_str!("format3.sql"),
    include_str!("format4.sql"),
    include_str!("format5.sql"),
    include_str!("format6.sql"),
    include_str!("format7.sql"),
    include_str!("format8.sql"),
    include_str!("format9.sql"),
    include_str!("format10.sql"),
    include_str!("format11.sql"),
    include_str!("format12.sql"),
    include_str!("format13.sql"),
    include_str!("format14.sql"),
];
/// The first format with the terms as they are now: those of older files are written anew.
const FIRST_FORMAT_WITH_THESE_TERMS: i64 = 14;
/// The first format with checksums: those of older files are computed from what they hold.
const FIRST_FORMAT_WITH_CHECKSUMS: i64 = 13;

impl Library {
    /// Opens the library in a directory for reading and writing, or makes both.
    ///
    /// # Errors
    /// When the path is a file, cannot be written, holds another program's database or a newer paperkin's.
    pub fn create(directory: &Path) -> Result<Library> {
        Library::create_or_resume(directory)?.check_migrated()
    }

    /// As [`Library::create`], also when a migration into the library is not finished.
    pub(super) fn create_or_resume(directory: &Path) -> Result<Library> {
        if let Some(address) = server_address(directory)? {
            return Library::connect_or_create(address);
        }
        if directory.exists() && !directory.is_dir() {
            return Err(Error::BadFile {
                file: directory.display().to_string(),
                reason: "is a file: give the directory of a library".to_owned(),
            });
        }
        let path = directory.join(FILE_NAME);
        if !path.exists() {
            file::create_private_directory(directory)?;
            // SQLite gives the files beside it the same permissions.
            file::create_private_file(&path)?;
        }
        let library = Library::open_or_resume(directory)?;
        // What a statement changes is kept until it has succeeded: a few pages, which SQLite would write to a file.
        let settings = format!("PRAGMA cache_size = {WRITER_CACHE_PAGES}; PRAGMA temp_store = MEMORY");
        library.db.execute_batch(&settings).map_err(library.failed("open"))?;
        Ok(library)
    }

    /// Opens the library in a directory that has one. On a read-only disk, or without the permission to write, it can be read.
    ///
    /// # Errors
    /// As [`Library::create`], and when there is no library.
    pub fn open(directory: &Path) -> Result<Library> {
        Library::open_or_resume(directory)?.check_migrated()
    }

    fn open_or_resume(directory: &Path) -> Result<Library> {
        if let Some(address) = server_address(directory)? {
            return Library::connect(address);
        }
        let path = directory.join(FILE_NAME);
        if directory.exists() && !directory.is_dir() {
            return Library::create_or_resume(directory);
        }
        if !path.exists() {
            return Err(Error::NotFound {
                what: "library in",
                name: directory.display().to_string(),
                hint: ": create one with `paperkin add FILE`, or query a file with `--papers FILE`".to_owned(),
            });
        }
        match open_file(&path) {
            Err(error) if is_unwritable(&error) => open_read_only(&path),
            opened => opened,
        }
    }

    /// Opens the library in a directory that has one, to read what it holds now. One of an older format stays as it is: it is
    /// brought up in a transaction that is never committed, so nobody else can write as long as it is open.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn preview(directory: &Path) -> Result<Library> {
        let path = directory.join(FILE_NAME);
        if path.exists() {
            let identity = FileIdentity::of(&path);
            let db = Connection::open_sqlite(&path, READ_WRITE).map_err(database_error(&path, "open"))?;
            let version = version(&db, &path)?;
            if (1..UPGRADES.len() as i64).contains(&version) {
                db.set_busy_timeout(BUSY_TIMEOUT).map_err(database_error(&path, "open"))?;
                let transaction = db.begin(TransactionKind::Write).map_err(database_error(&path, "open"))?;
                bring_up(&transaction, &path)?;
                transaction.leave_open();
                return Ok(Library::new(path, db, identity));
            }
        }
        Library::open(directory)
    }

    /// Another connection to this library; `None` for one in memory.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn reconnect(&self) -> Result<Option<Library>> {
        #[cfg(feature = "postgres")]
        if let Some(connected) = self.db.try_clone_postgres() {
            let db = connected.map_err(self.failed("connect"))?;
            let library = Library::new(self.path.clone(), db, None);
            return Ok(Some(Library { cache: self.cache.clone(), ..library }));
        }
        self.directory().map(Library::open).transpose()
    }

    /// A library in memory, gone with the value.
    pub fn in_memory() -> Result<Library> {
        let path = Path::new(":memory:");
        let db = Connection::in_memory().map_err(database_error(path, "open"))?;
        prepare(db, path, None)
    }
}

/// Whether this is the address of a library on a server, not a directory.
///
/// ```
/// use paperkin::library::is_server_address;
///
/// assert!(is_server_address("postgres://me@localhost/papers") && !is_server_address("papers"));
/// ```
pub fn is_server_address(location: &str) -> bool {
    let starts_with =
        |scheme: &&str| location.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    SERVER_SCHEMES.iter().any(starts_with)
}

/// The address of a library on a server; `None` for a directory. What looks like an address but is none is refused, and not
/// shown: it may have a password.
pub(super) fn server_address(location: &Path) -> Result<Option<&str>> {
    let Some(text) = location.to_str() else { return Ok(None) };
    if is_server_address(text) {
        return Ok(Some(text));
    }
    let lower = text.trim_start().to_ascii_lowercase();
    let is_like_address = ["://", "password="].iter().any(|part| lower.contains(part))
        || ["postgres:", "postgresql:"].iter().any(|scheme| lower.starts_with(scheme));
    match is_like_address && !location.exists() {
        true => Err(Error::BadRequest {
            field: "library",
            reason: "is neither a directory nor an address such as `postgres://user@host/database`".to_owned(),
        }),
        false => Ok(None),
    }
}

#[cfg(not(feature = "postgres"))]
impl Library {
    /// Asks a replica: only a program with the feature `postgres` can.
    ///
    /// # Errors
    /// [`Error::BadRequest`].
    pub fn set_read_replica(&mut self, address: &str) -> Result<()> {
        Library::connect(address).map(drop)
    }

    fn connect(_: &str) -> Result<Library> {
        let reason = "this program was built without the feature `postgres`".to_owned();
        Err(Error::BadRequest { field: "library", reason })
    }

    fn connect_or_create(address: &str) -> Result<Library> {
        Library::connect(address)
    }
}

/// Opens a file for reading and writing, and brings it to the newest format.
pub(super) fn open_file(path: &Path) -> Result<Library> {
    // Asked before: if the file is replaced in between, nothing is written to either.
    let identity = FileIdentity::of(path);
    let db = Connection::open_sqlite(path, READ_WRITE).map_err(database_error(path, "open"))?;
    prepare(db, path, identity)
}

fn prepare(db: Connection, path: &Path, identity: Option<FileIdentity>) -> Result<Library> {
    db.set_busy_timeout(BUSY_TIMEOUT).map_err(database_error(path, "open"))?;
    let version = version(&db, path)?;
    // SQLite does not wait for another process that switches a new file to WAL at the same time.
    let mut tries = 0;
    while let Err(error) = db.execute_batch(SETTINGS) {
        tries += 1;
        if error.sqlite_code() != Some(ErrorCode::DatabaseBusy) || tries == SETTINGS_TRIES {
            return Err(database_error(path, "open")(error));
        }
        std::thread::sleep(SETTINGS_PAUSE);
    }
    if version < UPGRADES.len() as i64 {
        upgrade(&db, path)?;
    }
    Ok(Library::new(path.to_owned(), db, identity))
}

/// The format's version, 0 for an empty file. Refuses other programs' files and newer formats.
pub(super) fn version(db: &Connection, path: &Path) -> Result<i64> {
    let pragma = |name| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<i64>(0));
    let read = || Ok((pragma("user_version")?, pragma("application_id")?, pragma("schema_version")?));
    let (version, application, schema) = read().map_err(database_error(path, "read"))?;
    if application != APPLICATION_ID && schema != 0 {
        return Err(Error::BadFile {
            file: path.display().to_string(),
            reason: "is a database of another program: choose another directory with --library".to_owned(),
        });
    }
    let known = UPGRADES.len() as i64;
    if version < 0 {
        let reason = format!("the format is {version}, and formats are numbered from 1");
        return Err(Error::DamagedLibrary { path: path.to_owned(), reason });
    }
    if version > known {
        return Err(Error::NewerLibrary { path: path.to_owned(), found: version, known });
    }
    Ok(version)
}

/// Brings the file to the newest format in one transaction; another process may have done so meanwhile.
fn upgrade(db: &Connection, path: &Path) -> Result<()> {
    let transaction = db.begin(TransactionKind::Write).map_err(database_error(path, "write"))?;
    bring_up(&transaction, path)?;
    transaction.commit().map_err(database_error(path, "write"))
}

/// Does so within a transaction.
fn bring_up(transaction: &Transaction<'_>, path: &Path) -> Result<()> {
    let from = version(transaction, path)?;
    for (number, upgrade) in UPGRADES.iter().enumerate().skip(from as usize) {
        transaction.execute_batch(upgrade).map_err(database_error(path, "upgrade to the current format"))?;
        transaction
            .execute_batch(&format!("PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID};", number + 1))
            .map_err(database_error(path, "upgrade to the current format"))?;
    }
    if from < FIRST_FORMAT_WITH_THESE_TERMS {
        term_index::rebuild_all(transaction).map_err(database_error(path, "upgrade to the current format"))?;
    }
    if from < FIRST_FORMAT_WITH_CHECKSUMS {
        checksums::write_all(transaction).map_err(database_error(path, "upgrade to the current format"))?;
    }
    Ok(())
}

/// Opens a file that this process cannot write to.
fn open_read_only(path: &Path) -> Result<Library> {
    let identity = FileIdentity::of(path);
    let (db, version) = connect_read_only(path)?;
    if version < UPGRADES.len() as i64 {
        return Err(Error::BadFile {
            file: path.display().to_string(),
            reason: "has an older format, which cannot be upgraded on a read-only disk".to_owned(),
        });
    }
    Ok(Library::new(path.to_owned(), db, identity))
}

/// A connection that only reads, and the format's version. Others may write meanwhile.
pub(super) fn connect_read_only(path: &Path) -> Result<(Connection, i64)> {
    let failed = || database_error(path, "open for reading");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = |to: &str| {
        let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let db = Connection::open_sqlite(Path::new(&format!("file:{escaped}{to}")), flags).map_err(failed())?;
        db.set_busy_timeout(BUSY_TIMEOUT).map_err(failed())?;
        let version = version(&db, path)?;
        Ok::<_, Error>((db, version))
    };
    match connect("") {
        Err(error) if is_unwritable(&error) && has_log(path) => Err(Error::BadFile {
            file: path.display().to_string(),
            reason: format!(
                "has changes in `{FILE_NAME}-wal` that cannot be read where nothing can be written: copy both files to a \
                 directory that can be written to"
            ),
        }),
        // Where nobody can write, not even the file that readers share, it is read without locks.
        Err(error) if is_unwritable(&error) => connect("?immutable=1"),
        connected => connected,
    }
}

/// Whether there are changes beside the file that are not in it.
pub(super) fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// A file that SQLite puts beside another one.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn is_unwritable(error: &Error) -> bool {
    match error {
        Error::ReadOnlyLibrary { .. } => true,
        Error::Library { source, .. } => {
            let code = source.downcast_ref::<database::Error>().and_then(database::Error::sqlite_code);
            matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied))
        }
        _ => false,
    }
}

/// The database's error in the crate's words.
pub(super) fn database_error(path: &Path, doing: &'static str) -> impl FnOnce(database::Error) -> Error {
    let path = path.to_owned();
    move |source| match source.sqlite_code() {
        _ if matches!(source, database::Error::NoRow) => {
            Error::DamagedLibrary { path, reason: format!("cannot {doing}: a row is missing") }
        }
        #[cfg(feature = "postgres")]
        _ if matches!(source, database::Error::Canceled) => Error::Canceled,
        Some(ErrorCode::NotADatabase) => {
            let reason = "is not a paperkin library".to_owned();
            Error::BadFile { file: path.display().to_string(), reason }
        }
        Some(ErrorCode::OperationInterrupted) => Error::Canceled,
        Some(ErrorCode::DatabaseCorrupt) => Error::DamagedLibrary { path, reason: source.to_string() },
        Some(ErrorCode::ReadOnly) => Error::ReadOnlyLibrary { path, doing },
        _ => match damage(&source) {
            Some(reason) => Error::DamagedLibrary { path, reason: format!("cannot {doing}: {reason}") },
            None => Error::Library { path, doing, source: source.into() },
        },
    }
}
