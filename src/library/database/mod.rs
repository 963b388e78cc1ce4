//! What the library's SQL runs on: SQLite, or PostgreSQL. Statements are in the SQL that both understand, and are written
//! once; [`postgres`] says how it takes what only SQLite has.
//!
//! Names are those of `rusqlite`, whose values both use.

mod error;
mod params;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "postgres")]
pub(super) mod postgres_session;
#[cfg(feature = "postgres")]
mod postgres_values;
mod row;
mod statement;
#[cfg(feature = "postgres")]
pub(super) mod tls;
mod transaction;

pub(super) use error::{Error, OptionalRow, Result};
pub(super) use params::Params;
pub(super) use row::Row;
pub(super) use rusqlite::params;
pub(super) use rusqlite::types::{FromSql, ToSql, Type, Value, ValueRef};
pub(super) use statement::Statement;
pub(super) use transaction::{Transaction, TransactionKind};

use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;

use crate::cancellation::Cancellation;
#[cfg(feature = "postgres")]
use postgres::PostgresConnection;
#[cfg(feature = "postgres")]
use postgres_session::PostgresServer;

/// Statements that are kept prepared by each connection to SQLite: more than there are.
const STATEMENT_CACHE_SIZE: usize = 128;
/// Steps of SQLite's virtual machine after which a statement looks whether it was canceled: less than a millisecond.
const CANCELLATION_STEPS: i32 = 10_000;

/// A connection to a database.
pub(super) struct Connection {
    driver: Driver,
}

/// The databases.
enum Driver {
    Sqlite(rusqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresConnection>),
}

impl Connection {
    /// Opens a file of SQLite.
    pub(super) fn open_sqlite(path: &Path, flags: OpenFlags) -> Result<Connection> {
        Ok(Connection::sqlite(rusqlite::Connection::open_with_flags(path, flags)?))
    }

    /// A database of SQLite that is in memory, and gone with the value.
    pub(super) fn in_memory() -> Result<Connection> {
        Ok(Connection::sqlite(rusqlite::Connection::open_in_memory()?))
    }

    fn sqlite(db: rusqlite::Connection) -> Connection {
        db.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
        Connection { driver: Driver::Sqlite(db) }
    }

    /// Another connection to the same server; `None` for one to SQLite.
    #[cfg(feature = "postgres")]
    pub(super) fn try_clone_postgres(&self) -> Option<Result<Connection>> {
        match &self.driver {
            Driver::Sqlite(_) => None,
            Driver::Postgres(db) => Some(db.try_clone().map(Connection::postgres)),
        }
    }

    /// Reads from a replica from now on, where that does.
    #[cfg(feature = "postgres")]
    pub(super) fn set_replica(&mut self, server: PostgresServer) -> Result<()> {
        match &mut self.driver {
            Driver::Sqlite(_) => Ok(()),
            Driver::Postgres(db) => db.set_replica(server),
        }
    }

    /// The connection to SQLite, if it is one.
    pub(super) fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.driver {
            Driver::Sqlite(db) => Some(db),
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => None,
        }
    }

    /// The same, to write a backup into it.
    pub(super) fn as_sqlite_mut(&mut self) -> Option<&mut rusqlite::Connection> {
        match &mut self.driver {
            Driver::Sqlite(db) => Some(db),
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => None,
        }
    }

    /// How long a statement waits for another process that writes.
    pub(super) fn set_busy_timeout(&self, timeout: Duration) -> Result<()> {
        self.as_sqlite().map_or(Ok(()), |db| Ok(db.busy_timeout(timeout)?))
    }

    /// Statements stop from now on when this is canceled.
    pub(super) fn set_cancellation(&mut self, cancellation: Cancellation) {
        match &mut self.driver {
            Driver::Sqlite(db) => db
                .progress_handler(CANCELLATION_STEPS, Some(move || cancellation.is_canceled()))
                .expect("the connection is open, and this one's own"),
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.set_cancellation(cancellation),
        }
    }

    /// A connection to PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(super) fn postgres(db: PostgresConnection) -> Connection {
        Connection { driver: Driver::Postgres(Box::new(db)) }
    }

    /// Prepares a statement, which stays prepared for the next time.
    pub(super) fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        Ok(match &self.driver {
            Driver::Sqlite(db) => Statement::Sqlite(db.prepare_cached(sql)?),
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => Statement::Postgres(db.prepare(sql)?),
        })
    }

    /// Runs a statement. Returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare(sql)?.execute(params)
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<()> {
        match &self.driver {
            Driver::Sqlite(db) => Ok(db.execute_batch(sql)?),
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.execute_batch(sql),
        }
    }

    /// Reads the first row of a query.
    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare(sql)?.query_row(params, read)
    }

    /// The keys that a query gives.
    pub(super) fn keys(&self, sql: &str, params: impl Params) -> Result<Vec<i64>> {
        self.prepare(sql)?.query_map(params, |row| row.get(0))?.collect()
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        match &self.driver {
            Driver::Sqlite(db) => db.is_autocommit(),
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.is_autocommit(),
        }
    }

    /// Takes a lock of a library on a server for this connection, unless another has it. Files have locks of their own.
    pub(super) fn try_lock(&self, name: &str) -> Result<bool> {
        self.call_lock("pg_try_advisory_lock", name)
    }

    /// Gives a lock back.
    pub(super) fn unlock(&self, name: &str) -> Result<()> {
        self.call_lock("pg_advisory_unlock", name).map(drop)
    }

    fn call_lock(&self, function: &str, name: &str) -> Result<bool> {
        if self.as_sqlite().is_some() {
            return Ok(true);
        }
        let call = format!("SELECT {function}(hashtext('{name}'), hashtext(current_schema()))");
        self.query_row(&call, [], |row| row.get(0))
    }

    /// Whether the connection to the server was lost, and with it what a transaction has read.
    pub(super) fn is_lost(&self) -> bool {
        match &self.driver {
            Driver::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.is_lost(),
        }
    }

    /// Sets what a statement may have set for the connection back to what every connection sets.
    pub(super) fn reset_settings(&self) -> Result<()> {
        match &self.driver {
            Driver::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.reset_settings(),
        }
    }

    /// The names of a table's columns.
    pub(super) fn columns(&self, table: &str) -> Result<Vec<String>> {
        self.prepare(&format!("SELECT * FROM {table} LIMIT 0"))?.column_names()
    }

    /// Adds rows with values for these columns.
    pub(super) fn insert_rows(&self, table: &str, columns: &[String], rows: &[Vec<Value>]) -> Result<()> {
        let names = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        match &self.driver {
            Driver::Sqlite(db) => {
                let values = vec!["?"; columns.len()].join(", ");
                let mut insert = db.prepare_cached(&format!("INSERT INTO {table} ({names}) VALUES ({values})"))?;
                rows.iter().try_for_each(|row| insert.execute(rusqlite::params_from_iter(row)).map(drop))?;
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.copy_rows(table, &names, rows),
        }
    }

    /// Writes rows: the values of columns that make a key, which no two rows share, and those of other columns. A row of the
    /// same key gets the new values.
    pub(super) fn upsert_rows(
        &self,
        table: &str,
        (key, others): (&[&str], &[&str]),
        rows: Vec<Vec<Value>>,
    ) -> Result<()> {
        let columns = [key, others].concat();
        let set: Vec<String> = others.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let names = columns.join(", ");
        let resolution = format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set.join(", "));
        match &self.driver {
            Driver::Sqlite(db) => {
                let values = vec!["?"; columns.len()].join(", ");
                let mut upsert =
                    db.prepare_cached(&format!("INSERT INTO {table} ({names}) VALUES ({values}) {resolution}"))?;
                rows.iter().try_for_each(|row| upsert.execute(rusqlite::params_from_iter(row)).map(drop))?;
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(db) => db.upsert_rows(table, &names, &resolution, rows),
        }
    }

    /// The last key that was given out for a column of a table, or the largest one that is in use; 0 before the first.
    pub(super) fn last_key(&self, (table, column): (&str, &str)) -> Result<i64> {
        let given: i64 = self.last_given_key((table, column), |row| row.get(0))?;
        let largest = format!("SELECT coalesce(max({column}), 0) FROM {table}");
        Ok(given.max(self.query_row(&largest, [], |row| row.get(0))?))
    }

    /// Reads the last key that was given out for a column of a table; null or 0 before the first.
    pub(super) fn last_given_key<T>(&self, key: (&str, &str), read: impl FnOnce(Row<'_>) -> Result<T>) -> Result<T> {
        let given = match &self.driver {
            Driver::Sqlite(_) => {
                format!("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{}'), 0)", key.0)
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => {
                format!("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{}', '{}')), 0)", key.0, key.1)
            }
        };
        self.query_row(&given, [], read)
    }

    /// Gives out keys after this one from now on.
    pub(super) fn set_last_key(&self, key: (&str, &str), last: i64) -> Result<()> {
        match &self.driver {
            // Of the other columns SQLite takes the next free key.
            Driver::Sqlite(_) => {
                self.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = ?2", params![last, key.0])?
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => {
                let set = format!(
                    "SELECT setval(pg_get_serial_sequence('{}', '{}'), ?1, CAST(?2 AS BIGINT) > 0)",
                    key.0, key.1
                );
                self.execute(&set, [last.max(1), last])?
            }
        };
        Ok(())
    }

    /// Runs a part of a transaction. When it fails, the rest of the transaction can go on: PostgreSQL would end it.
    pub(super) fn savepoint<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        self.execute_batch("SAVEPOINT part")?;
        let result = run();
        self.execute_batch(if result.is_ok() { "RELEASE part" } else { "ROLLBACK TO part; RELEASE part" })?;
        result
    }

    /// Begins a transaction, which is rolled back unless it is committed.
    pub(super) fn begin(&self, kind: TransactionKind) -> Result<Transaction<'_>> {
        Transaction::begin(self, kind)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.driver {
            Driver::Sqlite(_) => "SQLite",
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => "PostgreSQL",
        })
    }
}
