//! Papers of histories that the library does not have: what is known of them, until they come.

use rustc_hash::FxHashMap;

use super::database::{self, params};
use super::embeddings::{float_bytes, read_floats};
use super::{HistoryEntry, HistoryKind, Library, Profile};
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId};
use crate::vector::Embedding;

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

impl ProfilePaper {
    /// Whether its reader saved or liked it.
    pub fn is_kept(&self) -> bool {
        matches!(self.entry.kind, HistoryKind::Save | HistoryKind::Like)
    }
}

impl Library {
    /// The embeddings of the library's model of papers of a profile's history that are not in the library, as far as they
    /// were [stored](Library::store_unresolved_embeddings).
    pub fn unresolved_embeddings(&self, profile: &Profile) -> Result<FxHashMap<PaperId, Embedding>> {
        let Some(model) = self.model()? else { return Ok(FxHashMap::default()) };
        let read = || -> database::Result<Vec<(String, Vec<u8>)>> {
            let select = "SELECT paper, vector FROM unresolved_paper WHERE profile = ? AND model = ?";
            let mut statement = self.db.prepare(select)?;
            statement.query_map([profile.key, model.key], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let stored = read().map_err(self.failed("read a profile"))?.into_iter();
        let embedding = |(id, bytes): (String, Vec<u8>)| {
            let mut numbers = vec![0.0; model.dimension];
            // A damaged one is computed again.
            let embedding = read_floats(&bytes, &mut numbers).then(|| Embedding::normalize(numbers)).flatten();
            PaperId::parse(&id).ok().zip(embedding)
        };
        Ok(stored.filter_map(embedding).collect())
    }

    /// Stores embeddings of the library's model of papers of a profile's history that are not in the library, so that a feed
    /// need not compute them.
    pub fn store_unresolved_embeddings(
        &mut self,
        profile: &Profile,
        embeddings: &[(PaperId, Embedding)],
    ) -> Result<()> {
        let Some(model) = self.model()? else { return Ok(()) };
        self.write_transaction("write to a profile", |db| {
            let update = "UPDATE unresolved_paper SET model = ?, vector = ? WHERE profile = ? AND paper = ?";
            let mut statement = db.prepare(update)?;
            embeddings.iter().try_for_each(|(id, embedding)| {
                statement.execute(params![model.key, float_bytes(embedding), profile.key, id.as_str()]).map(drop)
            })
        })
    }

    /// What is known of the papers of a profile's history that are not in the library.
    pub fn unresolved_papers(&self, profile: &Profile) -> Result<Vec<Paper>> {
        let read = || {
            // Those that were taken out of the history are not wanted any more.
            let select = "SELECT record FROM unresolved_paper JOIN history USING (profile, paper) \
                          JOIN profile ON profile.key = history.profile WHERE name = ? ORDER BY at DESC, paper";
            let mut statement = self.db.prepare(select)?;
            statement.query_map([&profile.name], |row| row.get::<String>(0))?.collect::<database::Result<Vec<_>>>()
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
