//! Writes the columns of a table, one after the other.

use std::io::{self, Write};

use jiff::Unit;
use jiff::civil::{Date, date};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;

/// Writes the next column of a row group: a cell for each row, with the values of a list, one value, or none.
///
/// A value that is there has the definition level `there`; an empty list has one less, and nothing at all has 0. Values of
/// a list but the first repeat.
pub(crate) fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    there: i16,
    cells: impl Iterator<Item = Option<Vec<T::T>>>,
) -> io::Result<()> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        let absent = if cell.is_some() { there - 1 } else { 0 };
        let cell = cell.unwrap_or_default();
        definition.extend(if cell.is_empty() { vec![absent] } else { vec![there; cell.len()] });
        repetition.extend((0..cell.len().max(1)).map(|position| i16::from(position > 0)));
        values.extend(cell);
    }
    let mut column = group.next_column().map_err(io_error)?.expect("no more columns than the schema has");
    column.typed::<T>().write_batch(&values, Some(&definition), Some(&repetition)).map_err(io_error)?;
    column.close().map_err(io_error)
}

/// Days since 1970.
pub(crate) fn days_since_1970(day: Date) -> i32 {
    let since = day.since((Unit::Day, date(1970, 1, 1))).expect("days between two days can be counted");
    since.get_days()
}

/// What went wrong with the file below, if that is what it was.
pub(crate) fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => io::Error::other(source),
        other => io::Error::other(other),
    }
}
