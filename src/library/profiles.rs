//! Profiles: what a person read, liked and disliked, and what was shown.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::Library;
use crate::error::{Error, Result};
use crate::paper::PaperId;
use crate::string_enum::string_enum;

/// A named reading history.
///
/// ```
/// use paperkin::library::{HistoryEntry, HistoryKind, Library};
/// use paperkin::{PaperId, jiff::civil::date};
///
/// let mut library = Library::in_memory().unwrap();
/// let id = PaperId::parse("2401.00001").unwrap();
/// library.add_to_history("me", &[HistoryEntry::new(id, HistoryKind::Like, date(2026, 1, 1))]).unwrap();
/// assert_eq!(library.profile("me").unwrap().history.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Profile {
    #[serde(skip)]
    key: i64,
    /// The profile's name.
    pub name: String,
    /// Generation of the library at the last look at the feed, 0 before the first.
    pub last_seen_generation: u64,
    /// Generation at the look before that one.
    pub previous_seen_generation: u64,
    /// Day of the last look.
    pub last_seen_on: Option<Date>,
    /// What lets feed readers in, once somebody asked for it: see [`Library::feed_token`].
    #[serde(skip)]
    pub feed_token: Option<String>,
    /// Authors who are followed, sorted.
    pub authors: Vec<String>,
    /// The history, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// One paper of a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// The paper's id; it need not be in the library any more.
    pub id: PaperId,
    /// What the person did with it.
    pub kind: HistoryKind,
    /// How much it counts, above 0; 1 is usual.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// Gives a profile a token: 128 random bits.
const NEW_TOKEN: &str = "UPDATE profile SET feed_token = lower(hex(randomblob(16))) WHERE key = ?";

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
pub(super) fn put_history(db: &Connection, profile: &str, entries: &[HistoryEntry]) -> rusqlite::Result<()> {
    db.execute("INSERT INTO profile (name) VALUES (?) ON CONFLICT DO NOTHING", [profile])?;
    // A vote does not take a paper out of its interest.
    let mut statement = db.prepare(
        "INSERT INTO history (profile, paper, kind, weight, at, interest) \
         VALUES ((SELECT key FROM profile WHERE name = ?1), ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (profile, paper) DO UPDATE SET kind = ?3, weight = ?4, at = ?5, interest = coalesce(?6, interest)",
    )?;
    for HistoryEntry { id, kind, weight, at, interest } in entries {
        statement.execute(params![profile, id.as_str(), kind.name(), weight, at.to_string(), interest])?;
    }
    Ok(())
}

/// Histories, and what was shown, have a paper under its id from now on that they had under another name; what they have
/// under the id already stays. A name that is the id of another paper is none.
pub(super) fn rename_in_histories(db: &Connection, name: &PaperId, id: &PaperId) -> rusqlite::Result<()> {
    let names = [name.as_str(), id.as_str()];
    for table in ["history", "impression"] {
        let of_name = "paper = ?1 AND NOT EXISTS (SELECT 1 FROM paper WHERE paper.id = ?1)";
        db.prepare_cached(&format!("UPDATE OR IGNORE {table} SET paper = ?2 WHERE {of_name}"))?.execute(names)?;
        db.prepare_cached(&format!("DELETE FROM {table} WHERE {of_name}"))?.execute([name.as_str()])?;
    }
    Ok(())
}

impl Library {
    /// The profile of this name with its history.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the names that there are.
    pub fn profile(&self, name: &str) -> Result<Profile> {
        let read = || {
            let select = "SELECT key, last_seen_generation, previous_seen_generation, last_seen_on, feed_token FROM profile WHERE name = ?";
            let profile = self
                .db
                .query_row(select, [name], |row| {
                    Ok(Profile {
                        key: row.get(0)?,
                        name: name.to_owned(),
                        last_seen_generation: row.get::<_, i64>(1)? as u64,
                        previous_seen_generation: row.get::<_, i64>(2)? as u64,
                        last_seen_on: row.get::<_, Option<String>>(3)?.and_then(|day| day.parse().ok()),
                        feed_token: row.get(4)?,
                        authors: Vec::new(),
                        history: Vec::new(),
                    })
                })
                .optional()?;
            let whole = |profile: Profile| {
                let (authors, history) = (authors(&self.db, profile.key)?, history(&self.db, profile.key)?);
                Ok(Profile { authors, history, ..profile })
            };
            profile.map(whole).transpose()
        };
        let profile: Option<Profile> = read().map_err(self.failed("read a profile"))?;
        match profile {
            Some(profile) => Ok(profile),
            None => Err(Error::NotFound {
                what: "profile",
                name: name.to_owned(),
                hint: match self.profile_names()?.as_slice() {
                    [] => format!(": create it with `paperkin profile {name} like ID...`"),
                    names => format!(": existing profiles are {}", names.join(", ")),
                },
            }),
        }
    }

    /// All profiles with their histories, sorted by name.
    pub fn profiles(&self) -> Result<Vec<Profile>> {
        self.read_transaction(|| self.profile_names()?.iter().map(|name| self.profile(name)).collect())
    }

    /// Names of all profiles, sorted.
    pub fn profile_names(&self) -> Result<Vec<String>> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.db.prepare("SELECT name FROM profile ORDER BY name")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(self.failed("read profiles"))
    }

    /// Enters papers into a profile's history, which is made if it is new; a paper that is there already gets the new
    /// kind, weight and day.
    pub fn add_to_history(&mut self, profile: &str, entries: &[HistoryEntry]) -> Result<()> {
        self.write_transaction("write to a profile", |db| put_history(db, profile, entries))
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

    /// Makes a profile, which is made if it is new, follow authors.
    ///
    /// ```
    /// use paperkin::library::Library;
    ///
    /// let mut library = Library::in_memory().unwrap();
    /// library.follow("me", &["Ada Example".to_owned()]).unwrap();
    /// assert_eq!(library.profile("me").unwrap().authors, ["Ada Example"]);
    /// ```
    pub fn follow(&mut self, profile: &str, authors: &[String]) -> Result<()> {
        self.write_transaction("write to a profile", |db| {
            db.execute("INSERT INTO profile (name) VALUES (?) ON CONFLICT DO NOTHING", [profile])?;
            let mut statement = db.prepare(
                "INSERT INTO followed (profile, author) VALUES ((SELECT key FROM profile WHERE name = ?), ?) \
                 ON CONFLICT DO NOTHING",
            )?;
            authors.iter().try_for_each(|author| statement.execute([profile, author]).map(drop))
        })
    }

    /// Makes a profile not follow authors any more; gives those that it did follow.
    pub fn unfollow(&mut self, profile: &Profile, authors: &[String]) -> Result<Vec<String>> {
        self.write_transaction("write to a profile", |db| {
            let mut statement = db.prepare("DELETE FROM followed WHERE profile = ? AND author = ?")?;
            let mut gone = Vec::new();
            for author in authors {
                if statement.execute(params![profile.key, author])? > 0 {
                    gone.push(author.clone());
                }
            }
            Ok(gone)
        })
    }

    /// Records a look at the feed: what was shown, at which generation, on which day.
    pub fn mark_feed_seen(&mut self, profile: &Profile, shown: &[PaperId], generation: u64, day: Date) -> Result<()> {
        self.write_transaction("record impressions", |db| {
            db.execute(
                "UPDATE profile SET previous_seen_generation = last_seen_generation, last_seen_generation = ?, last_seen_on = ? WHERE key = ?",
                params![generation as i64, day.to_string(), profile.key],
            )?;
            put_impressions(db, profile, shown, day)
        })
    }

    /// Removes a profile, its history and what was shown to it.
    pub fn remove_profile(&mut self, profile: &Profile) -> Result<()> {
        self.write_transaction("remove a profile", |db| {
            for table in ["history", "followed", "impression"] {
                db.execute(&format!("DELETE FROM {table} WHERE profile = ?"), [profile.key])?;
            }
            db.execute("DELETE FROM profile WHERE key = ?", [profile.key]).map(drop)
        })
    }

    /// The token of a profile's feed, if there is such a profile and it was asked for before.
    pub fn known_feed_token(&self, profile: &str) -> Result<Option<String>> {
        let select = "SELECT feed_token FROM profile WHERE name = ?";
        let token = self.db.query_row(select, [profile], |row| row.get(0)).optional();
        token.map(Option::flatten).map_err(self.failed("read a profile"))
    }

    /// The token that lets feed readers read a profile's feed; made at the first call.
    pub fn feed_token(&mut self, profile: &Profile) -> Result<String> {
        self.write_transaction("write to a profile", |db| {
            db.execute(&format!("{NEW_TOKEN} AND feed_token IS NULL"), [profile.key])?;
            db.query_row("SELECT feed_token FROM profile WHERE key = ?", [profile.key], |row| row.get(0))
        })
    }

    /// Another token for feed readers: the one of before is of no use any more.
    pub fn renew_feed_token(&mut self, profile: &Profile) -> Result<String> {
        self.write_transaction("write to a profile", |db| {
            db.query_row(&format!("{NEW_TOKEN} RETURNING feed_token"), [profile.key], |row| row.get(0))
        })
    }

    /// Records that papers were shown, elsewhere than in the feed.
    pub fn record_impressions(&mut self, profile: &Profile, shown: &[PaperId], day: Date) -> Result<()> {
        self.write_transaction("record impressions", |db| put_impressions(db, profile, shown, day))
    }

    /// Papers that were shown to a profile, on this day or later if one is given.
    pub fn impressions(&self, profile: &Profile, since: Option<Date>) -> Result<Vec<PaperId>> {
        let since = since.map(|day| day.to_string()).unwrap_or_default();
        let read = || -> rusqlite::Result<Vec<_>> {
            let select = "SELECT paper FROM impression WHERE profile = ? AND on_day >= ? ORDER BY on_day, paper";
            let mut statement = self.db.prepare(select)?;
            statement.query_map(params![profile.key, since], |row| id(row.get(0)?))?.collect()
        };
        read().map_err(self.failed("read impressions"))
    }
}

fn put_impressions(db: &Connection, profile: &Profile, shown: &[PaperId], day: Date) -> rusqlite::Result<()> {
    let mut statement = db.prepare("INSERT OR REPLACE INTO impression (profile, paper, on_day) VALUES (?, ?, ?)")?;
    for id in shown {
        statement.execute(params![profile.key, id.as_str(), day.to_string()])?;
    }
    Ok(())
}

fn authors(db: &Connection, profile: i64) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("SELECT author FROM followed WHERE profile = ? ORDER BY author")?;
    statement.query_map([profile], |row| row.get(0))?.collect()
}

fn history(db: &Connection, profile: i64) -> rusqlite::Result<Vec<HistoryEntry>> {
    let mut statement =
        db.prepare("SELECT paper, kind, weight, at, interest FROM history WHERE profile = ? ORDER BY at, paper")?;
    let entries = statement.query_map([profile], |row| {
        let kind: String = row.get(1)?;
        let at: String = row.get(3)?;
        Ok(HistoryEntry {
            id: id(row.get(0)?)?,
            kind: HistoryKind::ALL
                .into_iter()
                .find(|known| known.name() == kind)
                .ok_or_else(|| damaged(format!("`{kind}` is not a history kind")))?,
            weight: row.get(2)?,
            at: at.parse().map_err(|_| damaged(format!("`{at}` is not a date")))?,
            interest: row.get(4)?,
        })
    })?;
    entries.collect()
}

fn id(text: String) -> rusqlite::Result<PaperId> {
    PaperId::parse(&text).map_err(damaged)
}

fn damaged(reason: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, reason.into())
}
