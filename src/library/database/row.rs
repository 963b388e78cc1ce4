//! A row of a query.

use rusqlite::types::{FromSql, FromSqlError, ValueRef};

use super::error::{Error, Result};

/// A row, with the values of its columns.
#[derive(Clone, Copy)]
pub(in crate::library) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r super::postgres_values::PostgresRow),
}

impl<'r> Row<'r> {
    /// A value as it is.
    pub(in crate::library) fn get_ref(self, column: usize) -> Result<ValueRef<'r>> {
        match self {
            Row::Sqlite(row) => Ok(row.get_ref(column)?),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.value(column),
        }
    }

    /// A value as a type.
    pub(in crate::library) fn get<T: FromSql>(self, column: usize) -> Result<T> {
        let value = self.get_ref(column)?;
        T::column_result(value).map_err(|error| match error {
            FromSqlError::InvalidType => {
                Error::WrongType { column: self.column_name(column).to_owned(), found: value.data_type() }
            }
            FromSqlError::OutOfRange(number) => Error::Damaged(format!("{number} is out of range")),
            error => error.into(),
        })
    }

    /// The name of a column.
    pub(in crate::library) fn column_name(&self, column: usize) -> &str {
        match self {
            Row::Sqlite(row) => row.as_ref().column_name(column).unwrap_or("?"),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.column_name(column),
        }
    }

    /// How many columns there are.
    pub(in crate::library) fn column_count(self) -> usize {
        match self {
            Row::Sqlite(row) => row.as_ref().column_count(),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.column_count(),
        }
    }
}
