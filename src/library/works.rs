//! Works that cite or are cited: which papers of the library they are.
//!
//! A work is the paper that has one of its ids or else, if none has, its title with a fitting author and year. Whatever
//! changes papers, ids or works looks at the works concerned again, in the same transaction, so it does not matter what
//! came first.

use std::collections::BTreeSet;

use super::database::{self, Connection, OptionalRow, Row as SqlRow, Transaction, params};
use super::generation::TransactionGeneration;
use super::stored_paper::{COLUMNS, StoredPaper, stored};
use super::stored_value::{damaged_in, value};
use crate::paper::{PaperId, WorkName};

/// Papers of one title, at most, among which one is looked for: a title that more have says nothing.
const MAX_PAPERS_OF_TITLE: usize = 16;
/// Works that are looked at together.
const WORKS_AT_A_TIME: i64 = 10_000;

/// Works that may be other papers when a transaction has ended.
pub(super) struct WorkChanges {
    /// Whether there are none, so that there is nothing to look for.
    is_empty: bool,
    numbers: BTreeSet<i64>,
}

impl WorkChanges {
    pub(super) fn begin(transaction: &Transaction<'_>) -> database::Result<WorkChanges> {
        let is_empty = !transaction.prepare("SELECT 1 FROM work")?.exists([])?;
        Ok(WorkChanges { is_empty, numbers: BTreeSet::new() })
    }

    /// Notes the works that are this paper, or could be. To be called before a paper changes, and after it.
    pub(super) fn note(&mut self, transaction: &Transaction<'_>, paper: &PaperId) -> database::Result<()> {
        if self.is_empty {
            return Ok(());
        }
        let mut select = transaction.prepare("SELECT row, title_key FROM paper WHERE id = ?")?;
        let key_and_title =
            |row: SqlRow<'_>| Ok((row.get(0)?, row.get_ref(1)?.as_str().unwrap_or_default().to_owned()));
        let found = select.query_row([paper.as_str()], key_and_title).optional()?;
        let Some((row, title)): Option<(i64, String)> = found else { return Ok(()) };
        // One more or less changes nothing.
        let title = (count_titled(transaction, &title)? <= MAX_PAPERS_OF_TITLE + 1).then_some(title);
        let select = "WITH name AS (SELECT ?2 AS name UNION ALL SELECT name FROM alias WHERE paper = +?1) \
                      SELECT number FROM work WHERE paper = +?1 \
                      UNION ALL SELECT number FROM work WHERE id IN (SELECT name FROM name) \
                      UNION ALL SELECT work FROM work_alias WHERE name IN (SELECT name FROM name) \
                      UNION ALL SELECT number FROM work WHERE title_key = +?3";
        let mut select = transaction.prepare(select)?;
        let mut rows = select.query(params![row, paper.as_str(), title])?;
        while let Some(row) = rows.next()? {
            self.numbers.insert(row.get(0)?);
        }
        Ok(())
    }

    /// Writes which papers the works are now.
    pub(super) fn write(self, transaction: &Transaction<'_>, generation: i64) -> database::Result<()> {
        let mut generation = TransactionGeneration::from(generation);
        self.numbers.into_iter().try_for_each(|number| resolve(transaction, number, &mut generation).map(drop))
    }
}

/// Takes the works of a paper that is about to be removed away from it.
pub(super) fn leave_paper(transaction: &Transaction<'_>, paper: &PaperId, generation: i64) -> database::Result<()> {
    let update = "UPDATE work SET paper = NULL, written = ?2 WHERE paper = (SELECT row FROM paper WHERE id = ?1)";
    transaction.prepare(update)?.execute(params![paper.as_str(), generation])?;
    Ok(())
}

/// Writes which paper a work is, if that is another one than before; gives its key.
pub(super) fn resolve(
    transaction: &Transaction<'_>,
    number: i64,
    generation: &mut TransactionGeneration,
) -> database::Result<Option<i64>> {
    let Some(work) = StoredWork::read(transaction, number)? else { return Ok(None) };
    let paper = work.find_paper(transaction)?;
    if paper != work.paper {
        let update = "UPDATE work SET paper = ?2, written = ?3 WHERE number = ?1";
        transaction.prepare(update)?.execute(params![number, paper, generation.get(transaction)?])?;
    }
    Ok(paper)
}

/// Finds the papers of all works anew.
pub(super) fn resolve_all(transaction: &Transaction<'_>, generation: i64) -> database::Result<()> {
    let mut generation = TransactionGeneration::from(generation);
    for_each_work(transaction, |number| resolve(transaction, number, &mut generation).map(drop))
}

/// How many works there are, and how many of them are said to be another paper than they are.
pub(super) fn count_works(db: &Connection) -> database::Result<(usize, usize)> {
    let (mut works, mut wrong) = (0, 0);
    for_each_work(db, |number| {
        if let Some(work) = StoredWork::read(db, number)? {
            works += 1;
            wrong += usize::from(work.find_paper(db)? != work.paper);
        }
        Ok(())
    })?;
    Ok((works, wrong))
}

fn for_each_work(db: &Connection, mut take: impl FnMut(i64) -> database::Result<()>) -> database::Result<()> {
    let mut select = db.prepare("SELECT number FROM work WHERE number > ? ORDER BY number LIMIT ?")?;
    let mut last = 0;
    loop {
        let numbers = select.query_map([last, WORKS_AT_A_TIME], |row| row.get(0))?;
        let numbers = numbers.collect::<database::Result<Vec<i64>>>()?;
        let Some(end) = numbers.last() else { return Ok(()) };
        last = *end;
        numbers.into_iter().try_for_each(&mut take)?;
    }
}

/// What the library knows of a work, and which paper it was so far.
struct StoredWork {
    name: WorkName,
    /// Its title, if it can be found by it.
    title_key: Option<String>,
    paper: Option<i64>,
}

impl StoredWork {
    fn read(db: &Connection, number: i64) -> database::Result<Option<StoredWork>> {
        let mut select = db.prepare("SELECT id, title_key, author, year, paper FROM work WHERE number = ?")?;
        let work = select.query_row([number], |row| {
            let title_key: Option<String> = row.get(1)?;
            let name = WorkName {
                ids: work_id(row.get(0)?).into_iter().collect(),
                title: title_key.clone().unwrap_or_default(),
                author: row.get::<Option<String>>(2)?.unwrap_or_default(),
                year: value(row, 3)?,
                citation: String::new(),
            };
            Ok(StoredWork { name, title_key, paper: row.get(4)? })
        });
        let work = work.map_err(damaged_in(|| format!("work {number}")));
        let Some(mut work) = work.optional()? else { return Ok(None) };
        let mut select = db.prepare("SELECT name FROM work_alias WHERE work = ?")?;
        let names = select.query_map([number], |row| row.get(0))?.collect::<database::Result<Vec<String>>>()?;
        let mut aliases: Vec<PaperId> = names.into_iter().filter_map(work_id).collect();
        aliases.sort_by(|one, other| (one.rank(), one).cmp(&(other.rank(), other)));
        work.name.ids.extend(aliases);
        Ok(Some(work))
    }

    /// The key of the paper that it is.
    fn find_paper(&self, db: &Connection) -> database::Result<Option<i64>> {
        let select = "SELECT row FROM paper WHERE id = ?1 UNION ALL SELECT paper FROM alias WHERE name = ?1";
        let mut select = db.prepare(select)?;
        for id in &self.name.ids {
            if let Some(key) = select.query_row([id.as_str()], |row| row.get(0)).optional()? {
                return Ok(Some(key));
            }
        }
        let Some(title) = &self.title_key else { return Ok(None) };
        if count_titled(db, title)? > MAX_PAPERS_OF_TITLE {
            return Ok(None);
        }
        let select = format!("SELECT {COLUMNS} FROM paper WHERE title_key = +? ORDER BY row");
        let mut select = db.prepare(&select)?;
        let mut rows = select.query([title])?;
        while let Some(row) = rows.next()? {
            let StoredPaper { key, paper } = stored(row)?;
            if self.name.is_titled_as(&paper) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

/// The key of the paper that a work of this name would be.
pub(super) fn find_paper(db: &Connection, name: &WorkName) -> database::Result<Option<i64>> {
    StoredWork { name: name.clone(), title_key: name.identifying_title(), paper: None }.find_paper(db)
}

/// How many papers have a title, counted to two more than are looked at.
fn count_titled(db: &Connection, title_key: &str) -> database::Result<usize> {
    let limit = MAX_PAPERS_OF_TITLE + 2;
    let count = format!("SELECT count(*) FROM (SELECT 1 FROM paper WHERE title_key = +? LIMIT {limit})");
    db.prepare(&count)?.query_row([title_key], |row| Ok(row.get::<i64>(0)? as usize))
}

/// The id of a work as it was written.
pub(super) fn work_id(text: String) -> Option<PaperId> {
    PaperId::parse(&text).ok()
}
