//! What is in the library, in numbers.

use serde::Serialize;

use super::Library;
use super::database;
use crate::error::Result;

/// The library in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LibrarySummary {
    /// How many papers there are.
    pub papers: u64,
    /// How many of them have an abstract.
    pub with_abstract: u64,
    /// First and last day of publication (or listing).
    pub days: Option<DayRange>,
    /// Papers by source, most first.
    pub sources: Vec<SourceSize>,
    /// The profiles by name, with the length of their histories.
    pub profiles: Vec<ProfileSize>,
    /// Size of the file and its log in bytes; 0 in memory.
    pub bytes: u64,
}

/// The days that papers are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DayRange {
    /// The first day.
    pub first: String,
    /// The last day.
    pub last: String,
}

/// How many papers are from a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SourceSize {
    /// The kind of source: `hf-page`, `arxiv`, ...
    pub source: String,
    /// How many papers are from it.
    pub papers: u64,
}

/// How long the history of a profile is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProfileSize {
    /// The name of the profile.
    pub name: String,
    /// How many papers its history has.
    pub papers: u64,
}

impl Library {
    /// Counts what there is.
    pub fn summary(&self) -> Result<LibrarySummary> {
        let read = || {
            let counts = "SELECT count(*), count(nullif(abstract, '')), min(coalesce(published, listed)), \
                          max(coalesce(published, listed)) FROM paper";
            let (papers, with_abstract, first, last) = self.db.query_row(counts, [], |row| {
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Option<String>>(2)?, row.get(3)?))
            })?;
            Ok(LibrarySummary {
                papers: papers as u64,
                with_abstract: with_abstract as u64,
                days: first.zip(last).map(|(first, last)| DayRange { first, last }),
                sources: self.counted(
                    "SELECT source, count(*) FROM paper GROUP BY source ORDER BY count(*) DESC, source",
                    |source, papers| SourceSize { source, papers },
                )?,
                profiles: self.counted(
                    "SELECT name, count(paper) FROM profile LEFT JOIN history ON profile.key = history.profile \
                     GROUP BY name ORDER BY name",
                    |name, papers| ProfileSize { name, papers },
                )?,
                bytes: self.bytes(),
            })
        };
        read().map_err(self.failed("count papers"))
    }

    /// How many papers there are: without looking at them, as [`Library::summary`] does.
    pub fn paper_count(&self) -> Result<u64> {
        let count = self.db.query_row("SELECT count(*) FROM paper", [], |row| row.get::<i64>(0));
        count.map(|count| count as u64).map_err(self.failed("count papers"))
    }

    fn counted<T>(&self, select: &str, make: fn(String, u64) -> T) -> database::Result<Vec<T>> {
        let mut statement = self.db.prepare(select)?;
        statement.query_map([], |row| Ok(make(row.get(0)?, row.get::<i64>(1)? as u64)))?.collect()
    }

    /// Size of the file and its log, or of the tables and indexes on the server.
    pub(super) fn bytes(&self) -> u64 {
        if self.is_on_server() {
            let select = "SELECT CAST(sum(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class \
                          WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)";
            return self.db.query_row(select, [], |row| row.get::<i64>(0)).map_or(0, |bytes| bytes as u64);
        }
        let size = |suffix: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        size("") + size("-wal")
    }
}
