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
        let counts = "SELECT count(*), count(nullif(abstract, '')), min(coalesce(published, listed)), \
                      max(coalesce(published, listed)) FROM paper";
        let counts = self.db.query_row(counts, [], |row| {
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Option<String>>(2)?, row.get(3)?))
        });
        let (papers, with_abstract, first, last) = counts.map_err(self.failed("count papers"))?;
        Ok(LibrarySummary {
            papers: papers as u64,
            with_abstract: with_abstract as u64,
            days: first.zip(last).map(|(first, last)| DayRange { first, last }),
            sources: self.source_sizes()?,
            profiles: self.profile_sizes()?,
            bytes: self.bytes(),
        })
    }

    /// How many papers are from each source, most first.
    pub fn source_sizes(&self) -> Result<Vec<SourceSize>> {
        let select = "SELECT source, count(*) FROM paper GROUP BY source ORDER BY count(*) DESC, source";
        self.counted(select, |source, papers| SourceSize { source, papers })
    }

    /// The profiles by name, with the length of their histories.
    pub fn profile_sizes(&self) -> Result<Vec<ProfileSize>> {
        let select = "SELECT name, count(paper) FROM profile LEFT JOIN history ON profile.key = history.profile \
                      GROUP BY name ORDER BY name";
        self.counted(select, |name, papers| ProfileSize { name, papers })
    }

    /// How many papers there are: without looking at them, as [`Library::summary`] does.
    pub fn paper_count(&self) -> Result<u64> {
        let count = self.db.query_row("SELECT count(*) FROM paper", [], |row| row.get::<i64>(0));
        count.map(|count| count as u64).map_err(self.failed("count papers"))
    }

    fn counted<T>(&self, select: &str, make: fn(String, u64) -> T) -> Result<Vec<T>> {
        let read = || -> database::Result<Vec<T>> {
            let mut statement = self.db.prepare(select)?;
            statement.query_map([], |row| Ok(make(row.get(0)?, row.get::<i64>(1)? as u64)))?.collect()
        };
        read().map_err(self.failed("count papers"))
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
