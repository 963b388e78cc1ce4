//! The library: one SQLite file that holds papers, their embeddings, profiles and what was shown to whom.
//!
//! [`Library`] opens the file; `papers` writes and reads papers, `change` says what an addition does to them, `merge`
//! keeps what each source said of them, `title_ids` knows the forms of ids that are made from titles, `lookup` finds one by what a person types, `remove` takes them out. `backup` copies the file, `restore` puts a copy in its place. `embeddings`
//! says what became of their vectors since a generation, `term_index` which papers have which terms, `spelling` which of them a misspelled word may stand for, `filter` and `text_filter` turn
//! filters into rows, `newest` lists papers by date, `profiles` keeps profiles, `history` what they read and were shown, `unresolved` the papers of theirs that are not there yet,
//! `citations` which works cite which, `works` which papers they are, `key_value` what is remembered by a key.
//! `stored_value` refuses values that the program never writes, `checksums` show what something else changed, `check` looks for both, `summary` counts. SQL stands nowhere else.

mod backup;
mod batch;
mod change;
mod check;
mod checksums;
mod citations;
#[cfg(feature = "postgres")]
mod connect;
mod database;
mod embeddings;
mod filter;
mod generation;
mod history;
mod imports;
mod key_value;
mod lookup;
mod merge;
mod migration;
mod newest;
mod open;
mod papers;
mod profiles;
mod remove;
mod restore;
mod spelling;
mod stored_paper;
mod stored_value;
mod summary;
mod term_index;
#[cfg(test)]
mod tests;
mod text_filter;
mod title_ids;
mod unresolved;
mod vector_search;
mod works;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cancellation::Cancellation;
use crate::error::{Error, Result};
use crate::file::FileIdentity;

use database::{Connection, OptionalRow, Transaction, TransactionKind};

#[cfg(feature = "cli")]
pub(crate) use backup::check_not_library;
pub use change::{ChangeCounts, MergedPaper, PaperChange};
pub use check::CheckFinding;
pub use citations::{LinkCounts, LinkDelta, LinkSummary};
pub use embeddings::{ChangedKeys, EmbeddingDelta};
pub use filter::PaperFilter;
pub use generation::GenerationId;
pub use history::{HistoryEntry, HistoryKind, MAX_HISTORY_WEIGHT};
pub use imports::HistoryImport;
pub use migration::{MigrationProgress, MigrationSummary};
pub use open::is_server_address;
pub use profiles::{MAX_PROFILE_NAME_CHARS, Profile, is_profile_name};
pub use restore::LibraryBackup;
pub use stored_paper::StoredPaper;
pub use summary::{DayRange, LibrarySummary, ProfileSize, SourceSize};
pub use unresolved::ProfilePaper;
pub use vector_search::{NearestQuery, ServerIndex, VectorIndexMethod};

/// An open library. One process may hold many; writers of several processes take turns.
///
/// ```
/// use paperkin::library::Library;
///
/// let library = Library::in_memory().unwrap();
/// assert_eq!(library.summary().unwrap().papers, 0);
/// assert!(library.model().unwrap().is_none());
/// ```
#[derive(Debug)]
pub struct Library {
    path: PathBuf,
    db: Connection,
    /// The file that was opened; `None` for one in memory.
    identity: Option<FileIdentity>,
    /// Where the index of a library on a server is kept.
    cache: Option<PathBuf>,
    /// Whether somebody waits for what is read.
    cancellation: Cancellation,
}

/// The model that made the library's embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StoredModel {
    #[serde(skip)]
    key: i64,
    /// The model's name.
    pub name: String,
    /// What tells it from every other model.
    pub fingerprint: String,
    /// Numbers in an embedding.
    pub dimension: usize,
}

impl Library {
    fn new(path: PathBuf, db: Connection, identity: Option<FileIdentity>) -> Library {
        Library { path, db, identity, cache: None, cancellation: Cancellation::default() }
    }

    /// The library's file; `:memory:` for a throw-away one, and the address without its password for one on a server.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is gone with this value.
    fn is_in_memory(&self) -> bool {
        self.db.as_sqlite().is_some() && self.directory().is_none()
    }

    /// The library's directory; `None` for a throw-away one, and for one on a server.
    pub fn directory(&self) -> Option<&Path> {
        self.db.as_sqlite()?;
        self.path.parent().filter(|directory| !directory.as_os_str().is_empty())
    }

    /// The directory of what is derived from the library, such as its index: the library's own, or for one on a server the one
    /// that [`Library::set_cache_directory`] gave; `None` where there is none.
    pub fn index_directory(&self) -> Option<&Path> {
        self.directory().or(self.cache.as_deref())
    }

    /// Keeps what is derived from a library on a server in a directory of its own within this one. Without it, every process
    /// makes the index anew, in memory. A library in a directory has its index there.
    pub fn set_cache_directory(&mut self, directory: &Path) {
        self.cache = self.server_id().map(|id| directory.join(id));
    }

    /// What tells a library on a server from all others, as the name of a file; `None` for others.
    fn server_id(&self) -> Option<String> {
        if self.db.as_sqlite().is_some() {
            return None;
        }
        let address = self.path.to_string_lossy();
        let readable: String = address.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Some(format!("{readable}-{:08x}", crc32fast::hash(address.as_bytes())))
    }

    /// Checks that the file is still in its place. What is written to one that was replaced or removed is lost; what is read
    /// from it is of the moment before.
    ///
    /// # Errors
    /// [`Error::MovedLibrary`].
    pub fn check_in_place(&self) -> Result<()> {
        match self.identity {
            Some(_) if FileIdentity::of(&self.path) != self.identity => {
                Err(Error::MovedLibrary { path: self.path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Whether the connection to the server of the library was lost: what was read can be read again.
    pub fn is_connection_lost(&self) -> bool {
        self.db.is_lost()
    }

    /// The model of the embeddings; `None` before the first paper.
    pub fn model(&self) -> Result<Option<StoredModel>> {
        let select = "SELECT key, name, fingerprint, dimension FROM model JOIN library ON model.key = library.model";
        self.db
            .query_row(select, [], |row| {
                Ok(StoredModel {
                    key: row.get(0)?,
                    name: row.get(1)?,
                    fingerprint: row.get(2)?,
                    dimension: stored_value::dimension(row, 3)?,
                })
            })
            .optional()
            .map_err(self.failed("read the model"))
    }

    /// Reads as of one moment: whatever others write meanwhile, `read` sees one generation. Can be nested.
    pub fn read_transaction<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        let outermost = self.db.is_autocommit();
        let _transaction =
            outermost.then(|| self.db.begin(TransactionKind::Read)).transpose().map_err(self.failed("read"))?;
        read()
    }

    /// Writes all or nothing.
    fn write_transaction<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> database::Result<T>,
    ) -> Result<T> {
        let path = self.path.clone();
        let transaction = self.begin_write(doing)?;
        let written = write(&transaction).and_then(|value| transaction.commit().map(|()| value));
        written.map_err(open::database_error(&path, doing))
    }

    /// Begins a transaction that writes, when no other one does.
    fn begin_write(&mut self, doing: &'static str) -> Result<Transaction<'_>> {
        self.check_in_place()?;
        self.db.begin(TransactionKind::Write).map_err(open::database_error(&self.path, doing))
    }

    /// From now on, statements of SQL stop when this is canceled, and [`Library::check_canceled`] fails. A transaction that
    /// stops is rolled back.
    pub fn set_cancellation(&mut self, cancellation: Cancellation) {
        self.cancellation = cancellation.clone();
        self.db.set_cancellation(cancellation);
    }

    /// Fails when nobody waits for what is read: for loops over many papers.
    ///
    /// # Errors
    /// [`Error::Canceled`].
    pub fn check_canceled(&self) -> Result<()> {
        self.cancellation.check()
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(database::Error) -> Error {
        open::database_error(&self.path, doing)
    }
}

impl StoredModel {
    /// A model by what identifies it.
    pub fn new(name: &str, fingerprint: &str, dimension: usize) -> StoredModel {
        StoredModel { key: 0, name: name.to_owned(), fingerprint: fingerprint.to_owned(), dimension }
    }

    /// Name and the first digits of the fingerprint, for messages.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.fingerprint.get(..12).unwrap_or(&self.fingerprint))
    }
}
