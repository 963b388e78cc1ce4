//! PostgreSQL: takes the statements that are written for SQLite.
//!
//! - Parameters are `$1`, not `?` or `?1`. A `+` before one, which tells SQLite to plan without its value, is left out.
//! - Values are of five types: null, integers, reals, texts, and bytes. A parameter is sent as the type that the statement
//!   has in its place.
//! - Functions that only SQLite has (`instr`, `json_each`, `hex`, `randomblob`) are made in the schema.
//!
//! A connection that was lost is opened again for the next statement, unless a transaction was open: that one has failed.
//! Transactions that only read may run on a replica; they see at least what this process has written.

use std::cell::{Cell, OnceCell};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use ::postgres::Client;
use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::types::{ToSql as PgToSql, Type};
use rusqlite::types::{ToSql, Value};

use super::error::{Error, Result};
use super::postgres_session::{PostgresServer, PostgresSession};
use super::postgres_values::{PostgresRows, SentValue, sent};
use super::transaction::TransactionKind;
use crate::cancellation::Cancellation;

/// What tells SQLite which index to use.
const WITHOUT_HINTS: [&str; 3] = [" INDEXED BY work_written", " INDEXED BY citation_written", " NOT INDEXED"];
/// The lock that writers of a library take: one for each schema. The number is "pkin".
const WRITE_LOCK: &str = "SELECT pg_advisory_xact_lock(1886087534, hashtext(current_schema()))";
/// How long a statement of a writer may take, once it has the lock: some change every row.
const WRITE_TIMEOUT: &str = "SET LOCAL statement_timeout = '600s'";
/// The place in the log of the primary after the last write, and whether a replica has come so far.
const WRITTEN: &str = "SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS BIGINT)";
const REPLAYED: &str = "SELECT pg_is_in_recovery() AND CAST(pg_last_wal_replay_lsn() - '0/0' AS BIGINT) >= $1";
/// What a replica has in common with its server, and with no other database.
const IDENTITY: &str = "SELECT system_identifier, current_database() FROM pg_control_system()";
/// How long a replica is left alone that could not be asked.
const REPLICA_PAUSE: Duration = Duration::from_secs(10);

/// A connection.
pub(in crate::library) struct PostgresConnection {
    primary: PostgresSession,
    replica: Option<Replica>,
    /// What this process wrote last, for all its connections: a place in the primary's log.
    written: Arc<AtomicI64>,
    transaction: Cell<Option<TransactionPlace>>,
    cancellation: Cancellation,
}

/// A server that follows the primary: connected when it is first asked, and left alone for a while when it fails.
struct Replica {
    server: PostgresServer,
    session: OnceCell<PostgresSession>,
    next_try: Cell<Option<Instant>>,
}

/// Where a transaction runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransactionPlace {
    Primary,
    Replica,
}

impl PostgresConnection {
    /// Connects.
    pub(in crate::library) fn open(server: PostgresServer) -> Result<PostgresConnection> {
        Ok(PostgresConnection {
            primary: PostgresSession::open(server)?,
            replica: None,
            written: Arc::default(),
            transaction: Cell::new(None),
            cancellation: Cancellation::default(),
        })
    }

    /// Another connection to the same servers.
    pub(in crate::library) fn try_clone(&self) -> Result<PostgresConnection> {
        let replica = self.replica.as_ref().map(|replica| Replica::new(replica.server.clone()));
        let written = self.written.clone();
        Ok(PostgresConnection { replica, written, ..PostgresConnection::open(self.primary.server.clone())? })
    }

    /// Runs transactions that only read on a replica from now on, as far as it can be asked.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is a replica of another server.
    pub(in crate::library) fn set_replica(&mut self, server: PostgresServer) -> Result<()> {
        let replica = Replica::new(server);
        match replica.session(&self.primary) {
            Err(error @ Error::Refused(_)) => return Err(error),
            Err(error) => replica.leave_alone(&error),
            Ok(_) => {}
        }
        self.replica = Some(replica);
        Ok(())
    }

    /// Whether the connection was lost.
    pub(super) fn is_lost(&self) -> bool {
        self.primary.is_lost()
            || self.replica.iter().filter_map(|replica| replica.session.get()).any(PostgresSession::is_lost)
    }

    /// Rows are not read any more when this is canceled. A statement that the server runs goes on until its time is up.
    pub(super) fn set_cancellation(&mut self, cancellation: Cancellation) {
        self.cancellation = cancellation;
    }

    /// The session of the transaction; outside of one, that of the primary.
    fn session(&self) -> &PostgresSession {
        let replica = self.replica.as_ref().and_then(|replica| replica.session.get());
        match (replica, self.transaction.get()) {
            (Some(replica), Some(TransactionPlace::Replica)) => replica,
            _ => &self.primary,
        }
    }

    fn run<T>(&self, run: impl Fn(&PostgresSession, &mut Client) -> Result<T, ::postgres::Error>) -> Result<T> {
        if self.cancellation.is_canceled() {
            return Err(Error::Canceled);
        }
        let session = self.session();
        session.run(self.transaction.get().is_some(), |client| run(session, client))
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<PostgresStatement<'_>> {
        Ok(PostgresStatement { db: self, sql: translated(sql) })
    }

    /// Adds rows to a table, with values for the columns of a list.
    pub(super) fn copy_rows(&self, table: &str, columns: &str, rows: &[Vec<Value>]) -> Result<()> {
        self.run(|session, client| {
            let types = session.prepared(client, &format!("SELECT {columns} FROM {table} LIMIT 0"))?;
            let types: Vec<Type> = types.columns().iter().map(|column| column.type_().clone()).collect();
            let copy = client.copy_in(&format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"))?;
            let mut copy = BinaryCopyInWriter::new(copy, &types);
            for row in rows {
                let values: Vec<SentValue> = row.iter().cloned().map(SentValue).collect();
                let values: Vec<&(dyn PgToSql + Sync)> = values.iter().map(|value| value as _).collect();
                copy.write(&values)?;
            }
            copy.finish().map(drop)
        })
    }

    /// Writes rows to a table in one statement, with values for the columns of a list.
    pub(super) fn upsert_rows(
        &self,
        table: &str,
        columns: &str,
        resolution: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut values: Vec<Vec<SentValue>> = Vec::new();
        for row in rows {
            values.resize_with(row.len(), Vec::new);
            values.iter_mut().zip(row).for_each(|(column, value)| column.push(SentValue(value)));
        }
        self.run(|session, client| {
            let types = session.prepared(client, &format!("SELECT {columns} FROM {table} LIMIT 0"))?;
            let arrays = types.columns().iter().zip(1..);
            let arrays: Vec<String> =
                arrays.map(|(column, place)| format!("CAST(${place} AS {}[])", column.type_().name())).collect();
            let rows = format!("SELECT * FROM unnest({})", arrays.join(", "));
            let upsert = session.prepared(client, &format!("INSERT INTO {table} ({columns}) {rows} {resolution}"))?;
            let values: Vec<&(dyn PgToSql + Sync)> = values.iter().map(|column| column as _).collect();
            client.execute(&upsert, &values).map(drop)
        })
    }

    pub(super) fn execute_batch(&self, sql: &str) -> Result<()> {
        let done = self.run(|_, client| client.batch_execute(sql));
        if sql == "COMMIT" || sql == "ROLLBACK" {
            let place = self.transaction.replace(None);
            let has_written = sql == "COMMIT" && done.is_ok() && place == Some(TransactionPlace::Primary);
            if has_written && self.replica.is_some() {
                let written: i64 = self.run(|_, client| client.query_one(WRITTEN, &[])?.try_get(0))?;
                self.written.fetch_max(written, Ordering::Relaxed);
            }
        }
        done
    }

    pub(super) fn reset_settings(&self) -> Result<()> {
        self.execute_batch(&format!("RESET ALL; {}", self.primary.server.settings))
    }

    pub(super) fn is_autocommit(&self) -> bool {
        self.transaction.get().is_none()
    }

    pub(super) fn begin(&self, kind: TransactionKind) -> Result<()> {
        let sql = match kind {
            TransactionKind::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            // What comes before the lock takes no snapshot: the transaction sees what the writer before it wrote.
            TransactionKind::Write => format!("BEGIN; {WRITE_LOCK}; {WRITE_TIMEOUT}"),
        };
        if kind == TransactionKind::Read
            && let Some(replica) = self.replica.as_ref().filter(|replica| replica.may_be_asked())
        {
            match self.begin_on_replica(replica, &sql) {
                Ok(true) => {
                    self.transaction.set(Some(TransactionPlace::Replica));
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) => replica.leave_alone(&error),
            }
        }
        self.execute_batch(&sql)?;
        self.transaction.set(Some(TransactionPlace::Primary));
        Ok(())
    }

    /// Begins a transaction on the replica, unless that is behind what this process wrote.
    fn begin_on_replica(&self, replica: &Replica, sql: &str) -> Result<bool> {
        let written = self.written.load(Ordering::Relaxed);
        replica.session(&self.primary)?.run(false, |client| {
            let is_current = client.query_one(REPLAYED, &[&written])?.try_get(0)?;
            if is_current {
                client.batch_execute(sql)?;
            }
            Ok(is_current)
        })
    }
}

impl Replica {
    fn new(server: PostgresServer) -> Replica {
        // The primary can be asked at once.
        let server = PostgresServer { connect_tries: 1, ..server };
        Replica { server, session: OnceCell::new(), next_try: Cell::new(None) }
    }

    /// The session, which is opened if it was not yet.
    fn session(&self, primary: &PostgresSession) -> Result<&PostgresSession> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let session = PostgresSession::open(self.server.clone())?;
        let identity = |session: &PostgresSession| {
            session.run(false, |client| {
                let row = client.query_one(IDENTITY, &[])?;
                Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, String>(1)?))
            })
        };
        if identity(&session)? != identity(primary)? {
            return Err(Error::Refused("is not a replica of the server of the library".to_owned()));
        }
        Ok(self.session.get_or_init(|| session))
    }

    fn may_be_asked(&self) -> bool {
        self.next_try.get().is_none_or(|next| next <= Instant::now())
    }

    fn leave_alone(&self, error: &Error) {
        tracing::warn!("replica: {error}: reading from the primary server");
        self.next_try.set(Some(Instant::now() + REPLICA_PAUSE));
    }
}

/// A statement in the form of PostgreSQL.
fn translated(sql: &str) -> String {
    let sql = WITHOUT_HINTS.iter().fold(sql.to_owned(), |sql, hint| sql.replace(hint, ""));
    let mut out = String::with_capacity(sql.len() + 16);
    let (mut chars, mut count, mut is_quoted) = (sql.chars().peekable(), 0, false);
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                out.push(c);
            }
            '?' if !is_quoted => {
                let mut number = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                if number.is_empty() {
                    count += 1;
                    number = count.to_string();
                }
                let _ = write!(out, "${number}");
            }
            '+' if !is_quoted && chars.peek() == Some(&'?') => {}
            c => out.push(c),
        }
    }
    out
}

/// A prepared statement.
pub(in crate::library) struct PostgresStatement<'c> {
    db: &'c PostgresConnection,
    sql: String,
}

impl PostgresStatement<'_> {
    pub(super) fn column_names(&self) -> Result<Vec<String>> {
        let statement = self.db.run(|session, client| session.prepared(client, &self.sql))?;
        Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
    }

    pub(super) fn execute(&self, values: &[&dyn ToSql]) -> Result<usize> {
        let values = sent(values)?;
        let values: Vec<&(dyn PgToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.db.run(|session, client| {
            let statement = session.prepared(client, &self.sql)?;
            client.execute(&statement, &values).map(|rows| rows as usize)
        })
    }

    pub(super) fn query(&self, values: &[&dyn ToSql]) -> Result<PostgresRows> {
        let values = sent(values)?;
        let values: Vec<&(dyn PgToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.db.run(|session, client| {
            let statement = session.prepared(client, &self.sql)?;
            client.query(&statement, &values)
        })?;
        Ok(PostgresRows::new(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_the_form_of_postgresql() {
        for (sql, expected) in [
            ("SELECT ? + ?", "SELECT $1 + $2"),
            ("SELECT ?2, '?', ?1 WHERE a = +?1", "SELECT $2, '?', $1 WHERE a = $1"),
            ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
        ] {
            assert_eq!(translated(sql), expected);
        }
    }
}
