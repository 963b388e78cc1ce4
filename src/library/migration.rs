//! A library copied into another database, from a directory to a server or back: row by row, and compared at the end.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::database::{self, Connection, Value, ValueRef};
use super::key_value::put_value;
use super::open::database_error;
use super::{GenerationId, Library};
use crate::error::{Error, Result};

/// Rows that are copied at a time, and stay copied when the program ends.
const BATCH_ROWS: usize = 4_000;
/// The key of what is known of a migration that is not finished.
const STATE_KEY: &str = "migration";

/// A table, with the columns in whose order its rows are copied.
struct CopiedTable {
    name: &'static str,
    key: &'static [&'static str],
}

const fn table(name: &'static str, key: &'static [&'static str]) -> CopiedTable {
    CopiedTable { name, key }
}

/// What changes only with a new generation, copied batch by batch. A table comes after those that it refers to.
const GENERATION_TABLES: [CopiedTable; 13] = [
    table("model", &["key"]),
    table("paper", &["row"]),
    table("record", &["paper", "place"]),
    table("alias", &["name"]),
    table("paper_checksum", &["row"]),
    table("embedding", &["row", "model"]),
    table("embedding_checksum", &["row", "model"]),
    table("term_vector", &["row"]),
    table("posting", &["block", "term"]),
    table("work", &["number"]),
    table("work_alias", &["name", "work"]),
    table("citation", &["citing", "cited"]),
    table("removed", &["row"]),
];
/// What changes at any time, copied at once at the end.
const PROFILE_TABLES: [CopiedTable; 11] = [
    table("generation", &["number"]),
    table("library", &["only"]),
    table("not_same", &["one", "other"]),
    table("profile", &["key"]),
    table("import", &["number"]),
    table("history", &["profile", "paper"]),
    table("impression", &["profile", "paper"]),
    table("digest_entry", &["profile", "paper"]),
    table("followed", &["profile", "author"]),
    table("unresolved_paper", &["profile", "paper"]),
    table("key_value", &["key"]),
];
/// Columns whose keys are given out one after the other, and never again.
const SERIAL_KEYS: [(&str, &str); 5] =
    [("model", "key"), ("paper", "row"), ("work", "number"), ("profile", "key"), ("import", "number")];

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MigrationSummary {
    /// Papers in the copy.
    pub papers: u64,
    /// Profiles in the copy.
    pub profiles: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows that an earlier attempt had copied.
    pub resumed: u64,
}

/// How far a migration is, in rows of all tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationProgress {
    /// There are so many, and some were copied before.
    Started {
        /// Rows of the source.
        rows: u64,
        /// Rows that are there already.
        resumed: u64,
    },
    /// So many more were copied.
    Copied(u64),
    /// So many more of the copy were read and compared.
    Compared(u64),
}

/// What is known of a migration that is not finished: stored in the copy, with the rows that it counts.
#[derive(Debug, Serialize, Deserialize)]
struct MigrationState {
    /// The number and the stamp of the generation that is copied.
    source: (u64, [u8; 16]),
    /// A table whose rows are there in part comes last.
    tables: Vec<TableState>,
}

/// What was copied of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct TableState {
    rows: u64,
    /// The CRC-32 of all values, in the order of the rows.
    crc: u32,
    /// The key of the last row; empty before the first.
    last: Vec<KeyPart>,
    is_complete: bool,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum KeyPart {
    Number(i64),
    Text(String),
}

impl Library {
    /// Copies a library into an empty directory or database, where it then is the library: papers, embeddings, profiles and
    /// all else. The copy is read again and compared. If an earlier attempt did not end, it goes on where that stopped,
    /// unless papers have changed since.
    ///
    /// The source can be used meanwhile; what is written to it is not in the copy.
    ///
    /// # Errors
    /// [`Error::BadFile`] when there is a library with papers or profiles, or when the copy differs; errors of either.
    pub fn migrate(
        source: &Library,
        target: &Path,
        mut on_progress: impl FnMut(MigrationProgress),
    ) -> Result<MigrationSummary> {
        let mut target = Library::create_or_resume(target)?;
        if !target.db.try_lock(STATE_KEY).map_err(target.failed("begin a migration"))? {
            return Err(target.refused("another migration into it is running"));
        }
        source.read_transaction(|| {
            let mut state = target.begin_migration(source.generation_id()?)?;
            let rows = source.count_rows().map_err(source.failed("count the rows"))?;
            let resumed = state.tables.iter().map(|table| table.rows).sum();
            on_progress(MigrationProgress::Started { rows, resumed });
            for (place, table) in GENERATION_TABLES.iter().enumerate() {
                if state.tables.len() <= place {
                    state.tables.push(TableState::default());
                }
                while !state.tables[place].is_complete {
                    let copied = target.copy_batch(source, table, &mut state)?;
                    on_progress(MigrationProgress::Copied(copied));
                }
            }
            target.finish_migration(source, &state, resumed, &mut on_progress)
        })
    }

    /// Fails when a migration into this library is not finished.
    pub(super) fn check_migrated(self) -> Result<Library> {
        match self.value(STATE_KEY)? {
            None => Ok(self),
            Some(_) => Err(self.refused("a migration into it is not finished: run `paperkin migrate` again")),
        }
    }

    fn refused(&self, reason: &str) -> Error {
        Error::BadFile { file: self.path.display().to_string(), reason: reason.to_owned() }
    }

    /// What was copied already. Empties what an attempt with other papers has left.
    fn begin_migration(&mut self, source: GenerationId) -> Result<MigrationState> {
        let stored = self.value(STATE_KEY)?;
        if stored.is_none() && !self.is_empty().map_err(self.failed("read"))? {
            return Err(self.refused("has a library already: give an empty directory or database"));
        }
        let source = (source.generation, source.nonce);
        let state = stored.and_then(|state| serde_json::from_str::<MigrationState>(&state).ok());
        match state.filter(|state| state.source == source) {
            Some(state) => Ok(state),
            None => {
                let state = MigrationState { source, tables: Vec::new() };
                self.write_transaction("begin a migration", |transaction| {
                    for table in PROFILE_TABLES.iter().rev().chain(GENERATION_TABLES.iter().rev()) {
                        transaction.execute(&format!("DELETE FROM {}", table.name), [])?;
                    }
                    put_state(transaction, &state)
                })?;
                Ok(state)
            }
        }
    }

    /// Whether nothing was ever added.
    fn is_empty(&self) -> database::Result<bool> {
        let select = "SELECT NOT EXISTS (SELECT 1 FROM paper) AND NOT EXISTS (SELECT 1 FROM profile) \
                      AND NOT EXISTS (SELECT 1 FROM work)";
        self.db.query_row(select, [], |row| row.get(0))
    }

    fn count_rows(&self) -> database::Result<u64> {
        let count = |table: &CopiedTable| {
            self.db.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get::<i64>(0))
        };
        let tables = GENERATION_TABLES.iter().chain(&PROFILE_TABLES);
        Ok(tables.map(count).sum::<database::Result<i64>>()? as u64)
    }

    /// Copies the next rows of a table. Returns how many these were.
    fn copy_batch(&mut self, source: &Library, table: &CopiedTable, state: &mut MigrationState) -> Result<u64> {
        source.check_canceled()?;
        let columns = columns(&self.db, table).map_err(self.failed("read the columns"))?;
        let mut next = state.tables.last().cloned().unwrap_or_default();
        let rows = next.read(&source.db, table, &columns).map_err(source.failed("read"))?;
        *state.tables.last_mut().expect("the table was begun") = next;
        self.write_transaction("copy", |transaction| {
            transaction.insert_rows(table.name, &columns, &rows)?;
            put_state(transaction, state)
        })?;
        Ok(rows.len() as u64)
    }

    /// Copies the rest, and compares everything.
    fn finish_migration(
        &mut self,
        source: &Library,
        state: &MigrationState,
        resumed: u64,
        on_progress: &mut impl FnMut(MigrationProgress),
    ) -> Result<MigrationSummary> {
        let (path, source_failed) = (self.path.clone(), source.failed("read"));
        let transaction = self.begin_write("copy")?;
        let failed = || database_error(&path, "copy");
        transaction.execute("DELETE FROM key_value", []).map_err(failed())?;
        let mut expected = state.tables.clone();
        for table in &PROFILE_TABLES {
            let columns = columns(&transaction, table).map_err(failed())?;
            let mut copied = TableState::default();
            while !copied.is_complete {
                let rows = match copied.read(&source.db, table, &columns) {
                    Ok(rows) => rows,
                    Err(error) => return Err(source_failed(error)),
                };
                transaction.insert_rows(table.name, &columns, &rows).map_err(failed())?;
                on_progress(MigrationProgress::Copied(rows.len() as u64));
            }
            expected.push(copied);
        }
        for key in SERIAL_KEYS {
            let last = source.db.last_key(key).map_err(source.failed("read the last keys"))?;
            transaction.set_last_key(key, last).map_err(failed())?;
        }
        for (table, expected) in GENERATION_TABLES.iter().chain(&PROFILE_TABLES).zip(&expected) {
            let columns = columns(&transaction, table).map_err(failed())?;
            let mut found = TableState::default();
            while !found.is_complete {
                let rows = found.read(&transaction, table, &columns).map_err(failed())?.len();
                on_progress(MigrationProgress::Compared(rows as u64));
            }
            if found != *expected {
                let reason = format!(
                    "the table `{}` differs from the source: {} rows with checksum {:08x}, not {} with {:08x}",
                    table.name, found.rows, found.crc, expected.rows, expected.crc
                );
                return Err(Error::BadFile { file: path.display().to_string(), reason });
            }
        }
        transaction.commit().map_err(failed())?;
        let rows_of = |name: &str| {
            let tables = GENERATION_TABLES.iter().chain(&PROFILE_TABLES).zip(&expected);
            tables.filter(|(table, _)| table.name == name).map(|(_, state)| state.rows).sum()
        };
        let rows = expected.iter().map(|state| state.rows).sum();
        Ok(MigrationSummary { papers: rows_of("paper"), profiles: rows_of("profile"), rows, resumed })
    }
}

impl TableState {
    /// Reads the next rows of a table, and counts them.
    fn read(&mut self, db: &Connection, table: &CopiedTable, columns: &[String]) -> database::Result<Vec<Vec<Value>>> {
        let key = table.key.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let after = match self.last.is_empty() {
            true => String::new(),
            false => format!("WHERE ({key}) > ({})", vec!["?"; self.last.len()].join(", ")),
        };
        let names = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let select = format!("SELECT {names} FROM {} {after} ORDER BY {key} LIMIT {BATCH_ROWS}", table.name);
        let last: Vec<Value> = self.last.iter().map(KeyPart::value).collect();
        let mut crc = crc32fast::Hasher::new_with_initial(self.crc);
        let mut batch = Vec::with_capacity(BATCH_ROWS);
        let mut statement = db.prepare(&select)?;
        let mut rows = statement.query(last)?;
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns.len());
            for column in 0..columns.len() {
                let value = row.get_ref(column)?;
                add_to_checksum(&mut crc, value);
                values.push(Value::try_from(value)?);
            }
            batch.push(values);
        }
        if let Some(values) = batch.last() {
            let place = |part: &&str| columns.iter().position(|column| column == part);
            self.last = table.key.iter().filter_map(place).map(|at| KeyPart::new(&values[at])).collect();
        }
        self.crc = crc.finalize();
        self.rows += batch.len() as u64;
        self.is_complete = batch.len() < BATCH_ROWS;
        Ok(batch)
    }
}

impl KeyPart {
    fn new(value: &Value) -> KeyPart {
        match value {
            Value::Integer(number) => KeyPart::Number(*number),
            Value::Text(text) => KeyPart::Text(text.clone()),
            // Keys are of these two types.
            _ => KeyPart::Text(String::new()),
        }
    }

    fn value(&self) -> Value {
        match self {
            KeyPart::Number(number) => (*number).into(),
            KeyPart::Text(text) => text.clone().into(),
        }
    }
}

/// The columns of a table, by name: each database has an order of its own.
fn columns(db: &Connection, table: &CopiedTable) -> database::Result<Vec<String>> {
    let mut columns = db.columns(table.name)?;
    columns.sort_unstable();
    Ok(columns)
}

fn put_state(db: &Connection, state: &MigrationState) -> database::Result<()> {
    put_value(db, STATE_KEY, &serde_json::to_string(state).expect("a state is JSON"))
}

/// Adds a value with its type and its length, so that no two rows have the same bytes.
fn add_to_checksum(crc: &mut crc32fast::Hasher, value: ValueRef<'_>) {
    let mut add = |kind: u8, bytes: &[u8]| {
        crc.update(&[kind]);
        crc.update(&(bytes.len() as u64).to_le_bytes());
        crc.update(bytes);
    };
    match value {
        ValueRef::Null => add(0, &[]),
        ValueRef::Integer(number) => add(1, &number.to_le_bytes()),
        ValueRef::Real(number) => add(2, &number.to_le_bytes()),
        ValueRef::Text(text) => add(3, text),
        ValueRef::Blob(bytes) => add(4, bytes),
    }
}

/// The names of all tables, ascending.
#[cfg(test)]
pub(super) fn table_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = GENERATION_TABLES.iter().chain(&PROFILE_TABLES).map(|table| table.name).collect();
    names.sort_unstable();
    names
}
