//! Papers out: removed for every reader at once, and from the disk when the library is compacted.

use super::citations::delete_references;
use super::database::{self, OptionalRow, Transaction};
use super::generation::{TransactionGeneration, next_generation};
use super::term_index::TermIndexChanges;
use super::works::{self, WorkChanges, leave_paper};
use super::{Library, term_index};
use crate::error::{Error, Result};
use crate::paper::PaperId;

/// Tables of a server with texts of papers, or what is made of these.
const REWRITTEN_TABLES: [&str; 7] = ["paper", "record", "alias", "posting", "term_vector", "work", "work_alias"];

impl Library {
    /// Removes papers with their embeddings, all or none; gives those that were there. Histories and what was shown
    /// keep their ids.
    pub fn remove(&mut self, ids: &[PaperId]) -> Result<Vec<PaperId>> {
        self.write_transaction("remove papers", |transaction| {
            let mut is_there = transaction.prepare("SELECT 1 FROM paper WHERE id = ?")?;
            let mut words = TermIndexChanges::default();
            let mut works = WorkChanges::begin(transaction)?;
            let (mut removed, mut generation) = (Vec::new(), TransactionGeneration::default());
            for id in ids {
                if is_there.exists([id.as_str()])? {
                    let generation = generation.get(transaction)?;
                    works.note(transaction, id)?;
                    delete_references(transaction, id, generation)?;
                    remove(transaction, id, generation, &mut words)?;
                    removed.push(id.clone());
                }
            }
            words.write(transaction)?;
            if !removed.is_empty() {
                works.write(transaction, generation.get(transaction)?)?;
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
        let doing = "compact";
        let before = self.bytes();
        self.write_transaction(doing, |transaction| {
            let generation = next_generation(transaction)?;
            transaction.execute("DELETE FROM generation WHERE number < ?", [generation])?;
            transaction.execute("DELETE FROM removed", [])?;
            works::resolve_all(transaction, generation)?;
            term_index::rebuild_all(transaction)
        })?;
        if self.is_on_server() {
            self.vacuum().map_err(self.failed(doing))?;
            return Ok(before.saturating_sub(self.bytes()));
        }
        self.db.execute_batch("VACUUM").map_err(self.failed(doing))?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        if self.db.query_row(truncate, [], |row| row.get(0)).map_err(self.failed(doing))? {
            let source = "another process is reading the library: try again later".into();
            return Err(Error::Library { path: self.path.clone(), doing, source });
        }
        Ok(before.saturating_sub(self.bytes()))
    }
}

impl Library {
    /// Writes the tables of the server that have texts anew, without what was removed. The vectors stay where they are: their
    /// index would have to be built again.
    fn vacuum(&self) -> database::Result<()> {
        self.db.execute_batch("SET statement_timeout = 0")?;
        let tables = REWRITTEN_TABLES.iter().map(|table| format!("VACUUM FULL {table}"));
        let vacuumed = tables.chain(["VACUUM embedding".to_owned()]).try_for_each(|sql| self.db.execute_batch(&sql));
        vacuumed.and(self.db.reset_settings())
    }
}

/// Removes a paper with all that is known of it, if it is there; gives its key.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    id: &PaperId,
    generation: i64,
    words: &mut TermIndexChanges,
) -> database::Result<Option<i64>> {
    words.remove_stored(transaction, id)?;
    leave_paper(transaction, id, generation)?;
    let mut delete = transaction.prepare("DELETE FROM paper WHERE id = ? RETURNING row")?;
    let Some(row) = delete.query_row([id.as_str()], |row| row.get::<i64>(0)).optional()? else { return Ok(None) };
    transaction.prepare("INSERT INTO removed (row, generation) VALUES (?, ?)")?.execute([row, generation])?;
    Ok(Some(row))
}
