//! Generations: every change of papers or embeddings makes one, and gives it a stamp that no other has.

use super::Library;
use super::database::{self, Transaction, params};
use super::stored_value::generation;
use crate::error::Result;

/// One generation of one library. What is derived from a library carries the stamp of the generation that it was made
/// from: a number alone could be another library's, or that of a time which a restored backup has undone.
///
/// ```
/// use paperkin::library::Library;
///
/// let (one, other) = (Library::in_memory().unwrap(), Library::in_memory().unwrap());
/// assert_ne!(one.generation_id().unwrap(), other.generation_id().unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenerationId {
    /// The generation's number.
    pub generation: u64,
    /// Random bytes, drawn when the generation was made.
    pub nonce: [u8; 16],
}

impl Library {
    /// How many changes were made to papers and embeddings: answers of one generation are the same.
    pub fn generation(&self) -> Result<u64> {
        Ok(self.generation_id()?.generation)
    }

    /// The generation that the library is in.
    pub fn generation_id(&self) -> Result<GenerationId> {
        let select = "SELECT number, stamp FROM generation ORDER BY number DESC LIMIT 1";
        self.db
            .query_row(select, [], |row| Ok(GenerationId { generation: generation(row, 0)?, nonce: row.get(1)? }))
            .map_err(self.failed("read the generation"))
    }

    /// Whether this library was in that generation, and still knows what changed since.
    pub fn knows(&self, stamp: &GenerationId) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM generation WHERE number = ? AND stamp = ?)";
        self.db
            .query_row(select, params![stamp.generation as i64, stamp.nonce], |row| row.get(0))
            .map_err(self.failed("read the generations"))
    }
}

/// The generation that a transaction makes, begun when it first changes something: without a change there is none.
#[derive(Debug, Default)]
pub(super) struct TransactionGeneration(Option<i64>);

impl TransactionGeneration {
    /// Returns its number.
    pub(super) fn get(&mut self, transaction: &Transaction<'_>) -> database::Result<i64> {
        match self.0 {
            Some(number) => Ok(number),
            None => Ok(*self.0.insert(next_generation(transaction)?)),
        }
    }
}

impl From<i64> for TransactionGeneration {
    fn from(number: i64) -> TransactionGeneration {
        TransactionGeneration(Some(number))
    }
}

/// Begins a generation within the transaction that makes its change.
pub(super) fn next_generation(transaction: &Transaction<'_>) -> database::Result<i64> {
    let insert = "INSERT INTO generation (number, stamp) \
                  SELECT coalesce(max(number), 0) + 1, randomblob(16) FROM generation RETURNING number";
    transaction.query_row(insert, [], |row| row.get(0))
}
