//! Checksums: a paper or an embedding that something other than the program changed does not fit its own.
//!
//! Terms need none: they follow from the texts of the papers, and a check derives them again.

use super::database::{self, Connection, OptionalRow, Row as SqlRow, Transaction, Value, ValueRef, params};
use crc32fast::Hasher;

/// What the checksum of a paper is of, followed by its records.
const PAPER: &str = "SELECT row, id, title, title_key, abstract, authors, author_count, published, listed, votes, \
                     comments, categories, source, url, added, aliases FROM paper WHERE row = ?";
const RECORDS: &str = "SELECT place, record FROM record WHERE paper = +? ORDER BY place";
/// What the checksum of an embedding is of.
const EMBEDDING: &str = "SELECT row, model, written, vector FROM embedding WHERE row = ? AND model = ?";

/// The checksum of a paper and its records as they are now.
fn paper_checksum(db: &Connection, key: i64) -> database::Result<u32> {
    let mut crc = Hasher::new();
    db.prepare(PAPER)?.query_row([key], |row| add_values(&mut crc, row))?;
    let mut select = db.prepare(RECORDS)?;
    let mut records = select.query([key])?;
    while let Some(record) = records.next()? {
        add_values(&mut crc, record)?;
    }
    Ok(crc.finalize())
}

/// The checksum of an embedding as it is now.
fn embedding_checksum(db: &Connection, key: i64, model: i64) -> database::Result<u32> {
    let mut crc = Hasher::new();
    db.prepare(EMBEDDING)?.query_row([key, model], |row| add_values(&mut crc, row))?;
    Ok(crc.finalize())
}

/// Adds the values of a row: of each its type, its length, and its bytes.
fn add_values(crc: &mut Hasher, row: SqlRow<'_>) -> database::Result<()> {
    let mut add = |kind: u8, bytes: &[u8]| {
        crc.update(&[kind]);
        crc.update(&(bytes.len() as u64).to_le_bytes());
        crc.update(bytes);
    };
    for column in 0..row.column_count() {
        match row.get_ref(column)? {
            ValueRef::Null => add(0, &[]),
            ValueRef::Integer(number) => add(1, &number.to_le_bytes()),
            ValueRef::Real(number) => add(2, &number.to_le_bytes()),
            ValueRef::Text(text) => add(3, text),
            ValueRef::Blob(bytes) => add(4, bytes),
        }
    }
    Ok(())
}

/// Writes the checksum of a paper, after the paper and its records.
pub(super) fn put_paper_checksum(transaction: &Transaction<'_>, key: i64) -> database::Result<()> {
    let upsert = "INSERT INTO paper_checksum (row, crc) VALUES (?, ?) \
 ON CONFLICT (row) DO UPDATE SET crc = excluded.crc";
    transaction.prepare(upsert)?.execute(params![key, paper_checksum(transaction, key)?])?;
    Ok(())
}

/// Writes the checksum of an embedding, after the embedding.
pub(super) fn put_embedding_checksum(transaction: &Transaction<'_>, key: i64, model: i64) -> database::Result<()> {
    let upsert = "INSERT INTO embedding_checksum (row, model, crc) VALUES (?, ?, ?) \
 ON CONFLICT (row, model) DO UPDATE SET crc = excluded.crc";
    let crc = embedding_checksum(transaction, key, model)?;
    transaction.prepare(upsert)?.execute(params![key, model, crc])?;
    Ok(())
}

/// Writes the checksums of all papers and embeddings as they are now.
pub(super) fn write_all(transaction: &Transaction<'_>) -> database::Result<()> {
    let mut papers = transaction.prepare("SELECT row FROM paper ORDER BY row")?;
    let mut papers = papers.query([])?;
    while let Some(row) = papers.next()? {
        put_paper_checksum(transaction, row.get(0)?)?;
    }
    write_embeddings(transaction)
}

/// Writes the checksums of all embeddings as they are now.
pub(super) fn write_embeddings(transaction: &Transaction<'_>) -> database::Result<()> {
    let mut embeddings = transaction.prepare("SELECT row, model FROM embedding ORDER BY row, model")?;
    let mut embeddings = embeddings.query([])?;
    while let Some(row) = embeddings.next()? {
        put_embedding_checksum(transaction, row.get(0)?, row.get(1)?)?;
    }
    Ok(())
}

/// Whether a paper fits its checksum.
pub(super) fn paper_fits(db: &Connection, key: i64) -> database::Result<bool> {
    let mut select = db.prepare("SELECT crc FROM paper_checksum WHERE row = ?")?;
    let stored: Option<Value> = select.query_row([key], |row| row.get(0)).optional()?;
    Ok(stored == Some(i64::from(paper_checksum(db, key)?).into()))
}

/// Whether an embedding fits its checksum.
pub(super) fn embedding_fits(db: &Connection, key: i64, model: i64) -> database::Result<bool> {
    let mut select = db.prepare("SELECT crc FROM embedding_checksum WHERE row = ? AND model = ?")?;
    let stored: Option<Value> = select.query_row([key, model], |row| row.get(0)).optional()?;
    Ok(stored == Some(i64::from(embedding_checksum(db, key, model)?).into()))
}
