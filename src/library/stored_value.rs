//! Values of the file: what the program never writes is damage, with a reason that names the column.

use jiff::civil::Date;

use super::database::{Error, FromSql, Result, Row as SqlRow, Type, ValueRef};
use crate::paper::PaperId;

/// The largest key of a paper, a work or an import. Keys are given out one after the other and never again: a library
/// that adds a thousand papers an hour reaches it in two centuries.
pub(super) const MAX_KEY: i64 = 1 << 31;
/// The largest number of a generation: the largest that JSON readers with 64-bit floats keep apart from the next.
pub(super) const MAX_GENERATION: i64 = (1 << 53) - 1;
/// The largest dimension of an embedding; the graph on disk has the same limit.
const MAX_DIMENSION: i64 = (1 << 16) - 1;
/// Characters of a text that a message quotes.
const MAX_QUOTED_CHARS: usize = 60;

/// The error for a value that the program never writes.
pub(super) fn damaged(reason: impl Into<String>) -> Error {
    Error::Damaged(reason.into())
}

/// The reason, if an error is about values of the file, not about reading it.
pub(super) fn damage(error: &Error) -> Option<String> {
    match error {
        Error::Damaged(reason) => Some(reason.clone()),
        Error::WrongType { column, found } => Some(wrong_type(column, *found)),
        _ => None,
    }
}

/// Says of damage where it is; leaves other errors as they are.
pub(super) fn damaged_in(place: impl FnOnce() -> String) -> impl FnOnce(Error) -> Error {
    move |error| match damage(&error) {
        Some(reason) => damaged(format!("{}: {reason}", place())),
        None => error,
    }
}

/// The value of a column.
pub(super) fn value<T: FromSql>(row: SqlRow<'_>, column: usize) -> Result<T> {
    row.get(column).map_err(|error| match error {
        Error::WrongType { .. } => error,
        error => in_column(row, column)(error),
    })
}

/// A number from `least` to `most`.
pub(super) fn number(row: SqlRow<'_>, column: usize, least: i64, most: i64) -> Result<i64> {
    match value(row, column)? {
        number if (least..=most).contains(&number) => Ok(number),
        number => Err(in_column(row, column)(damaged(format!("{number} is out of range")))),
    }
}

/// The key of a paper, a work or an import.
pub(super) fn key(row: SqlRow<'_>, column: usize) -> Result<i64> {
    number(row, column, 1, MAX_KEY)
}

/// The number of a generation.
pub(super) fn generation(row: SqlRow<'_>, column: usize) -> Result<u64> {
    number(row, column, 0, MAX_GENERATION).map(|number| number as u64)
}

/// How many numbers an embedding has.
pub(super) fn dimension(row: SqlRow<'_>, column: usize) -> Result<usize> {
    number(row, column, 1, MAX_DIMENSION).map(|number| number as usize)
}

/// An ID.
pub(super) fn id(row: SqlRow<'_>, column: usize) -> Result<PaperId> {
    parsed(row, column, |text| PaperId::parse(text).map_err(|reason| format!("{} is no ID: {reason}", quoted(text))))
}

/// A day.
pub(super) fn date(row: SqlRow<'_>, column: usize) -> Result<Date> {
    parsed(row, column, parse_date)
}

/// A day, if there is one.
pub(super) fn optional_date(row: SqlRow<'_>, column: usize) -> Result<Option<Date>> {
    optional(row, column, date)
}

/// JSON, as what it stands for.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: SqlRow<'_>, column: usize) -> Result<T> {
    parsed(row, column, |text| serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}")))
}

/// A column that may be null.
pub(super) fn optional<T>(
    row: SqlRow<'_>,
    column: usize,
    read: impl FnOnce(SqlRow<'_>, usize) -> Result<T>,
) -> Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => read(row, column).map(Some),
    }
}

/// A text, as what it stands for.
pub(super) fn parsed<T>(
    row: SqlRow<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    match row.get_ref(column)? {
        found @ ValueRef::Text(_) => {
            let text = found.as_str().map_err(Error::from);
            // The name of the column is asked for when it is needed: each paper that is read has many that are not damaged.
            text.and_then(|text| parse(text).map_err(damaged)).map_err(|error| in_column(row, column)(error))
        }
        found => Err(damaged(wrong_type(row.column_name(column), found.data_type()))),
    }
}

/// A text as messages quote it: of a long one, the start.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Days are compared as texts, so only one spelling of a day is one.
fn parse_date(text: &str) -> std::result::Result<Date, String> {
    let is_usual = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    let date = text.parse::<Date>().ok().filter(|date| is_usual || date.to_string() == text);
    date.ok_or_else(|| format!("{} is no date", quoted(text)))
}

fn in_column(row: SqlRow<'_>, column: usize) -> impl FnOnce(Error) -> Error {
    let name = row.column_name(column).to_owned();
    damaged_in(move || format!("`{name}`"))
}

fn wrong_type(column: &str, found: Type) -> String {
    match found {
        Type::Null => format!("`{column}` is missing"),
        found => format!("`{column}` has a value of the wrong type ({})", found.to_string().to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::database::Connection;

    #[test]
    fn what_is_never_written_is_damage_with_its_column() {
        let db = Connection::in_memory().unwrap();
        type Check = fn(SqlRow<'_>) -> Result<()>;
        let table: [(&str, Check, &str); 9] = [
            ("'2026-13-45'", |row| date(row, 0).map(drop), "`x`: `2026-13-45` is no date"),
            ("'20260105'", |row| optional_date(row, 0).map(drop), "`x`: `20260105` is no date"),
            ("x'00'", |row| date(row, 0).map(drop), "`x` has a value of the wrong type (blob)"),
            ("NULL", |row| id(row, 0).map(drop), "`x` is missing"),
            ("' '", |row| id(row, 0).map(drop), "`x`: ` ` is no ID: empty id"),
            ("-1", |row| generation(row, 0).map(drop), "`x`: -1 is out of range"),
            ("1125899906842624", |row| dimension(row, 0).map(drop), "`x`: 1125899906842624 is out of range"),
            ("'a'", |row| key(row, 0).map(drop), "`x` has a value of the wrong type (text)"),
            ("-5", |row| value::<u32>(row, 0).map(drop), "`x`: -5 is out of range"),
        ];
        for (sql, check, expected) in table {
            let error = db.query_row(&format!("SELECT {sql} AS x"), [], check).unwrap_err();
            assert_eq!(damage(&error).as_deref(), Some(expected), "{sql}");
        }
    }
}
