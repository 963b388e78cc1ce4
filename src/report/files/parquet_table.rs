//! A table as Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Unit;
use jiff::civil::{Date, date};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::table::{Cells, Table};

/// Rows of a row group: the values of one column of them are in memory at a time.
const ROW_GROUP_SIZE: usize = 65_536;

/// Writes the table.
pub(super) fn write(table: &Table<'_>, out: &mut (impl Write + Send)) -> io::Result<()> {
    let schema = Arc::new(parse_message_type(&schema(table)).expect("names of columns are words"));
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    // A table without rows has one empty group: some readers want one.
    for start in (0..table.rows.max(1)).step_by(ROW_GROUP_SIZE) {
        let rows = start..table.rows.min(start + ROW_GROUP_SIZE);
        let mut group = file.next_row_group().map_err(failed)?;
        for column in &table.columns {
            let rows = rows.clone();
            match &column.cells {
                Cells::Text(cell) => {
                    let value = |row| cell(row).map(|text| vec![ByteArray::from(&*text)]);
                    put::<ByteArrayType, _>(&mut group, rows.map(value))?;
                }
                Cells::Texts(cell) => {
                    let value = |row| Some(cell(row).iter().map(|text| ByteArray::from(&**text)).collect());
                    put::<ByteArrayType, _>(&mut group, rows.map(value))?;
                }
                Cells::Integer(cell) => put::<Int32Type, _>(&mut group, rows.map(|row| Some(vec![cell(row)?])))?,
                Cells::Number(cell) => put::<FloatType, _>(&mut group, rows.map(|row| Some(vec![cell(row)?])))?,
                Cells::Date(cell) => put::<Int32Type, _>(&mut group, rows.map(|row| Some(vec![day(cell(row)?)])))?,
            }
        }
        group.close().map_err(failed)?;
    }
    file.close().map(drop).map_err(failed)
}

/// The columns in Parquet's language.
fn schema(table: &Table<'_>) -> String {
    let column = |name: &str, cells: &Cells<'_>| match cells {
        Cells::Text(_) => format!("OPTIONAL BINARY {name} (UTF8);"),
        Cells::Texts(_) => {
            format!("REQUIRED GROUP {name} (LIST) {{ REPEATED GROUP list {{ REQUIRED BINARY element (UTF8); }} }}")
        }
        Cells::Integer(_) => format!("OPTIONAL INT32 {name};"),
        Cells::Number(_) => format!("OPTIONAL FLOAT {name};"),
        Cells::Date(_) => format!("OPTIONAL INT32 {name} (DATE);"),
    };
    let columns: Vec<String> = table.columns.iter().map(|each| column(&each.name, &each.cells)).collect();
    format!("message {} {{ {} }}", table.name, columns.join(" "))
}

/// Writes the next column. A value has the definition level 1, an empty list and no value have 0; values of a list but the
/// first repeat.
fn put<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: impl Iterator<Item = Option<Vec<T::T>>>,
) -> io::Result<()> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        let cell = cell.unwrap_or_default();
        definition.extend(if cell.is_empty() { vec![0] } else { vec![1; cell.len()] });
        repetition.extend((0..cell.len().max(1)).map(|position| i16::from(position > 0)));
        values.extend(cell);
    }
    let mut column = group.next_column().map_err(failed)?.expect("as many columns as the schema has");
    column.typed::<T>().write_batch(&values, Some(&definition), Some(&repetition)).map_err(failed)?;
    column.close().map_err(failed)
}

/// Days since 1970.
fn day(day: Date) -> i32 {
    day.since((Unit::Day, date(1970, 1, 1))).expect("days between two days can be counted").get_days()
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => io::Error::other(source),
        other => io::Error::other(other),
    }
}
