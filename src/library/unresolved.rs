//! Papers of histories that the library does not have: what is known of them, until they come.

use rusqlite::params;
use rustc_hash::FxHashMap;

use super::history::put_history;
use super::{HistoryEntry, Library, Profile};
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId};

/// A paper of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePaper {
    /// What the person did with it.
    pub entry: HistoryEntry,
    /// What is known of it, in the library or by the history alone.
    pub paper: Option<Paper>,
    /// Whether it is in the library.
    pub in_library: bool,
}

impl Library {
    /// As [`Library::add_to_history`], with what is known of those of the papers that are not in the library.
    pub fn add_unresolved(&mut self, profile: &str, entries: &[HistoryEntry], wanted: &[Paper]) -> Result<()> {
        self.write_transaction("write to a profile", |transaction| {
            put_history(transaction, profile, entries)?;
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO unresolved_paper (profile, paper, record) \
                 VALUES ((SELECT key FROM profile WHERE name = ?), ?, ?)",
            )?;
            wanted.iter().try_for_each(|paper| {
                let record = serde_json::to_string(paper).expect("a paper is JSON");
                insert.execute(params![profile, paper.id.as_str(), record]).map(drop)
            })
        })
    }

    /// What is known of the papers of a profile's history that are not in the library.
    pub fn unresolved_papers(&self, profile: &Profile) -> Result<Vec<Paper>> {
        let read = || {
            // Those that were taken out of the history are not wanted any more.
            let select = "SELECT record FROM unresolved_paper JOIN history USING (profile, paper) \
                          JOIN profile ON profile.key = history.profile WHERE name = ? ORDER BY at DESC, paper";
            let mut statement = self.db.prepare_cached(select)?;
            statement.query_map([&profile.name], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let records = read().map_err(self.failed("read a profile"))?;
        let damaged = |error: serde_json::Error| Error::DamagedLibrary {
            path: self.path.clone(),
            reason: format!("invalid paper in the history of {}: {error}", profile.name),
        };
        records.iter().map(|record| serde_json::from_str(record).map_err(damaged)).collect()
    }

    /// The papers of a profile's history, in its order, with what is known of them.
    pub fn history_papers(&self, profile: &Profile) -> Result<Vec<ProfilePaper>> {
        let wanted = self.unresolved_papers(profile)?;
        let mut wanted: FxHashMap<PaperId, Paper> = wanted.into_iter().map(|paper| (paper.id.clone(), paper)).collect();
        let known = |entry: &HistoryEntry| {
            let stored = self.paper(&entry.id)?.map(|stored| stored.paper);
            let in_library = stored.is_some();
            let paper = stored.or_else(|| wanted.remove(&entry.id));
            Ok(ProfilePaper { entry: entry.clone(), paper, in_library })
        };
        profile.history.iter().map(known).collect()
    }
}
