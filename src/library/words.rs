//! Words: for each term the papers that have it, and for each paper its terms, changed in the transaction that changes
//! the papers.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use rustc_hash::FxHashMap;

use super::Library;
use crate::error::{Error, Result};
use crate::lexical::postings::{self, BLOCK, EVERY};
use crate::lexical::{Bag, Blocks, Collection, for_each_term};
use crate::paper::{PaperId, document};

/// Changes, collected for one transaction.
#[derive(Default)]
pub(super) struct WordChanges {
    /// Rows and counts by term, in the order in which they came; of a row that comes twice in a row, the count grows.
    postings: FxHashMap<String, Vec<(i64, u32)>>,
    /// Papers' terms as bytes.
    bags: Vec<(i64, Vec<u8>)>,
}

/// A block, a term, and its changes as [`postings::change`] takes them.
type InBlock = (i64, String, Vec<(u32, u32)>);

impl WordChanges {
    /// The paper in this row gets this text.
    pub(super) fn add(&mut self, row: i64, title: &str, abstract_text: &str) {
        let mut numbers = Vec::with_capacity(256);
        let words = for_each_term(&document(title, abstract_text), |term| {
            numbers.push(Bag::number(term));
            self.enter(row, term, 1);
        });
        // A paper without words is a paper still.
        self.enter(row, EVERY, words.max(1));
        self.bags.push((row, Bag::of_numbers(numbers, words).to_bytes()));
    }

    /// The paper in this row had this text.
    pub(super) fn remove(&mut self, row: i64, title: &str, abstract_text: &str) {
        for_each_term(&document(title, abstract_text), |term| self.enter(row, term, 0));
        self.enter(row, EVERY, 0);
    }

    /// The paper of this id, if there is one, loses the text that it has now.
    pub(super) fn forget(&mut self, transaction: &Transaction<'_>, id: &PaperId) -> rusqlite::Result<()> {
        let mut select = transaction.prepare_cached("SELECT row, title, abstract FROM paper WHERE id = ?")?;
        let mut rows = select.query([id.as_str()])?;
        while let Some(row) = rows.next()? {
            self.remove(row.get(0)?, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        }
        Ok(())
    }

    fn enter(&mut self, row: i64, term: &str, count: u32) {
        // Most terms are there already: only a new one is copied.
        let rows = match self.postings.get_mut(term) {
            Some(rows) => rows,
            None => self.postings.entry(term.to_owned()).or_default(),
        };
        match rows.last_mut() {
            Some((last, sum)) if *last == row => *sum += count,
            _ => rows.push((row, count)),
        }
    }

    /// The changes of each block and term, in this order.
    fn by_block(postings: FxHashMap<String, Vec<(i64, u32)>>) -> Vec<InBlock> {
        let mut all = Vec::with_capacity(postings.len());
        for (term, mut rows) in postings {
            rows.sort_by_key(|(row, _)| row / BLOCK);
            for rows in rows.chunk_by(|a, b| a.0 / BLOCK == b.0 / BLOCK) {
                let within = rows.iter().map(|(row, count)| ((row % BLOCK) as u32, *count)).collect();
                all.push((rows[0].0 / BLOCK, term.clone(), within));
            }
        }
        all.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        all
    }

    /// Writes what was collected.
    pub(super) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut select = transaction.prepare_cached("SELECT papers FROM word WHERE block = ? AND term = ?")?;
        let mut insert =
            transaction.prepare_cached("INSERT OR REPLACE INTO word (block, term, papers) VALUES (?, ?, ?)")?;
        let mut delete = transaction.prepare_cached("DELETE FROM word WHERE block = ? AND term = ?")?;
        let mut bag = transaction.prepare_cached("INSERT OR REPLACE INTO bag (row, terms) VALUES (?, ?)")?;
        for (row, terms) in self.bags {
            bag.execute(params![row, terms])?;
        }
        for (block, term, changes) in WordChanges::by_block(self.postings) {
            let before: Option<Vec<u8>> = select.query_row(params![block, term], |row| row.get(0)).optional()?;
            let after = postings::change(before.as_deref().unwrap_or_default(), &changes);
            if after.is_empty() {
                delete.execute(params![block, term])?;
            } else {
                insert.execute(params![block, term, after])?;
            }
        }
        Ok(())
    }
}

/// Writes the words of all papers anew.
pub(super) fn write_all(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch("DELETE FROM word; DELETE FROM bag;")?;
    for_each_block(transaction, |changes| changes.write(transaction))
}

/// Hands over the words of all papers, one block after the other, so that memory stays bounded.
fn for_each_block(db: &Connection, mut take: impl FnMut(WordChanges) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let mut select = db.prepare("SELECT row, title, abstract FROM paper ORDER BY row")?;
    let mut rows = select.query([])?;
    let mut changes = WordChanges::default();
    let mut block = 0;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        if key / BLOCK > block {
            take(std::mem::take(&mut changes))?;
            block = key / BLOCK;
        }
        changes.add(key, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    }
    take(changes)
}

impl Library {
    /// The papers that questions about words are about; with `known`, the keys of some of them in ascending order, as
    /// if there were no others.
    pub fn collection(&self, known: Option<&[i64]>) -> Result<Collection> {
        Ok(Collection::new(&self.postings(EVERY)?, known))
    }

    /// The terms of the paper in this row of the file.
    pub fn bag_at(&self, key: i64) -> Result<Bag> {
        let read = || {
            let mut statement = self.db.prepare_cached("SELECT terms FROM bag WHERE row = ?")?;
            statement.query_row([key], |row| Ok(Bag::from_bytes(row.get_ref(0)?.as_blob()?)))
        };
        read().map_err(self.failed("read a paper's words"))?.ok_or_else(|| {
            let reason =
                format!("the words of row {key} cannot be read: run `paperkin compact`, which writes them anew");
            Error::DamagedLibrary { path: self.path.clone(), reason }
        })
    }

    /// The papers that have a term.
    pub fn postings(&self, term: &str) -> Result<Blocks> {
        let read = || -> rusqlite::Result<Blocks> {
            let last = self.db.query_row("SELECT max(row) FROM paper", [], |row| row.get::<_, Option<i64>>(0))?;
            let mut select = self.db.prepare_cached("SELECT papers FROM word WHERE block = ? AND term = ?")?;
            let mut of_block = |block| {
                let bytes = select.query_row(params![block, term], |row| row.get(0)).optional()?;
                Ok(bytes.map(|bytes| (block, bytes)))
            };
            (0..last.map_or(0, |row| row / BLOCK + 1)).filter_map(|block| of_block(block).transpose()).collect()
        };
        read().map_err(self.failed("read the words"))
    }

    /// How many terms are kept, and how many of them, and papers' terms, not as the papers have them, or are not kept at
    /// all.
    pub(super) fn count_words(&self) -> rusqlite::Result<(i64, i64)> {
        let kept: i64 = self.db.query_row("SELECT count(*) FROM word", [], |row| row.get(0))?;
        let mut select = self.db.prepare("SELECT papers FROM word WHERE block = ? AND term = ?")?;
        let mut bag = self.db.prepare("SELECT terms FROM bag WHERE row = ?")?;
        let (mut found, mut wrong) = (0, 0);
        for_each_block(&self.db, |words| {
            for (row, terms) in words.bags {
                let kept: Option<Vec<u8>> = bag.query_row([row], |row| row.get(0)).optional()?;
                wrong += i64::from(kept != Some(terms));
            }
            for (block, term, changes) in WordChanges::by_block(words.postings) {
                let papers: Option<Vec<u8>> = select.query_row(params![block, term], |row| row.get(0)).optional()?;
                found += i64::from(papers.is_some());
                wrong += i64::from(papers != Some(postings::change(&[], &changes)));
            }
            Ok(())
        })?;
        Ok((kept, wrong + kept - found))
    }
}
