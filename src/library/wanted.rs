//! Papers of histories that the library does not have: what is known of them, until they come.

use rusqlite::params;

use super::{HistoryEntry, Library, Profile};
use crate::error::{Error, Result};
use crate::paper::Paper;

impl Library {
    /// Enters papers that are not in the library into a profile's history, with what is known of them.
    pub fn want(&mut self, profile: &str, wanted: &[(HistoryEntry, Paper)]) -> Result<()> {
        let entries: Vec<HistoryEntry> = wanted.iter().map(|(entry, _)| entry.clone()).collect();
        self.remember(profile, &entries)?;
        self.transact("write to a profile", |transaction| {
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO wanted (profile, paper, record) \
                 VALUES ((SELECT key FROM profile WHERE name = ?), ?, ?)",
            )?;
            wanted.iter().try_for_each(|(entry, paper)| {
                let record = serde_json::to_string(paper).expect("a paper is JSON");
                insert.execute(params![profile, entry.id.as_str(), record]).map(drop)
            })
        })
    }

    /// What is known of the papers of a profile's history that are not in the library.
    pub fn wanted(&self, profile: &Profile) -> Result<Vec<Paper>> {
        let read = || {
            // Those that were taken out of the history are not wanted any more.
            let select = "SELECT record FROM wanted JOIN history USING (profile, paper) \
                          JOIN profile ON profile.key = history.profile WHERE name = ? ORDER BY at DESC, paper";
            let mut statement = self.db.prepare_cached(select)?;
            statement.query_map([&profile.name], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let records = read().map_err(self.failed("read a profile"))?;
        let damaged = |error: serde_json::Error| Error::DamagedLibrary {
            path: self.path.clone(),
            reason: format!("a paper of the history of {}: {error}", profile.name),
        };
        records.iter().map(|record| serde_json::from_str(record).map_err(damaged)).collect()
    }

    /// The titles of all papers, reduced to what tells titles apart, with the papers' keys.
    pub fn titles(&self) -> Result<Vec<(i64, String)>> {
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut statement = self.db.prepare("SELECT row, title_key FROM paper")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(self.failed("read the titles"))
    }
}
