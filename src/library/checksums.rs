//! Checksums: a paper or an embedding that something other than the program changed does not fit its own.
//!
//! Terms need none: they follow from the texts of the papers, and a check derives them again.

use std::collections::{BTreeMap, HashSet};

use crc32fast::Hasher;

use super::batch::{BATCH_ROWS, LISTED_KEYS, key_list};
use super::database::{self, Connection, Row as SqlRow, Transaction, Value, ValueRef, params};

/// What the checksum of a paper is of, followed by its records.
const PAPER: &str = "row, id, title, title_key, abstract, authors, author_count, published, listed, votes, comments, categories, \
                     source, url, added, aliases";
/// What the checksum of an embedding is of.
const EMBEDDING: &str = "row, model, written, vector";

/// The checksums of those of some papers that are there, and of their records, as they are now.
fn paper_checksums(db: &Connection, keys: &[i64]) -> database::Result<BTreeMap<i64, u32>> {
    let mut sums: BTreeMap<i64, Hasher> = BTreeMap::new();
    let mut papers = db.prepare(&format!("SELECT {PAPER} FROM paper WHERE row IN ({LISTED_KEYS})"))?;
    let mut papers = papers.query([key_list(keys)])?;
    while let Some(paper) = papers.next()? {
        add_values(sums.entry(paper.get(0)?).or_default(), paper, 0)?;
    }
    let select =
        format!("SELECT paper, place, record FROM record WHERE paper IN ({LISTED_KEYS}) ORDER BY paper, place");
    let mut records = db.prepare(&select)?;
    let mut records = records.query([key_list(keys)])?;
    while let Some(record) = records.next()? {
        if let Some(sum) = sums.get_mut(&record.get(0)?) {
            add_values(sum, record, 1)?;
        }
    }
    Ok(sums.into_iter().map(|(key, sum)| (key, sum.finalize())).collect())
}

/// The checksums of those embeddings of a model that are there, as they are now.
fn embedding_checksums(db: &Connection, model: i64, keys: &[i64]) -> database::Result<BTreeMap<i64, u32>> {
    let mut sums = BTreeMap::new();
    let select = format!("SELECT {EMBEDDING} FROM embedding WHERE row IN ({LISTED_KEYS}) AND model = ?2");
    let mut embeddings = db.prepare(&select)?;
    let mut embeddings = embeddings.query(params![key_list(keys), model])?;
    while let Some(embedding) = embeddings.next()? {
        let mut sum = Hasher::new();
        add_values(&mut sum, embedding, 0)?;
        sums.insert(embedding.get(0)?, sum.finalize());
    }
    Ok(sums)
}

/// Adds the values of a row from a column on: of each its type, its length, and its bytes.
fn add_values(crc: &mut Hasher, row: SqlRow<'_>, first: usize) -> database::Result<()> {
    let mut add = |kind: u8, bytes: &[u8]| {
        crc.update(&[kind]);
        crc.update(&(bytes.len() as u64).to_le_bytes());
        crc.update(bytes);
    };
    for column in first..row.column_count() {
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

/// Writes the checksums of some papers, after the papers and their records.
pub(super) fn put_paper_checksums(transaction: &Transaction<'_>, keys: &[i64]) -> database::Result<()> {
    for keys in keys.chunks(BATCH_ROWS) {
        let sums = paper_checksums(transaction, keys)?.into_iter();
        let rows = sums.map(|(key, sum)| vec![key.into(), i64::from(sum).into()]).collect();
        transaction.upsert_rows("paper_checksum", (&["row"], &["crc"]), rows)?;
    }
    Ok(())
}

/// Writes the checksums of some embeddings of a model, after the embeddings.
pub(super) fn put_embedding_checksums(transaction: &Transaction<'_>, model: i64, keys: &[i64]) -> database::Result<()> {
    for keys in keys.chunks(BATCH_ROWS) {
        let sums = embedding_checksums(transaction, model, keys)?.into_iter();
        let rows = sums.map(|(key, sum)| vec![key.into(), model.into(), i64::from(sum).into()]).collect();
        transaction.upsert_rows("embedding_checksum", (&["row", "model"], &["crc"]), rows)?;
    }
    Ok(())
}

/// Writes the checksums of all papers and embeddings as they are now.
pub(super) fn write_all(transaction: &Transaction<'_>) -> database::Result<()> {
    put_paper_checksums(transaction, &transaction.keys("SELECT row FROM paper ORDER BY row", [])?)?;
    write_embeddings(transaction)
}

/// Writes the checksums of all embeddings as they are now.
pub(super) fn write_embeddings(transaction: &Transaction<'_>) -> database::Result<()> {
    for model in transaction.keys("SELECT key FROM model", [])? {
        let select = format!("SELECT row FROM embedding WHERE model = {model} ORDER BY row");
        put_embedding_checksums(transaction, model, &transaction.keys(&select, [])?)?;
    }
    Ok(())
}

/// Those of some papers that do not fit their checksums.
pub(super) fn wrong_papers(db: &Connection, keys: &[i64]) -> database::Result<HashSet<i64>> {
    let select = format!("SELECT row, crc FROM paper_checksum WHERE row IN ({LISTED_KEYS})");
    let stored = stored(db, &select, vec![key_list(keys).into()])?;
    Ok(differing(&paper_checksums(db, keys)?, &stored))
}

/// Those of some papers whose embeddings of a model do not fit their checksums.
pub(super) fn wrong_embeddings(db: &Connection, model: i64, keys: &[i64]) -> database::Result<HashSet<i64>> {
    let select = format!("SELECT row, crc FROM embedding_checksum WHERE row IN ({LISTED_KEYS}) AND model = ?2");
    let stored = stored(db, &select, vec![key_list(keys).into(), model.into()])?;
    Ok(differing(&embedding_checksums(db, model, keys)?, &stored))
}

fn stored(db: &Connection, select: &str, values: Vec<Value>) -> database::Result<BTreeMap<i64, Value>> {
    db.prepare(select)?.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn differing(sums: &BTreeMap<i64, u32>, stored: &BTreeMap<i64, Value>) -> HashSet<i64> {
    let differs = |(key, sum): &(&i64, &u32)| stored.get(key) != Some(&i64::from(**sum).into());
    sums.iter().filter(differs).map(|(key, _)| *key).collect()
}
