//! Whether a library is sound: everything in the file is read as the program reads it, and compared with what it follows
//! from.

mod links;
mod papers;
mod profiles;
mod row_check;
mod tables;

use serde::Serialize;

use super::Library;
use super::open::database_error;
use crate::error::{Error, Result};
use crate::library::database;

/// The way out when what is wrong follows from papers.
const COMPACT: &str = "run `paperkin compact`";
/// The way out when papers are wrong.
const ADD_AGAIN: &str = "restore a backup, or remove these papers with `paperkin remove` and add them again";
/// The way out when the file itself is wrong.
const RECOVER: &str = "restore a backup, or recover what is readable with `sqlite3 library.sqlite3 .recover`";
/// The way out when anything else is wrong.
const RESTORE: &str = "restore a backup, or add the papers to a new library";

/// One thing that a check looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckFinding {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<&'static str>,
}

impl CheckFinding {
    /// Whether only a backup brings back what is lost.
    pub(super) fn needs_backup(&self) -> bool {
        self.remedy.is_some_and(|remedy| [ADD_AGAIN, RECOVER, RESTORE].contains(&remedy))
    }
}

/// What was found when one thing was looked at: see [`CheckFinding`].
struct CheckOutcome {
    found: String,
    remedy: Option<&'static str>,
}

/// Looks at one thing.
type Check = fn(&Library) -> database::Result<CheckOutcome>;

/// Everything that is looked at. A check that fails does not keep the others from looking.
const CHECKS: [(&str, Check); 12] = [
    ("file", Library::check_file),
    ("tables", Library::check_tables),
    ("references", Library::check_references),
    ("generations", Library::check_generations),
    ("papers", Library::check_papers),
    ("records and aliases", Library::check_records),
    ("papers without an embedding", Library::check_missing),
    ("embeddings", Library::check_embeddings),
    ("words", Library::check_terms),
    ("profiles", Library::check_profiles),
    ("histories", Library::check_histories),
    ("citations", Library::check_citations),
];

impl Library {
    /// Checks the file and all that is in it: that it can be read, that it is in the ranges in which the program writes
    /// it, that papers and embeddings fit their checksums, and that what follows from papers does.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn check(&self) -> Result<Vec<CheckFinding>> {
        self.read_transaction(|| {
            let look = |(what, check): (&'static str, Check)| {
                let CheckOutcome { found, remedy } = self.db.savepoint(|| check(self)).unwrap_or_else(|error| {
                    let found = match database_error(&self.path, "check")(error) {
                        Error::DamagedLibrary { reason, .. } => reason,
                        error => error.one_line(),
                    };
                    CheckOutcome { found, remedy: Some(RESTORE) }
                });
                CheckFinding { what, found, remedy }
            };
            Ok(CHECKS.into_iter().map(look).collect())
        })
    }
}
