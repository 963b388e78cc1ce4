//! A paper as a row of the library's file.

use super::database::{self, OptionalRow, Row as SqlRow, Transaction};
use super::stored_value::{damaged_in, id, json, key, optional, optional_date, quoted, value};
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
pub(super) fn row_of(transaction: &Transaction<'_>, paper: &Paper) -> database::Result<Option<i64>> {
    let select = "SELECT row, title, abstract FROM paper WHERE id = ?";
    let found = transaction.prepare(select)?.query_row([paper.id.as_str()], |row| {
        let text = document(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        Ok((text == paper.document()).then_some(row.get(0)?))
    });
    Ok(found.optional()?.flatten())
}

/// Reads a paper from its columns. Of one that cannot be read, the error has the ID.
pub(super) fn stored(row: SqlRow<'_>) -> database::Result<StoredPaper> {
    let place = || match row.get::<String>(1) {
        Ok(id) => format!("paper {}", quoted(&id)),
        Err(_) => format!("the paper in row {}", row.get::<i64>(0).unwrap_or_default()),
    };
    read(row).map_err(damaged_in(place))
}

fn read(row: SqlRow<'_>) -> database::Result<StoredPaper> {
    let paper = Paper {
        id: id(row, 1)?,
        aliases: optional(row, 13, json)?.unwrap_or_default(),
        title: value(row, 2)?,
        abstract_text: value(row, 3)?,
        authors: json(row, 4)?,
        author_count: value(row, 5)?,
        published: optional_date(row, 6)?,
        listed: optional_date(row, 7)?,
        votes: value(row, 8)?,
        comments: value(row, 9)?,
        categories: json(row, 10)?,
        source: value(row, 11)?,
        url: value(row, 12)?,
    };
    Ok(StoredPaper { key: key(row, 0)?, paper })
}
