//! Papers out: removed for every reader at once, and from the disk when the library is compacted.

use rusqlite::OptionalExtension;

use super::generation::next_generation;
use super::words::WordChanges;
use super::{Library, words};
use crate::error::{Error, Result};
use crate::paper::PaperId;

impl Library {
    /// Removes papers with their embeddings, all or none; gives those that were there. Histories and what was shown
    /// keep their ids.
    pub fn remove(&mut self, ids: &[PaperId]) -> Result<Vec<PaperId>> {
        self.transact("remove papers", |transaction| {
            let mut delete = transaction.prepare("DELETE FROM paper WHERE id = ? RETURNING row")?;
            let (mut removed, mut rows) = (Vec::new(), Vec::new());
            let mut words = WordChanges::default();
            for id in ids {
                words.forget(transaction, id)?;
                if let Some(row) = delete.query_row([id.as_str()], |row| row.get::<_, i64>(0)).optional()? {
                    removed.push(id.clone());
                    rows.push(row);
                }
            }
            if !rows.is_empty() {
                let generation = next_generation(transaction)?;
                let mut insert = transaction.prepare("INSERT INTO removed (row, generation) VALUES (?, ?)")?;
                rows.iter().try_for_each(|row| insert.execute([*row, generation]).map(drop))?;
                words.write(transaction)?;
            }
            Ok(removed)
        })
    }

    /// Makes the file as small as what is in it: nothing of what was removed or replaced stays on the disk, and the words
    /// of the papers are written anew. Gives the number of bytes that were freed.
    ///
    /// What was derived from an older generation cannot be brought up to date any more, as the library forgets that
    /// there were such papers.
    ///
    /// # Errors
    /// When there is no room for a second copy, or when another process reads an older generation for too long: what
    /// was removed may be on the disk until the next call.
    pub fn compact(&mut self) -> Result<u64> {
        let doing = "compact it";
        let before = self.bytes();
        self.transact(doing, |transaction| {
            let generation = next_generation(transaction)?;
            transaction.execute("DELETE FROM generation WHERE number < ?", [generation])?;
            transaction.execute("DELETE FROM removed", [])?;
            words::write_all(transaction)
        })?;
        self.db.execute_batch("VACUUM").map_err(self.failed(doing))?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        if self.db.query_row(truncate, [], |row| row.get(0)).map_err(self.failed(doing))? {
            let source = "another process is reading it: try again".into();
            return Err(Error::Library { path: self.path.clone(), doing, source });
        }
        Ok(before.saturating_sub(self.bytes()))
    }
}
