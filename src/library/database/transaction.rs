//! Transactions.

use std::ops::Deref;

use super::error::Result;
use super::{Connection, Driver};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::library) enum TransactionKind {
    /// It sees the database as it is at one moment.
    Read,
    /// It writes, after those who write now.
    Write,
}

/// A transaction, rolled back when it is dropped before it is committed.
pub(in crate::library) struct Transaction<'c> {
    db: &'c Connection,
    is_open: bool,
}

impl<'c> Transaction<'c> {
    pub(super) fn begin(db: &'c Connection, kind: TransactionKind) -> Result<Transaction<'c>> {
        match &db.driver {
            Driver::Sqlite(sqlite) => sqlite.execute_batch(match kind {
                TransactionKind::Read => "BEGIN DEFERRED",
                TransactionKind::Write => "BEGIN IMMEDIATE",
            })?,
            #[cfg(feature = "postgres")]
            Driver::Postgres(postgres) => postgres.begin(kind)?,
        }
        Ok(Transaction { db, is_open: true })
    }

    /// Makes it last.
    pub(in crate::library) fn commit(mut self) -> Result<()> {
        self.db.execute_batch("COMMIT")?;
        self.is_open = false;
        Ok(())
    }

    /// Leaves it open: it ends with the connection.
    pub(in crate::library) fn leave_open(mut self) {
        self.is_open = false;
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.db
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SQLite may have rolled it back already, and a connection that is gone has.
        if self.is_open && !self.db.is_autocommit() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }
}
