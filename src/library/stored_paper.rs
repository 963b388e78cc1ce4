//! A paper as a row of the library's file.

use rusqlite::{OptionalExtension, Transaction};

use crate::paper::{Paper, document};

/// A paper with its place in the library's file.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPaper {
    /// SQLite's row id: stable while the paper is there, and never given to another.
    pub key: i64,
    /// The paper.
    pub paper: Paper,
}

/// The columns of a paper, in the order in which they are read.
pub(super) const COLUMNS: &str = "row, id, title, abstract, authors, author_count, published, listed, votes, comments, categories, source, url, aliases";

/// The row of a paper that is there with this text.
pub(super) fn row_of(transaction: &Transaction<'_>, paper: &Paper) -> rusqlite::Result<Option<i64>> {
    let select = "SELECT row, title, abstract FROM paper WHERE id = ?";
    let found = transaction.prepare_cached(select)?.query_row([paper.id.as_str()], |row| {
        let text = document(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        Ok((text == paper.document()).then_some(row.get(0)?))
    });
    Ok(found.optional()?.flatten())
}
