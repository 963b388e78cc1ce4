//! Reads Parquet, as data sets are published: columns have the names of JSON fields, lists and structs included. Only the columns that a paper has are decoded, and memory holds one page of each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field as Cell, Row};
use parquet::schema::types::Type;
use serde_json::{Map, Value};

use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::field_names::FieldRole;
use crate::formats::common::fields;
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{FoundRecord, RecordIter};
use crate::formats::tables::columns::ColumnMap;

/// What such a file begins and ends with.
pub(crate) const MAGIC: [u8; 4] = *b"PAR1";

/// Fails when no column holds titles or abstracts, or one that `columns` names is not there.
pub(crate) fn read(file: impl ChunkReader + 'static, name: &str, columns: &ColumnMap) -> Result<RecordIter> {
    let bad_file = {
        let file = name.to_owned();
        move |reason: String| Error::BadFile { file: file.clone(), reason }
    };
    let damaged = |reason: String| bad_file(format!("damaged Parquet: {reason}"));
    let reader = guarded(|| SerializedFileReader::new(file)).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema();
    let mut fields: Vec<String> = schema.get_fields().iter().map(|column| column.name().to_owned()).collect();
    columns.rename(&mut fields).map_err(&bad_file)?;
    if !fields.iter().any(|field| FieldRole::is_text(field)) {
        return Err(bad_file(FieldRole::no_text_among(fields.iter().map(String::as_str))));
    }
    let (selected, names) = chosen(schema, fields);
    let selected = Type::group_type_builder(schema.name()).with_fields(selected).build();
    let rows = guarded(|| RowIter::from_file_into(Box::new(reader)).project(Some(selected?)));
    let mut rows = rows.map_err(damaged)?;
    let file = name.to_owned();
    let mut count = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let row = match guarded(|| rows.next().transpose()) {
            Ok(row) => row?,
            Err(reason) => return Some(Err(bad_file(format!("damaged Parquet: {reason}")))),
        };
        count += 1;
        let position = RecordPosition::Record(count);
        let raw_paper = guarded(|| Ok(record(&row, &names))).map_err(|_| "an invalid date or time".to_owned());
        let raw_paper = raw_paper.and_then(|record| fields::raw_paper(record, InputFormat::Parquet.source()));
        Some(match raw_paper {
            Ok(raw_paper) => Ok(FoundRecord { position, reference: raw_paper.into() }),
            Err(reason) => Err(Error::BadRecord { file: file.clone(), place: position, reason }),
        })
    })))
}

/// The columns that are fields of a paper, what they hold, and whether they count nanoseconds.
fn chosen(schema: &Type, fields: Vec<String>) -> (Vec<Arc<Type>>, Vec<(String, bool)>) {
    let columns = schema.get_fields().iter().cloned().zip(fields);
    let columns = columns.filter(|(_, field)| FieldRole::is_known(field));
    columns.map(|(column, field)| (column.clone(), (field, is_in_nanoseconds(&column)))).unzip()
}

/// Whether a column counts nanoseconds, which the crate returns as bare numbers.
fn is_in_nanoseconds(column: &Type) -> bool {
    let logical = column.get_basic_info().logical_type_ref();
    matches!(logical, Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::NANOS)
}

fn record(row: &Row, columns: &[(String, bool)]) -> Map<String, Value> {
    let values = columns.iter().zip(row.get_column_iter()).map(|((name, in_nanoseconds), (_, value))| {
        let value = match value {
            Cell::Long(count) if *in_nanoseconds => {
                Timestamp::from_nanosecond(i128::from(*count)).map_or(Value::Null, |time| time.to_string().into())
            }
            value => value.to_json_value(),
        };
        (name.clone(), value)
    });
    values.collect()
}

/// What the crate makes of a file. It panics on some that are damaged: that is an error too.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("its pages contradict its index".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::formats::tests::{fixture, fixture_path, summaries};
    use crate::formats::{ColumnMap, InputFormat, ReadOptions, ReferenceReader, is_parquet, open, read};

    #[test]
    fn a_table() {
        insta::assert_snapshot!(fixture("papers.parquet").join("\n"));
        let path = fixture_path("papers.parquet");
        assert!(is_parquet(&path) && !is_parquet(&fixture_path("papers.csv")));
        let found = open(&path, None);
        assert_eq!(found.as_ref().map(|papers| papers.format()).ok(), Some(InputFormat::Parquet));
        assert_eq!(summaries(found).len(), fixture("papers.parquet").len());
    }

    #[test]
    fn columns_under_other_names() {
        let columns = ColumnMap(vec!["title=remark".parse().unwrap()]);
        let reading = ReadOptions { columns, ..ReadOptions::default() };
        let found = summaries(reading.open(&fixture_path("papers.parquet")).map(ReferenceReader::checked));
        assert!(found[0].contains("title=first"), "{found:?}");
    }

    #[test]
    fn damaged_files() {
        let bytes = std::fs::read(fixture_path("papers.parquet")).unwrap();
        for end in [4, 12, bytes.len() / 2, bytes.len() - 1] {
            let found = summaries(read(Cursor::new(bytes[..end].to_vec()), "x.parquet", None));
            assert!(found[0].starts_with("x.parquet: damaged Parquet: "), "{end}: {found:?}");
        }
    }
}
