//! A paper as a row of the library's file.

use rusqlite::{OptionalExtension, Row as SqlRow, Transaction};

use crate::paper::{Paper, PaperId, document};

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

/// Reads a paper from its columns.
pub(super) fn stored(row: &SqlRow<'_>) -> rusqlite::Result<StoredPaper> {
    let damaged = |column: usize, reason: String| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, reason.into())
    };
    let list = |column: usize| {
        let text: String = row.get(column)?;
        serde_json::from_str(&text).map_err(|error| damaged(column, error.to_string()))
    };
    let date = |column: usize| {
        let text: Option<String> = row.get(column)?;
        text.map(|text| text.parse().map_err(|_| damaged(column, format!("`{text}` is not a date")))).transpose()
    };
    let id: String = row.get(1)?;
    let also: Option<String> = row.get(13)?;
    let also =
        also.map(|text| serde_json::from_str(&text).map_err(|error| damaged(13, error.to_string()))).transpose()?;
    let paper = Paper {
        id: PaperId::parse(&id).map_err(|reason| damaged(1, reason))?,
        aliases: also.unwrap_or_default(),
        title: row.get(2)?,
        abstract_text: row.get(3)?,
        authors: list(4)?,
        author_count: row.get(5)?,
        published: date(6)?,
        listed: date(7)?,
        votes: row.get(8)?,
        comments: row.get(9)?,
        categories: list(10)?,
        source: row.get(11)?,
        url: row.get(12)?,
    };
    Ok(StoredPaper { key: row.get(0)?, paper })
}
