//! PostgreSQL: takes the statements that are written for SQLite.
//!
//! - Parameters are `$1`, not `?` or `?1`. A `+` before one, which tells SQLite to plan without its value, is left out.
//! - Values are of five types: null, integers, reals, texts, and bytes. A parameter is sent as the type that the statement
//!   has in its place.
//! - Functions that only SQLite has (`instr`, `json_each`, `hex`, `randomblob`) are made in the schema.
//!
//! A connection that was lost is opened again for the next statement, unless a transaction was open: that one has failed.
//! Transactions that only read may run on a replica; they see at least what this process has written.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

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
const REPLAYED: &str = "SELECT NOT pg_is_in_recovery() OR CAST(pg_last_wal_replay_lsn() - '0/0' AS BIGINT) >= $1";

/// A connection.
pub(in crate::library) struct PostgresConnection {
    primary: PostgresSession,
    replica: Option<PostgresSession>,
    /// What this process wrote last, for all its connections: a place in the primary's log.
    written: Arc<AtomicI64>,
    transaction: Cell<Option<TransactionPlace>>,
    cancellation: Cancellation,
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
        let replica = self.replica.as_ref().map(|replica| PostgresSession::open(replica.server.clone())).transpose()?;
        let written = self.written.clone();
        Ok(PostgresConnection { replica, written, ..PostgresConnection::open(self.primary.server.clone())? })
    }

    /// Connects to a replica, on which transactions that only read run from now on.
    pub(in crate::library) fn set_replica(&mut self, server: PostgresServer) -> Result<()> {
        self.replica = Some(PostgresSession::open(server)?);
        Ok(())
    }

    /// Rows are not read any more when this is canceled. A statement that the server runs goes on until its time is up.
    pub(super) fn set_cancellation(&mut self, cancellation: Cancellation) {
        self.cancellation = cancellation;
    }

    /// The session of the transaction; outside of one, that of the primary.
    fn session(&self) -> &PostgresSession {
        match (&self.replica, self.transaction.get()) {
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
            && let Some(replica) = &self.replica
        {
            match self.begin_on_replica(replica, &sql) {
                Ok(true) => {
                    self.transaction.set(Some(TransactionPlace::Replica));
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) => tracing::warn!("{error}: reading from the primary server instead of its replica"),
            }
        }
        self.execute_batch(&sql)?;
        self.transaction.set(Some(TransactionPlace::Primary));
        Ok(())
    }

    /// Begins a transaction on the replica, unless that is behind what this process wrote.
    fn begin_on_replica(&self, replica: &PostgresSession, sql: &str) -> Result<bool> {
        let written = self.written.load(Ordering::Relaxed);
        replica.run(false, |client| {
            let is_current = written == 0 || client.query_one(REPLAYED, &[&written])?.try_get(0)?;
            if is_current {
                client.batch_execute(sql)?;
            }
            Ok(is_current)
        })
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
