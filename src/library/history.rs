//! Reading histories: what a person read, liked and disliked, and what was shown.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Library;
use super::database::{self, Connection, Row as SqlRow, params};
use super::profiles::Profile;
use super::stored_value::{damaged, damaged_in, date, id, parsed, quoted, value};
use crate::error::Result;
use crate::paper::PaperId;
use crate::string_enum::string_enum;

/// The largest weight of a paper of a history.
pub const MAX_HISTORY_WEIGHT: f64 = 1e6;

/// One paper of a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// The paper's id; it need not be in the library any more.
    pub id: PaperId,
    /// What the person did with it.
    pub kind: HistoryKind,
    /// How much it counts, above 0 and at most [`MAX_HISTORY_WEIGHT`]; 1 is usual.
    pub weight: f64,
    /// When.
    pub at: Date,
    /// The name of the interest that it is of, such as a collection's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
}

impl HistoryEntry {
    /// A paper with the usual weight.
    pub fn new(id: PaperId, kind: HistoryKind, at: Date) -> HistoryEntry {
        HistoryEntry { id, kind, weight: 1.0, at, interest: None }
    }
}

/// What a person did with a paper.
///
/// ```
/// use paperkin::library::HistoryKind;
///
/// assert!(HistoryKind::Save.counts_for() && HistoryKind::Dislike.counts_against());
/// assert_eq!("like".parse(), Ok(HistoryKind::Like));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HistoryKind {
    /// Read it: counts for it.
    Read,
    /// Liked it: counts for it.
    Like,
    /// Saved it for later: counts for it.
    Save,
    /// Disliked it: counts against it.
    Dislike,
    /// Hid it: no feed has it again, and that is all.
    Hide,
}

impl HistoryKind {
    /// Whether it counts for papers like it.
    pub fn counts_for(self) -> bool {
        matches!(self, HistoryKind::Read | HistoryKind::Like | HistoryKind::Save)
    }

    /// Whether it counts against papers like it.
    pub fn counts_against(self) -> bool {
        self == HistoryKind::Dislike
    }
}

string_enum!(HistoryKind, "a history kind", {
    Read => "read",
    Like => "like",
    Save => "save",
    Dislike => "dislike",
    Hide => "hide",
});

/// Enters papers into a profile's history; a profile that is not there is made.
pub(super) fn put_history(db: &Connection, profile: &str, entries: &[HistoryEntry]) -> database::Result<()> {
    db.execute("INSERT INTO profile (name) VALUES (?) ON CONFLICT DO NOTHING", [profile])?;
    // A vote does not take a paper out of its interest, but undoing an import does not undo it.
    let mut statement = db.prepare(
        "INSERT INTO history (profile, paper, kind, weight, at, interest) \
         VALUES ((SELECT key FROM profile WHERE name = ?1), ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (profile, paper) DO UPDATE SET kind = ?3, weight = ?4, at = ?5, \
         interest = coalesce(?6, history.interest), import = NULL",
    )?;
    for HistoryEntry { id, kind, weight, at, interest } in entries {
        let interest = interest.as_deref().filter(|name| !name.is_empty());
        statement.execute(params![profile, id.as_str(), kind.name(), weight, at.to_string(), interest])?;
    }
    Ok(())
}

/// Says of papers of a profile's history which import they came with.
pub(super) fn set_import(db: &Connection, profile: i64, entries: &[HistoryEntry], import: i64) -> database::Result<()> {
    let mut statement = db.prepare("UPDATE history SET import = ? WHERE profile = ? AND paper = ?")?;
    entries.iter().try_for_each(|entry| statement.execute(params![import, profile, entry.id.as_str()]).map(drop))
}

/// Histories, and what was shown, have a paper under its id from now on that they had under another name; what they have
/// under the id already stays. A name that is the id of another paper is none.
pub(super) fn rename_in_histories(db: &Connection, name: &PaperId, id: &PaperId) -> database::Result<()> {
    let names = [name.as_str(), id.as_str()];
    for table in ["history", "impression", "digest_entry"] {
        let of_name = "paper = ?1 AND NOT EXISTS (SELECT 1 FROM paper WHERE paper.id = ?1)";
        let is_there =
            format!("SELECT 1 FROM {table} AS other WHERE other.profile = {table}.profile AND other.paper = ?2");
        let update = format!("UPDATE {table} SET paper = ?2 WHERE {of_name} AND NOT EXISTS ({is_there})");
        db.prepare(&update)?.execute(names)?;
        db.prepare(&format!("DELETE FROM {table} WHERE {of_name}"))?.execute([name.as_str()])?;
    }
    Ok(())
}

impl Library {
    /// Enters papers into a profile's history, which is made if it is new; a paper that is there already gets the new
    /// kind, weight and day.
    pub fn add_to_history(&mut self, profile: &str, entries: &[HistoryEntry]) -> Result<()> {
        self.write_transaction("write to a profile", |db| put_history(db, profile, entries))
    }

    /// Names the interest that papers of a profile's history are of, or, without a name, takes them out of theirs.
    pub fn set_interest(&mut self, profile: &Profile, ids: &[PaperId], interest: Option<&str>) -> Result<()> {
        self.write_transaction("write to a profile", |db| {
            let mut statement = db.prepare("UPDATE history SET interest = ? WHERE profile = ? AND paper = ?")?;
            ids.iter().try_for_each(|id| statement.execute(params![interest, profile.key, id.as_str()]).map(drop))
        })
    }

    /// Takes papers out of a profile's history; gives those that were there.
    pub fn remove_from_history(&mut self, profile: &Profile, ids: &[PaperId]) -> Result<Vec<PaperId>> {
        self.write_transaction("write to a profile", |db| {
            let mut statement = db.prepare("DELETE FROM history WHERE profile = ? AND paper = ?")?;
            let mut gone = Vec::new();
            for id in ids {
                if statement.execute(params![profile.key, id.as_str()])? > 0 {
                    gone.push(id.clone());
                }
            }
            Ok(gone)
        })
    }

    /// Records that papers were shown, elsewhere than in the feed.
    pub fn record_impressions(&mut self, profile: &Profile, shown: &[PaperId], day: Date) -> Result<()> {
        self.write_transaction("record impressions", |db| put_impressions(db, profile, shown, day))
    }

    /// Records that a digest had papers, which is no look at the feed.
    pub fn record_digest(&mut self, profile: &Profile, papers: &[PaperId], day: Date) -> Result<()> {
        self.write_transaction("record a digest", |db| {
            let insert = "INSERT INTO digest_entry (profile, paper, on_day) VALUES (?, ?, ?) \
 ON CONFLICT (profile, paper) DO UPDATE SET on_day = excluded.on_day";
            let mut statement = db.prepare(insert)?;
            papers
                .iter()
                .try_for_each(|id| statement.execute(params![profile.key, id.as_str(), day.to_string()]).map(drop))
        })
    }

    /// Papers that earlier digests of a profile had.
    pub fn digest_papers(&self, profile: &Profile) -> Result<Vec<PaperId>> {
        let read = || -> database::Result<Vec<_>> {
            let select = "SELECT paper FROM digest_entry WHERE profile = ? ORDER BY on_day, paper";
            self.db.prepare(select)?.query_map([profile.key], |row| id(row, 0))?.collect()
        };
        read().map_err(self.failed("read digests"))
    }

    /// Papers that were shown to a profile, on this day or later if one is given.
    pub fn impressions(&self, profile: &Profile, since: Option<Date>) -> Result<Vec<PaperId>> {
        let since = since.map(|day| day.to_string()).unwrap_or_default();
        let read = || -> database::Result<Vec<_>> {
            let select = "SELECT paper FROM impression WHERE profile = ? AND on_day >= ? ORDER BY on_day, paper";
            let mut statement = self.db.prepare(select)?;
            statement.query_map(params![profile.key, since], |row| id(row, 0))?.collect()
        };
        read().map_err(self.failed("read impressions"))
    }
}

pub(super) fn put_impressions(
    db: &Connection,
    profile: &Profile,
    shown: &[PaperId],
    day: Date,
) -> database::Result<()> {
    let mut statement = db.prepare(
        "INSERT INTO impression (profile, paper, on_day) VALUES (?, ?, ?) \
 ON CONFLICT (profile, paper) DO UPDATE SET on_day = excluded.on_day",
    )?;
    for id in shown {
        statement.execute(params![profile.key, id.as_str(), day.to_string()])?;
    }
    Ok(())
}

/// Returns the history of a profile, oldest first.
pub(super) fn history(db: &Connection, profile: i64) -> database::Result<Vec<HistoryEntry>> {
    let select = format!("SELECT {HISTORY_COLUMNS} FROM history WHERE profile = ? ORDER BY at, paper");
    db.prepare(&select)?.query_map([profile], history_entry)?.collect()
}

/// The columns of a paper of a history, in the order in which they are read.
pub(super) const HISTORY_COLUMNS: &str = "paper, kind, weight, at, interest";

/// Reads a paper of a history from its columns. Of one that cannot be read, the error has the ID.
pub(super) fn history_entry(row: SqlRow<'_>) -> database::Result<HistoryEntry> {
    let place = || format!("paper {} of a history", quoted(&row.get::<String>(0).unwrap_or_default()));
    let weight = || match value(row, 2)? {
        weight if weight > 0.0 && weight <= MAX_HISTORY_WEIGHT => Ok(weight),
        weight => Err(damaged(format!("`weight`: {weight} is out of range"))),
    };
    let read = || {
        Ok(HistoryEntry {
            id: id(row, 0)?,
            kind: parsed(row, 1, str::parse)?,
            weight: weight()?,
            at: date(row, 3)?,
            interest: value(row, 4)?,
        })
    };
    read().map_err(damaged_in(place))
}
