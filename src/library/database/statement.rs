//! A statement, and the rows that it gives.

use super::error::{Error, Result};
use super::params::Params;
use super::row::Row;

/// A prepared statement.
pub(in crate::library) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::PostgresStatement<'c>),
}

impl Statement<'_> {
    /// Runs it. Returns how many rows it changed.
    pub(in crate::library) fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.with(|values| match self {
            Statement::Sqlite(statement) => Ok(statement.execute(values)?),
            #[cfg(feature = "postgres")]
            Statement::Postgres(statement) => statement.execute(values),
        })
    }

    /// The names of the columns of its rows.
    pub(in crate::library) fn column_names(&self) -> Result<Vec<String>> {
        match self {
            Statement::Sqlite(statement) => Ok(statement.column_names().map(str::to_owned).collect()),
            #[cfg(feature = "postgres")]
            Statement::Postgres(statement) => statement.column_names(),
        }
    }

    /// Its rows.
    pub(in crate::library) fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        params.with(|values| {
            Ok(match self {
                Statement::Sqlite(statement) => Rows::Sqlite(statement.query(values)?),
                #[cfg(feature = "postgres")]
                Statement::Postgres(statement) => Rows::Postgres(statement.query(values)?),
            })
        })
    }

    /// Its first row.
    pub(in crate::library) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T>,
    ) -> Result<T> {
        read(self.query(params)?.next()?.ok_or(Error::NoRow)?)
    }

    /// Its rows, read.
    pub(in crate::library) fn query_map<'s, T>(
        &'s mut self,
        params: impl Params,
        mut read: impl FnMut(Row<'_>) -> Result<T> + 's,
    ) -> Result<impl Iterator<Item = Result<T>> + 's> {
        let mut rows = self.query(params)?;
        Ok(std::iter::from_fn(move || rows.next().and_then(|row| row.map(&mut read).transpose()).transpose()))
    }

    /// Whether it has rows.
    pub(in crate::library) fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }
}

/// The rows of a query, read one after the other.
pub(in crate::library) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres_values::PostgresRows),
}

impl Rows<'_> {
    /// The next row.
    pub(in crate::library) fn next(&mut self) -> Result<Option<Row<'_>>> {
        Ok(match self {
            Rows::Sqlite(rows) => rows.next()?.map(Row::Sqlite),
            #[cfg(feature = "postgres")]
            Rows::Postgres(rows) => rows.next()?.map(Row::Postgres),
        })
    }
}
