//! Notes: small texts that other parts of the program remember by a key, such as how far a source was fetched.

use rusqlite::OptionalExtension;

use super::Library;
use crate::error::Result;

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
        let upsert =
            "INSERT INTO key_value (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.write_transaction("write a stored value", |transaction| transaction.execute(upsert, [key, value]))?;
        Ok(())
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
