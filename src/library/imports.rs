//! Imports of histories: what each brought, and how it is taken back.

use jiff::civil::Date;
use serde::Serialize;

use super::database::{self, OptionalRow, Row as SqlRow, params};
use super::history::{put_history, set_import};
use super::stored_value::date;
use super::{HistoryEntry, Library, Profile};
use crate::error::Result;
use crate::paper::Paper;

/// An import into a history.
///
/// ```
/// use paperkin::library::{HistoryEntry, HistoryKind, Library};
/// use paperkin::{PaperId, jiff::civil::date};
///
/// let mut library = Library::in_memory().unwrap();
/// let day = date(2026, 1, 1);
/// let entry = HistoryEntry::new(PaperId::parse("2401.00001").unwrap(), HistoryKind::Like, day);
/// let number = library.import_history("me", &[entry], &[], day).unwrap();
/// let profile = library.profile("me").unwrap();
/// assert_eq!(library.undo_import(&profile, number).unwrap(), Some(1));
/// assert!(library.profile("me").unwrap().history.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryImport {
    /// Its number, unique in the library.
    pub number: i64,
    /// The day of the import.
    pub on_day: Date,
    /// How many papers of the history are still as it brought them.
    pub papers: u64,
}

impl Library {
    /// Enters papers into a profile's history, which is made if it is new, as one import, with what is known of those of
    /// the papers that are not in the library. Gives the number of the import.
    pub fn import_history(
        &mut self,
        profile: &str,
        entries: &[HistoryEntry],
        unresolved: &[Paper],
        day: Date,
    ) -> Result<i64> {
        self.write_transaction("write to a profile", |db| {
            put_history(db, profile, entries)?;
            let key: i64 = db.query_row("SELECT key FROM profile WHERE name = ?", [profile], |row| row.get(0))?;
            let import = "INSERT INTO import (profile, on_day) VALUES (?, ?) RETURNING number";
            let number = db.query_row(import, params![key, day.to_string()], |row| row.get(0))?;
            set_import(db, key, entries, number)?;
            let mut insert = db.prepare(
                "INSERT INTO unresolved_paper (profile, paper, record) VALUES (?, ?, ?) \
 ON CONFLICT (profile, paper) DO UPDATE SET record = excluded.record",
            )?;
            for paper in unresolved {
                let record = serde_json::to_string(paper).expect("a paper is JSON");
                insert.execute(params![key, paper.id.as_str(), record])?;
            }
            Ok(number)
        })
    }

    /// The imports into a profile's history, newest first.
    pub fn imports(&self, profile: &Profile) -> Result<Vec<HistoryImport>> {
        let read = || -> database::Result<Vec<HistoryImport>> {
            let select = "SELECT number, on_day, (SELECT count(*) FROM history WHERE import = number) \
                          FROM import WHERE profile = ? ORDER BY number DESC";
            let mut statement = self.db.prepare(select)?;
            let import = |row: SqlRow<'_>| {
                Ok(HistoryImport { number: row.get(0)?, on_day: date(row, 1)?, papers: row.get::<i64>(2)? as u64 })
            };
            statement.query_map([profile.key], import)?.collect()
        };
        read().map_err(self.failed("read imports"))
    }

    /// Takes back an import: removes the papers that it brought, except those on which their reader has voted since. Gives
    /// how many; `None` if the profile has no import of this number.
    pub fn undo_import(&mut self, profile: &Profile, number: i64) -> Result<Option<u64>> {
        self.write_transaction("write to a profile", |db| {
            let select = "SELECT 1 FROM import WHERE number = ? AND profile = ?";
            if db.query_row(select, [number, profile.key], |_| Ok(())).optional()?.is_none() {
                return Ok(None);
            }
            let removed = db.execute("DELETE FROM history WHERE import = ? AND profile = ?", [number, profile.key])?;
            db.execute("DELETE FROM import WHERE number = ?", [number])?;
            db.execute(
                "DELETE FROM unresolved_paper WHERE profile = ?1 AND paper NOT IN \
                 (SELECT paper FROM history WHERE profile = ?1)",
                [profile.key],
            )?;
            Ok(Some(removed as u64))
        })
    }
}
