//! Papers that several sources know: what each of them said, which of them are one paper, and which are not.

use super::Library;
use super::change::{MergedPaper, PaperChange};
use super::database::{self, OptionalRow, Transaction, params};
use super::history::rename_in_histories;
use super::stored_paper::StoredPaper;
use super::title_ids::is_newer_version;
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId};

/// Most records of one paper, one for each of its sources and ids: of more, the oldest become one.
const MAX_RECORDS: usize = 50;

impl MergedPaper {
    /// The paper of these records, of which there is at least one.
    fn of(records: Vec<Paper>) -> MergedPaper {
        let paper = Paper::from_records(&records);
        MergedPaper { paper, records: if records.len() > 1 { records } else { Vec::new() }, duplicates: Vec::new() }
    }

    /// Takes away what was known of a paper that is there, with its embedding if its text is another one now; gives its
    /// row.
    pub(super) fn forget(transaction: &Transaction<'_>, id: &PaperId, text_changed: bool) -> database::Result<i64> {
        let mut select = transaction.prepare("SELECT row FROM paper WHERE id = ?")?;
        let key = select.query_row([id.as_str()], |row| row.get(0))?;
        transaction.prepare("DELETE FROM alias WHERE paper = ?")?.execute([key])?;
        transaction.prepare("DELETE FROM record WHERE paper = ?")?.execute([key])?;
        if text_changed {
            transaction.prepare("DELETE FROM embedding WHERE row = ?")?.execute([key])?;
        }
        Ok(key)
    }

    /// Writes its names, to histories too, and its records.
    pub(super) fn write(&self, transaction: &Transaction<'_>, key: i64) -> database::Result<()> {
        let mut insert = transaction.prepare(
            "INSERT INTO alias (name, paper) VALUES (?, ?) \
 ON CONFLICT (name) DO UPDATE SET paper = excluded.paper",
        )?;
        for name in &self.paper.aliases {
            insert.execute(params![name.as_str(), key])?;
            rename_in_histories(transaction, name, &self.paper.id)?;
        }
        let mut insert = transaction.prepare("INSERT INTO record (paper, place, record) VALUES (?, ?, ?)")?;
        for (place, record) in (0i64..).zip(&self.records) {
            let record = serde_json::to_string(record).expect("a paper is JSON");
            insert.execute(params![key, place, record])?;
        }
        Ok(())
    }
}

impl Library {
    /// What adding a record would do: compares it with what is known of its paper, field by field.
    pub fn plan_upsert(&self, record: Paper) -> Result<PaperChange> {
        let mut there = self.matching_papers(&record)?.into_iter();
        let Some(stored) = there.next() else { return Ok(PaperChange::New(record.into())) };
        let before = self.records(&stored)?;
        let (mut records, mut same) = (before.clone(), Vec::new());
        for other in there {
            records.extend(self.records(&other)?);
            same.push(other.paper.id);
        }
        let said = records.iter().position(|known| is_newer_version(known, &record));
        let now = match said {
            Some(place) => records[place].clone().merged_with(record),
            None => record,
        };
        // What was said last comes last, but the first record gives the id; and what was said before is no news.
        match said {
            Some(place) if records[place] == now => {}
            Some(0) => records[0] = now,
            Some(place) => {
                records.remove(place);
                records.push(now);
            }
            None => records.push(now),
        }
        if let Some(excess) = records.len().checked_sub(MAX_RECORDS).filter(|excess| *excess > 0) {
            let oldest: Vec<Paper> = records.drain(..=excess).collect();
            records.insert(0, Paper::from_records(&oldest));
        }
        let is_said_before = records == before;
        let known = MergedPaper { duplicates: same, ..MergedPaper::of(records) };
        Ok(if known.paper.document() != stored.paper.document() {
            PaperChange::Text(known)
        } else if is_said_before {
            PaperChange::Unchanged(stored.paper.id)
        } else {
            PaperChange::Metadata(known)
        })
    }

    /// Parts a paper again that several records were taken for: the one of this id from the others or, if it is the id of
    /// the whole, each other from it. Records of two ids that were split are never merged again. Gives the
    /// changes, which have to be [written](Library::write).
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::BadRequest`] when the paper has no record of its own of this id, or no other.
    pub fn split(&mut self, id: &PaperId) -> Result<Vec<PaperChange>> {
        let not_found = || Error::NotFound { what: "paper", name: id.to_string(), hint: String::new() };
        let stored = self.paper(id)?.ok_or_else(not_found)?;
        let records = self.records(&stored)?;
        let bad = |reason: String| Err(Error::BadRequest { field: "id", reason });
        if !records.iter().any(|record| record.id == *id) {
            return bad(format!("`{id}` is an alias of {}, not the id of a separate record", stored.paper.id));
        }
        let of_the_id = |record: &Paper| record.id == *id;
        let is_the_whole = stored.paper.id == *id;
        let (rest, mut separated): (Vec<Paper>, Vec<Paper>) =
            records.iter().cloned().partition(|record| of_the_id(record) == is_the_whole);
        if rest.is_empty() || separated.is_empty() {
            return bad(format!("`{id}` was not merged with another paper: there is nothing to split"));
        }
        let pairs = separated.iter().flat_map(|one| records.iter().map(move |other| (&one.id, &other.id)));
        let pairs: Vec<(&PaperId, &PaperId)> = pairs.filter(|(one, other)| one != other).collect();
        self.write_transaction("split a paper", |transaction| {
            let mut insert =
                transaction.prepare("INSERT INTO not_same (one, other) VALUES (?, ?) ON CONFLICT DO NOTHING")?;
            pairs.iter().try_for_each(|(one, other)| {
                insert.execute([one.as_str(), other.as_str()])?;
                insert.execute([other.as_str(), one.as_str()]).map(drop)
            })
        })?;
        let mut changes = vec![PaperChange::Text(MergedPaper::of(rest))];
        while let Some(first) = separated.first().map(|record| record.id.clone()) {
            let (one, others) = separated.into_iter().partition(|record| record.id == first);
            changes.push(PaperChange::New(MergedPaper::of(one)));
            separated = others;
        }
        Ok(changes)
    }

    /// What each source said of a paper, the oldest first.
    pub(super) fn records(&self, stored: &StoredPaper) -> Result<Vec<Paper>> {
        let read = || {
            // Without the plus SQLite plans anew for every paper.
            let select = "SELECT record FROM record WHERE paper = +? ORDER BY place";
            let mut statement = self.db.prepare(select)?;
            statement.query_map([stored.key], |row| row.get::<String>(0))?.collect::<database::Result<Vec<_>>>()
        };
        let records = read().map_err(self.failed("read a paper"))?;
        if records.is_empty() {
            return Ok(vec![stored.paper.clone()]);
        }
        let damaged = |error: serde_json::Error| {
            let reason = format!("invalid record of {}: {error}", stored.paper.id);
            Error::DamagedLibrary { path: self.path.clone(), reason }
        };
        records.iter().map(|record| serde_json::from_str(record).map_err(damaged)).collect()
    }

    /// The papers that a record is of, the oldest first: those that have a name in common with it or, if there are none,
    /// the one that has another form of an id made from its title, or else a copy by its title.
    fn matching_papers(&self, record: &Paper) -> Result<Vec<StoredPaper>> {
        let mut there: Vec<StoredPaper> = Vec::new();
        for key in self.keys_by_alias(record).map_err(self.failed("read a paper"))? {
            let stored = self.paper_at(key)?;
            if stored.paper.id == record.id || !self.are_not_same(record, &stored)? {
                there.push(stored);
            }
        }
        if there.is_empty()
            && let Some(stored) = self.paper_of_other_form(record)?
            && !self.are_not_same(record, &stored)?
        {
            there.push(stored);
        }
        if there.is_empty() && !record.authors.is_empty() && record.has_telling_title() {
            for stored in self.papers_titled_if_few(&record.title)? {
                if record.is_copy_of(&stored.paper) && !self.are_not_same(record, &stored)? {
                    there.push(stored);
                    break;
                }
            }
        }
        Ok(there)
    }

    /// Keys of the papers that have a name of the record, ascending.
    fn keys_by_alias(&self, record: &Paper) -> database::Result<Vec<i64>> {
        let select = "SELECT row FROM paper WHERE id = ?1 UNION ALL SELECT paper FROM alias WHERE name = ?1";
        let mut statement = self.db.prepare(select)?;
        let mut keys = Vec::new();
        for name in record.all_ids() {
            keys.extend(statement.query_row([name.as_str()], |row| row.get::<i64>(0)).optional()?);
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// Whether somebody said that a record is not of this paper.
    fn are_not_same(&self, record: &Paper, stored: &StoredPaper) -> Result<bool> {
        let select = "SELECT 1 FROM not_same WHERE one = ? AND other = ?";
        let mut statement = self.db.prepare(select).map_err(self.failed("read a paper"))?;
        let mut apart = false;
        for known in self.records(stored)? {
            let pair = [record.id.as_str(), known.id.as_str()];
            apart |= statement.exists(pair).map_err(self.failed("read a paper"))?;
        }
        Ok(apart)
    }
}
