//! What is in the library, and whether it is sound.

use rusqlite::params;
use serde::Serialize;

use super::Library;
use super::works::count_works;
use crate::error::Result;
use crate::vector::dot;

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

/// One thing that a check looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckFinding {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<&'static str>,
}

impl Library {
    /// Counts what there is.
    pub fn summary(&self) -> Result<LibrarySummary> {
        let read = || {
            let counts = "SELECT count(*), count(nullif(abstract, '')), min(coalesce(published, listed)), \
                          max(coalesce(published, listed)) FROM paper";
            let (papers, with_abstract, first, last) = self.db.query_row(counts, [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?, row.get(3)?))
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

    fn counted<T>(&self, select: &str, make: fn(String, u64) -> T) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.db.prepare(select)?;
        statement.query_map([], |row| Ok(make(row.get(0)?, row.get::<_, i64>(1)? as u64)))?.collect()
    }

    /// Size of the file and its log.
    pub(super) fn bytes(&self) -> u64 {
        let size = |suffix: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        size("") + size("-wal")
    }

    /// Checks the file, its references, every embedding and the words of every paper, and the papers of cited works.
    pub fn check(&self) -> Result<Vec<CheckFinding>> {
        let read = || {
            Ok(vec![
                self.check_file()?,
                self.check_references()?,
                self.check_missing()?,
                self.check_vectors()?,
                self.check_terms()?,
                self.check_works()?,
            ])
        };
        read().map_err(self.failed("check"))
    }

    fn check_file(&self) -> rusqlite::Result<CheckFinding> {
        let verdict: String = self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let remedy = (verdict != "ok")
            .then_some("restore a backup, or recover what is readable with `sqlite3 library.sqlite3 .recover`");
        Ok(CheckFinding { what: "file", found: verdict, remedy })
    }

    fn check_references(&self) -> rusqlite::Result<CheckFinding> {
        let broken: i64 = self.db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        let remedy = (broken > 0).then_some("restore a backup, or add the papers to a new library");
        Ok(CheckFinding { what: "references", found: format!("{broken} broken"), remedy })
    }

    fn check_missing(&self) -> rusqlite::Result<CheckFinding> {
        let missing: i64 = self.db.query_row(
            "SELECT count(*) FROM paper WHERE NOT EXISTS (SELECT 1 FROM embedding JOIN library \
             ON embedding.model = library.model WHERE embedding.row = paper.row)",
            [],
            |row| row.get(0),
        )?;
        let remedy = (missing > 0).then_some("run `paperkin reembed`");
        Ok(CheckFinding { what: "papers without an embedding", found: missing.to_string(), remedy })
    }

    fn check_vectors(&self) -> rusqlite::Result<CheckFinding> {
        let mut statement = self.db.prepare(
            "SELECT vector, dimension FROM embedding JOIN model ON model.key = embedding.model ORDER BY embedding.row",
        )?;
        let mut rows = statement.query(params![])?;
        let (mut all, mut bad) = (0u64, 0u64);
        while let Some(row) = rows.next()? {
            let dimension = row.get::<_, i64>(1)? as usize;
            let bytes = row.get_ref(0)?.as_blob()?;
            let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
            all += 1;
            let unit = bytes.len() == dimension * 4 && (dot(&numbers, &numbers) - 1.0).abs() < 1e-3;
            bad += u64::from(!unit);
        }
        let remedy = (bad > 0).then_some("restore a backup, or add the papers to a new library");
        Ok(CheckFinding { what: "embeddings", found: format!("{all} checked, {bad} not normalized"), remedy })
    }

    fn check_works(&self) -> rusqlite::Result<CheckFinding> {
        let (works, wrong) = count_works(&self.db)?;
        let remedy = (wrong > 0).then_some("run `paperkin compact`");
        Ok(CheckFinding {
            what: "citations",
            found: format!("{works} works checked, {wrong} of another paper"),
            remedy,
        })
    }

    fn check_terms(&self) -> rusqlite::Result<CheckFinding> {
        let (kept, wrong) = self.count_term_lists()?;
        let remedy = (wrong > 0).then_some("run `paperkin compact`");
        Ok(CheckFinding { what: "words", found: format!("{kept} posting lists checked, {wrong} invalid"), remedy })
    }
}
