//! Profiles: their names, the authors they follow, the token of their feed, and when it was last seen.

use jiff::civil::Date;
use serde::Serialize;

use super::Library;
use super::database::{self, Connection, OptionalRow, params};
use super::history::{HistoryEntry, history, put_impressions};
use super::stored_value::{damaged_in, generation, optional_date, quoted};
use crate::error::{Error, Result};
use crate::paper::PaperId;

/// Longest name of a profile, in characters.
pub const MAX_PROFILE_NAME_CHARS: usize = 200;

/// Whether a text can be the name of a profile: not blank, not too long, and without control characters.
///
/// ```
/// use paperkin::library::is_profile_name;
///
/// assert!(is_profile_name("me") && !is_profile_name(" "));
/// ```
pub fn is_profile_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_PROFILE_NAME_CHARS && !text.chars().any(char::is_control)
}

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
    pub(super) key: i64,
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

/// Gives a profile a token: 128 random bits.
const NEW_TOKEN: &str = "UPDATE profile SET feed_token = lower(hex(randomblob(16))) WHERE key = ?";

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
                        last_seen_generation: generation(row, 1)?,
                        previous_seen_generation: generation(row, 2)?,
                        last_seen_on: optional_date(row, 3)?,
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
        let place = || format!("profile {}", quoted(name));
        let profile: Option<Profile> = read().map_err(damaged_in(place)).map_err(self.failed("read a profile"))?;
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
        let read = || -> database::Result<Vec<_>> {
            let mut statement = self.db.prepare("SELECT name FROM profile ORDER BY name")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(self.failed("read profiles"))
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
            let mut statement = db.prepare("DELETE FROM followed WHERE profile = ? AND lower(author) = lower(?)")?;
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

    /// Takes back that papers were shown and, with the generations of the last two looks at the feed, that it was looked at.
    pub fn mark_feed_unseen(&mut self, profile: &Profile, shown: &[PaperId], looks: Option<[u64; 2]>) -> Result<()> {
        self.write_transaction("write to a profile", |db| {
            if let Some(looks) = looks {
                // Undoing brings papers back, and hides none.
                let [last, before] = looks.map(|generation| generation.min(profile.last_seen_generation) as i64);
                let update = "UPDATE profile SET last_seen_generation = ?, previous_seen_generation = ? WHERE key = ?";
                db.execute(update, params![last, before, profile.key])?;
            }
            let mut statement = db.prepare("DELETE FROM impression WHERE profile = ? AND paper = ?")?;
            shown.iter().try_for_each(|id| statement.execute(params![profile.key, id.as_str()]).map(drop))
        })
    }

    /// Removes a profile, its history and what was shown to it.
    pub fn remove_profile(&mut self, profile: &Profile) -> Result<()> {
        self.write_transaction("remove a profile", |db| {
            for table in ["history", "followed", "impression", "digest_entry", "import"] {
                db.execute(&format!("DELETE FROM {table} WHERE profile = ?"), [profile.key])?;
            }
            db.execute("DELETE FROM profile WHERE key = ?", [profile.key]).map(drop)
        })
    }

    /// The token of a profile's feed, if there is such a profile and it was asked for before.
    pub fn known_feed_token(&self, profile: &str) -> Result<Option<String>> {
        let select = "SELECT nullif(feed_token, '') FROM profile WHERE name = ?";
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
}

fn authors(db: &Connection, profile: i64) -> database::Result<Vec<String>> {
    let mut statement = db.prepare("SELECT author FROM followed WHERE profile = ? ORDER BY lower(author)")?;
    statement.query_map([profile], |row| row.get(0))?.collect()
}
