//! What goes wrong in a database.

use rusqlite::ErrorCode;
use rusqlite::types::{FromSqlError, Type};

pub(in crate::library) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::library) enum Error {
    /// There is no such row.
    #[error("a row is missing")]
    NoRow,
    /// A value that the program never writes.
    #[error("{0}")]
    Damaged(String),
    /// A value of another type than the column has.
    #[error("`{column}` has a value of the wrong type ({found})")]
    WrongType {
        /// The name of the column.
        column: String,
        /// The type of the value.
        found: Type,
    },
    /// What has to be done before the server can be used.
    #[cfg(feature = "postgres")]
    #[error("{0}")]
    Refused(String),
    /// Nobody waits for it any more.
    #[cfg(feature = "postgres")]
    #[error("canceled")]
    Canceled,
    /// What SQLite says.
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    /// What PostgreSQL says, or its connection.
    #[cfg(feature = "postgres")]
    #[error("{}", super::postgres_session::message(.0))]
    Postgres(::postgres::Error),
}

impl Error {
    /// SQLite's code, if it is an error of SQLite.
    pub(in crate::library) fn sqlite_code(&self) -> Option<ErrorCode> {
        match self {
            Error::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Error::NoRow,
            rusqlite::Error::InvalidColumnType(_, column, found) => Error::WrongType { column, found },
            rusqlite::Error::IntegralValueOutOfRange(_, number) => Error::Damaged(format!("{number} is out of range")),
            rusqlite::Error::FromSqlConversionFailure(_, _, reason) => Error::Damaged(reason.to_string()),
            rusqlite::Error::SqliteFailure(_, Some(message)) if message == "malformed JSON" => Error::Damaged(message),
            error => Error::Sqlite(error),
        }
    }
}

#[cfg(feature = "postgres")]
impl From<::postgres::Error> for Error {
    fn from(error: ::postgres::Error) -> Error {
        Error::Postgres(error)
    }
}

impl From<FromSqlError> for Error {
    fn from(error: FromSqlError) -> Error {
        Error::Damaged(error.to_string())
    }
}

/// A row that need not be there.
pub(in crate::library) trait OptionalRow<T> {
    /// `None` where there is no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalRow<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
