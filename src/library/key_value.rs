//! Notes: small texts that other parts of the program remember by a key, such as how far a source was fetched.

use super::Library;
use super::database::{self, Connection, OptionalRow};
use crate::error::Result;

/// The key of the library's own id.
pub(super) const LIBRARY_ID: &str = "library id";

/// Notes a text under a key, in place of the one that was there.
pub(super) fn put_value(db: &Connection, key: &str, value: &str) -> database::Result<()> {
    let upsert =
        "INSERT INTO key_value (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.execute(upsert, [key, value]).map(drop)
}

impl Library {
    /// The text that was noted under this key; `None` before the first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn value(&self, key: &str) -> Result<Option<String>> {
        let select = "SELECT value FROM key_value WHERE key = ?1";
        self.db.query_row(select, [key], |row| row.get(0)).optional().map_err(self.failed("read a stored value"))
    }

    /// Notes a text under a key, in place of the one that was there.
    ///
    /// ```
    /// use paperkin::library::Library;
    ///
    /// let mut library = Library::in_memory().unwrap();
    /// library.set_value("fetch arxiv", "2026-01-31").unwrap();
    /// assert_eq!(library.value("fetch arxiv").unwrap().as_deref(), Some("2026-01-31"));
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_value(&mut self, key: &str, value: &str) -> Result<()> {
        self.write_transaction("write a stored value", |transaction| put_value(transaction, key, value))
    }

    /// The random id of the library, made at the first call. It never changes: a copy has it too, another library has
    /// another.
    ///
    /// ```
    /// use paperkin::library::Library;
    ///
    /// let (mut one, mut other) = (Library::in_memory().unwrap(), Library::in_memory().unwrap());
    /// assert_ne!(one.library_id().unwrap(), other.library_id().unwrap());
    /// assert_eq!(one.known_library_id().unwrap(), Some(one.library_id().unwrap()));
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn library_id(&mut self) -> Result<String> {
        // One that is there can be read where nothing can be written.
        if let Some(id) = self.known_library_id()? {
            return Ok(id);
        }
        let insert =
            "INSERT INTO key_value (key, value) VALUES (?1, lower(hex(randomblob(16)))) ON CONFLICT DO NOTHING";
        self.write_transaction("write a stored value", |transaction| {
            transaction.execute(insert, [LIBRARY_ID])?;
            transaction.query_row("SELECT value FROM key_value WHERE key = ?1", [LIBRARY_ID], |row| row.get(0))
        })
    }

    /// The id of the library, if it was asked for before.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known_library_id(&self) -> Result<Option<String>> {
        self.value(LIBRARY_ID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_replaced() {
        let mut library = Library::in_memory().unwrap();
        assert_eq!(library.value("a").unwrap(), None);
        for value in ["one", "two", ""] {
            library.set_value("a", value).unwrap();
            assert_eq!(library.value("a").unwrap().as_deref(), Some(value));
        }
        assert_eq!(library.value("b").unwrap(), None);
    }
}
