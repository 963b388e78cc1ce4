//! A table as Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::table::{Cells, Table};
use crate::formats::tables::parquet::{days_since_1970, io_error, write_column};

/// Rows of a row group: the values of one column of them are in memory at a time.
const ROW_GROUP_SIZE: usize = 65_536;

/// Writes the table.
pub(super) fn write(table: &Table<'_>, out: &mut (impl Write + Send)) -> io::Result<()> {
    let schema = Arc::new(parse_message_type(&schema(table)).expect("names of columns are words"));
    let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    add_encoded_arrow_schema_to_metadata(&arrow_schema(table), &mut properties);
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(io_error)?;
    // A table without rows has one empty group: some readers want one.
    for start in (0..table.rows.max(1)).step_by(ROW_GROUP_SIZE) {
        let rows = start..table.rows.min(start + ROW_GROUP_SIZE);
        let mut group = file.next_row_group().map_err(io_error)?;
        for column in &table.columns {
            let rows = rows.clone();
            match &column.cells {
                Cells::Text(cell) => {
                    let value = |row| cell(row).map(|text| vec![ByteArray::from(&*text)]);
                    write_column::<ByteArrayType, _>(&mut group, 1, rows.map(value))?;
                }
                Cells::Texts(cell) => {
                    let value = |row| Some(cell(row).iter().map(|text| ByteArray::from(&**text)).collect());
                    write_column::<ByteArrayType, _>(&mut group, 1, rows.map(value))?;
                }
                Cells::Integer(cell) => {
                    write_column::<Int32Type, _>(&mut group, 1, rows.map(|row| Some(vec![cell(row)?])))?
                }
                Cells::Number(cell) => {
                    write_column::<FloatType, _>(&mut group, 1, rows.map(|row| Some(vec![cell(row)?])))?
                }
                Cells::Numbers { cell, .. } => {
                    write_column::<FloatType, _>(&mut group, 1, rows.map(|row| Some(cell(row).to_vec())))?
                }
                Cells::Date(cell) => write_column::<Int32Type, _>(
                    &mut group,
                    1,
                    rows.map(|row| Some(vec![days_since_1970(cell(row)?)])),
                )?,
            }
        }
        group.close().map_err(io_error)?;
    }
    file.close().map(drop).map_err(io_error)
}

/// The columns in Parquet's language.
fn schema(table: &Table<'_>) -> String {
    let column = |name: &str, cells: &Cells<'_>| match cells {
        Cells::Text(_) => format!("OPTIONAL BINARY {name} (UTF8);"),
        Cells::Texts(_) => {
            format!("REQUIRED GROUP {name} (LIST) {{ REPEATED GROUP list {{ REQUIRED BINARY element (UTF8); }} }}")
        }
        Cells::Numbers { .. } => {
            format!("REQUIRED GROUP {name} (LIST) {{ REPEATED GROUP list {{ REQUIRED FLOAT element; }} }}")
        }
        Cells::Integer(_) => format!("OPTIONAL INT32 {name};"),
        Cells::Number(_) => format!("OPTIONAL FLOAT {name};"),
        Cells::Date(_) => format!("OPTIONAL INT32 {name} (DATE);"),
    };
    let columns: Vec<String> = table.columns.iter().map(|each| column(&each.name, &each.cells)).collect();
    format!("message {} {{ {} }}", table.name, columns.join(" "))
}

/// The columns in Arrow's language, which Arrow's readers go by: Parquet has no lists of a fixed length.
fn arrow_schema(table: &Table<'_>) -> Schema {
    let list_of = |element: DataType| Arc::new(Field::new("element", element, false));
    let column = |name: &str, cells: &Cells<'_>| match cells {
        Cells::Text(_) => Field::new(name, DataType::Utf8, true),
        Cells::Texts(_) => Field::new(name, DataType::List(list_of(DataType::Utf8)), false),
        Cells::Numbers { length, .. } => {
            let length = i32::try_from(*length).expect("a vector has fewer than 2^31 numbers");
            Field::new(name, DataType::FixedSizeList(list_of(DataType::Float32), length), false)
        }
        Cells::Integer(_) => Field::new(name, DataType::Int32, true),
        Cells::Number(_) => Field::new(name, DataType::Float32, true),
        Cells::Date(_) => Field::new(name, DataType::Date32, true),
    };
    Schema::new(table.columns.iter().map(|each| column(&each.name, &each.cells)).collect::<Vec<_>>())
}
