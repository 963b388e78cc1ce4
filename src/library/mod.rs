//! The library: one SQLite file that holds papers, their embeddings, profiles and what was shown to whom.
//!
//! [`Library`] opens the file; [`papers`](self) writes and reads papers, `query` turns filters into rows,
//! `profiles` keeps reading histories. SQL stands nowhere else.

mod check;
mod open;
mod papers;
mod profiles;
mod query;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;

use crate::error::{Error, Result};

pub use check::{Finding, Summary};
pub use papers::{Change, Changes, Stored};
pub use profiles::{HistoryEntry, HistoryKind, Profile};
pub use query::Filter;

/// An open library. One process may hold many; writers of several processes take turns.
#[derive(Debug)]
pub struct Library {
    path: PathBuf,
    db: Connection,
}

/// The model that made the library's embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// The library's file; `:memory:` for a throw-away one.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many changes were made to papers and embeddings: answers of one generation are the same.
    pub fn generation(&self) -> Result<u64> {
        let generation: i64 = self
            .db
            .query_row("SELECT generation FROM library", [], |row| row.get(0))
            .map_err(self.failed("read the generation"))?;
        Ok(generation as u64)
    }

    /// The model of the embeddings; `None` before the first paper.
    pub fn model(&self) -> Result<Option<StoredModel>> {
        use rusqlite::OptionalExtension;
        let select = "SELECT key, name, fingerprint, dimension FROM model JOIN library ON model.key = library.model";
        self.db
            .query_row(select, [], |row| {
                Ok(StoredModel {
                    key: row.get(0)?,
                    name: row.get(1)?,
                    fingerprint: row.get(2)?,
                    dimension: row.get::<_, i64>(3)? as usize,
                })
            })
            .optional()
            .map_err(self.failed("read the model"))
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        open::failed(&self.path, doing)
    }
}
