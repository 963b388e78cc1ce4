//! Checks the file itself, its tables, references between them, and generations.

use std::collections::BTreeSet;

use super::row_check::RowCheck;
use super::{CheckOutcome, RECOVER, RESTORE};
use crate::library::Library;
use crate::library::database::{Connection, Result};
use crate::library::stored_value::{MAX_GENERATION, MAX_KEY, damaged, dimension, key, number, value};

/// Problems that SQLite looks for in the file.
const MAX_FILE_PROBLEMS: usize = 100;
/// What is said of what PostgreSQL keeps sound: its files, its tables, and references between rows.
const CHECKED_BY_SERVER: &str = "left to the server";
/// What tables consist of, a line each. Tables and indexes that others have added do no harm, but triggers may.
const STRUCTURE: [&str; 4] = [
    "SELECT 'table ' || name || ' strict ' || strict || ' without rowid ' || wr FROM pragma_table_list \
     WHERE schema = 'main'",
    "SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ' not null ' || c.\"notnull\" || ' key ' || c.pk \
     FROM pragma_table_list AS t, pragma_table_info(t.name) AS c WHERE t.schema = 'main'",
    "SELECT 'index ' || l.name || ' of ' || t.name || ' ' || coalesce(x.name, '') || ' unique ' || l.\"unique\" \
     FROM pragma_table_list AS t, pragma_index_list(t.name) AS l, pragma_index_xinfo(l.name) AS x \
     WHERE t.schema = 'main' AND x.key",
    "SELECT 'reference ' || t.name || '.' || f.\"from\" || ' to ' || f.\"table\" || ' ' || f.on_delete \
     FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main'",
];

impl Library {
    pub(super) fn check_file(&self) -> Result<CheckOutcome> {
        if self.db.as_sqlite().is_none() {
            return Ok(CheckOutcome { found: CHECKED_BY_SERVER.to_owned(), remedy: None });
        }
        let mut select = self.db.prepare(&format!("PRAGMA integrity_check({MAX_FILE_PROBLEMS})"))?;
        let verdicts = select.query_map([], |row| row.get::<String>(0))?.collect::<Result<Vec<_>>>()?;
        let found = match verdicts.as_slice() {
            [] => "ok".to_owned(),
            [only] => only.clone(),
            [first, others @ ..] => format!("{first}; and {} more problems", others.len()),
        };
        let remedy = (found != "ok").then_some(RECOVER);
        Ok(CheckOutcome { found: found.replace(char::is_control, " "), remedy })
    }

    pub(super) fn check_tables(&self) -> Result<CheckOutcome> {
        if self.db.as_sqlite().is_none() {
            return Ok(CheckOutcome { found: CHECKED_BY_SERVER.to_owned(), remedy: None });
        }
        let sound = Library::in_memory().map_err(|error| damaged(error.one_line()))?;
        let (here, expected) = (structure(&self.db)?, structure(&sound.db)?);
        let mut tables = RowCheck::default();
        expected.difference(&here).for_each(|line| tables.note(&format!("missing: {line}")));
        let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        tables.read(&self.db, "trigger", triggers, |_| Err(damaged("paperkin has no triggers")))?;
        let CheckOutcome { found, remedy } = tables.finding(RESTORE);
        let found = if remedy.is_none() { "ok".to_owned() } else { found };
        Ok(CheckOutcome { found, remedy })
    }

    pub(super) fn check_references(&self) -> Result<CheckOutcome> {
        if self.db.as_sqlite().is_none() {
            return Ok(CheckOutcome { found: CHECKED_BY_SERVER.to_owned(), remedy: None });
        }
        let select = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
        let mut select = self.db.prepare(select)?;
        let broken = select.query_map([], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
            let count: i64 = row.get(2)?;
            Ok((count, format!("{count} of `{table}` to `{parent}`")))
        })?;
        let (counts, places): (Vec<i64>, Vec<String>) = broken.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let found = match counts.iter().sum::<i64>() {
            0 => "0 broken".to_owned(),
            all => format!("{all} broken: {}", places.join(", ")),
        };
        Ok(CheckOutcome { found, remedy: (!counts.is_empty()).then_some(RESTORE) })
    }

    pub(super) fn check_generations(&self) -> Result<CheckOutcome> {
        let mut generations = RowCheck::default();
        generations.read(&self.db, "generation", "SELECT number, stamp FROM generation ORDER BY number", |row| {
            number(row, 0, 0, MAX_GENERATION)?;
            value::<[u8; 16]>(row, 1).map(drop)
        })?;
        let count = "SELECT count(*), max(number) - min(number) + 1 FROM generation";
        let (count, span): (i64, Option<i64>) = self.db.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if Some(count) != span {
            generations.note("generations are missing");
        }
        let newest = self.newest_generation()?;
        let removed = "SELECT row, generation, row IN (SELECT row FROM paper) FROM removed";
        generations.read(&self.db, "removed paper in row", removed, |row| {
            key(row, 0)?;
            number(row, 1, 0, newest)?;
            if row.get(2)? { Err(damaged("it is there")) } else { Ok(()) }
        })?;
        self.check_models(&mut generations)?;
        for (table, column, select) in [
            ("paper", "row", "SELECT max(row) FROM (SELECT row FROM paper UNION ALL SELECT row FROM removed) AS used"),
            ("work", "number", "SELECT max(number) FROM work"),
            ("import", "number", "SELECT max(number) FROM import"),
        ] {
            let last: Option<i64> = self.db.query_row(select, [], |row| row.get(0))?;
            let given = self.db.last_given_key((table, column), |row| number(row, 0, 0, MAX_KEY));
            match given {
                Ok(given) if given >= last.unwrap_or(0) => {}
                _ => generations.note(&format!("the last key of `{table}` is not known")),
            }
        }
        Ok(generations.finding(RESTORE))
    }

    fn check_models(&self, models: &mut RowCheck) -> Result<()> {
        models.read(&self.db, "model", "SELECT name, fingerprint, dimension FROM model", |row| {
            let texts: [String; 2] = [value(row, 0)?, value(row, 1)?];
            if texts.iter().any(String::is_empty) {
                return Err(damaged("it has no name"));
            }
            dimension(row, 2).map(drop)
        })?;
        let libraries: i64 =
            self.db.query_row("SELECT count(*) FROM library WHERE \"only\" = 1", [], |row| row.get(0))?;
        if libraries != 1 {
            models.note("there is no row that names the model of the library");
        }
        Ok(())
    }

    /// The largest number of a generation; of damaged ones, the largest possible.
    pub(super) fn newest_generation(&self) -> Result<i64> {
        let select = "SELECT max(number) FROM generation WHERE number <= ?";
        let newest = self.db.query_row(select, [MAX_GENERATION], |row| row.get::<Option<i64>>(0))?;
        Ok(newest.unwrap_or(MAX_GENERATION))
    }
}

/// What the tables of a file consist of.
fn structure(db: &Connection) -> Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    for select in STRUCTURE {
        for line in db.prepare(select)?.query_map([], |row| row.get(0))? {
            lines.insert(line?);
        }
    }
    Ok(lines)
}
