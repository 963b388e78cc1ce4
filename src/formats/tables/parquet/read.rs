//! Reads Parquet, as data sets are published: columns have the names of JSON fields, lists and structs included. Only the
//! columns that a paper has are decoded, and memory holds one page of each, within limits ([`super::bounded_file`]).

use std::sync::Arc;

use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::ChunkReader;
use parquet::record::{Field as Cell, Row};
use parquet::schema::types::Type;
use serde_json::Map;

use super::cell::CellReader;
use super::table_file::{TableFile, guarded};
use super::vector_columns::{VectorColumns, VectorModel};
use crate::error::{Error, Result};
use crate::formats::common::field_names::FieldRole;
use crate::formats::common::fields;
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, FoundRecord, RecordIter};
use crate::formats::tables::columns::{ColumnMap, renamed};

/// What such a file begins and ends with.
pub(crate) const MAGIC: [u8; 4] = *b"PAR1";

/// Fails when no column holds titles or abstracts, or one that `columns` names is not there, or vectors are asked for and
/// there are none.
pub(crate) fn read(
    file: impl ChunkReader + 'static,
    name: &str,
    columns: &ColumnMap,
    vectors: Option<&VectorModel>,
) -> Result<RecordIter> {
    let table = TableFile::open(file, name)?;
    let schema = table.schema();
    let names: Vec<String> = schema.get_fields().iter().map(|column| column.name().to_owned()).collect();
    let fields = columns.fields(&names).map_err(|reason| table.bad_file(reason))?;
    if !fields.iter().any(|field| FieldRole::is_text(field)) {
        return Err(table.bad_file(FieldRole::no_text_among(names.iter().map(String::as_str))));
    }
    let renamed = renamed(&fields, &names);
    let vectors = vectors.map(|model| VectorColumns::find(&table, model)).transpose()?;
    let (mut selected, columns) = chosen(schema, fields);
    selected.extend(vectors.iter().flat_map(VectorColumns::columns));
    let (file, size) = (name.to_owned(), table.size());
    Ok(Box::new(table.rows(selected)?.map(move |row| {
        let (position, row) = row?;
        let bad_record = |reason| Error::BadRecord { file: file.clone(), place: position, reason };
        match guarded(|| Ok(reference(&row, &columns))) {
            Ok((mut reference, bytes)) => {
                size.add(bytes as u64).map_err(|reason| Error::BadFile { file: file.clone(), reason })?;
                reference.notes.rename(&renamed);
                if let Some(vectors) = &vectors {
                    reference.embedding = Some(vectors.embedding(&row).map_err(bad_record)?);
                }
                Ok(FoundRecord { position, reference })
            }
            Err(_) => Err(bad_record("an invalid time".to_owned())),
        }
    })))
}

/// A column that is a field of a paper.
struct FieldColumn {
    field: String,
    /// Whether it counts nanoseconds, which the crate returns as bare numbers.
    in_nanoseconds: bool,
}

/// The columns that are fields of a paper.
fn chosen(schema: &Type, fields: Vec<String>) -> (Vec<Arc<Type>>, Vec<FieldColumn>) {
    let columns = schema.get_fields().iter().cloned().zip(fields);
    let columns = columns.filter(|(_, field)| FieldRole::is_known(field));
    let column = |(column, field): (Arc<Type>, String)| {
        let in_nanoseconds = is_in_nanoseconds(&column);
        (column, FieldColumn { field, in_nanoseconds })
    };
    columns.map(column).unzip()
}

fn is_in_nanoseconds(column: &Type) -> bool {
    let logical = column.get_basic_info().logical_type_ref();
    matches!(logical, Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::NANOS)
}

/// The reference of a row, and how many bytes of text are in it.
fn reference(row: &Row, columns: &[FieldColumn]) -> (BibReference, usize) {
    let (mut record, mut bytes) = (Map::new(), 0);
    let mut unreadable = Vec::new();
    for (FieldColumn { field, in_nanoseconds }, (_, cell)) in columns.iter().zip(row.get_column_iter()) {
        let mut reader = CellReader::default();
        let value = match cell {
            Cell::Long(count) if *in_nanoseconds => reader.nanoseconds(*count),
            cell => reader.json(cell),
        };
        bytes += reader.bytes;
        unreadable.extend(reader.wrong.map(|reason| (field.clone(), reason)));
        record.insert(field.clone(), value);
    }
    let mut reference = fields::reference(record, InputFormat::Parquet.source());
    unreadable.into_iter().for_each(|(field, reason)| reference.notes.drop(field, reason));
    (reference, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type, Int96, Int96Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
    use parquet::schema::parser::parse_message_type;

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

    /// A file with one group of rows.
    fn file(
        columns: &str,
        compression: Compression,
        write: impl FnOnce(&mut SerializedRowGroupWriter<'_, &mut Vec<u8>>),
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let schema = Arc::new(parse_message_type(&format!("message paper {{ {columns} }}")).unwrap());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
        let mut group = file.next_row_group().unwrap();
        write(&mut group);
        group.close().unwrap();
        file.close().unwrap();
        bytes
    }

    /// Writes the next column, with the levels of each value: how much of it is defined, and what it repeats.
    fn put<T: DataType>(
        group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
        values: &[T::T],
        defined: &[i16],
        repeated: &[i16],
    ) {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(values, Some(defined), Some(repeated)).unwrap();
        column.close().unwrap();
    }

    fn texts(texts: &[&str]) -> Vec<ByteArray> {
        texts.iter().map(|text| ByteArray::from(*text)).collect()
    }

    /// The papers of a file, with what was dropped.
    fn told(bytes: Vec<u8>) -> Vec<String> {
        let dropped = read(Cursor::new(bytes.clone()), "x", None).map(|papers| {
            papers.records().flatten().flat_map(|record| record.dropped).map(|error| error.to_string()).collect()
        });
        let dropped: Vec<String> = dropped.unwrap_or_default();
        [summaries(read(Cursor::new(bytes), "x", None)), dropped].concat()
    }

    #[test]
    fn all_codecs() {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(ZstdLevel::default()),
            Compression::BROTLI(BrotliLevel::default()),
        ] {
            let bytes = file("REQUIRED BINARY title (UTF8);", compression, |group| {
                put::<ByteArrayType>(group, &texts(&["Lamps", "Ferries", "Lamps"]), &[0; 3], &[0; 3]);
            });
            assert_eq!(told(bytes), ["title=Lamps", "title=Ferries", "title=Lamps"], "{compression}");
        }
    }

    #[test]
    fn binary_columns_are_texts() {
        let columns = "OPTIONAL BINARY title; OPTIONAL BINARY abstract;
            OPTIONAL GROUP authors (LIST) { REPEATED GROUP list { OPTIONAL BINARY element; } }";
        let bytes = file(columns, Compression::SNAPPY, |group| {
            put::<ByteArrayType>(group, &texts(&["Lamps", "Führen"]), &[1, 1], &[0, 0]);
            put::<ByteArrayType>(group, &[b"caf\xe9".to_vec().into()], &[0, 1], &[0, 0]);
            put::<ByteArrayType>(group, &texts(&["Ada Oak", "Bo Elm"]), &[3, 2, 3, 0], &[0, 1, 1, 0]);
        });
        assert_eq!(
            told(bytes),
            [
                "title=Lamps | authors=Ada Oak; Bo Elm",
                "title=Führen",
                "x, record 2: `abstract`: binary data: expected a text in UTF-8",
            ]
        );
    }

    #[test]
    fn structures_without_names() {
        let columns = "REQUIRED BINARY title (UTF8);
            OPTIONAL GROUP authors (LIST) { REPEATED GROUP list {
                OPTIONAL GROUP element { OPTIONAL BINARY name (UTF8); OPTIONAL INT64 hindex; } } }";
        let bytes = file(columns, Compression::SNAPPY, |group| {
            put::<ByteArrayType>(group, &texts(&["Lamps", "Ferries"]), &[0, 0], &[0, 0]);
            // [{name: null}, {name: "Ada Oak"}, null], null
            put::<ByteArrayType>(group, &texts(&["Ada Oak"]), &[3, 4, 2, 0], &[0, 1, 1, 0]);
            put::<Int64Type>(group, &[], &[3, 3, 2, 0], &[0, 1, 1, 0]);
        });
        assert_eq!(told(bytes), ["title=Lamps | authors=Ada Oak", "title=Ferries"]);
    }

    #[test]
    fn dates_in_all_their_forms() {
        for (column, write) in [
            ("INT32 published (DATE)", (|group| put::<Int32Type>(group, &[18263, i32::MAX], &[1, 1], &[0, 0])) as Put),
            ("INT64 published (TIMESTAMP(MILLIS, true))", |group| {
                put::<Int64Type>(group, &[1_577_923_200_000, i64::MAX], &[1, 1], &[0, 0]);
            }),
            ("INT64 published (TIMESTAMP(MICROS, false))", |group| {
                put::<Int64Type>(group, &[1_577_923_200_000_000, i64::MIN], &[1, 1], &[0, 0]);
            }),
            ("INT64 published (TIMESTAMP(NANOS, true))", |group| {
                put::<Int64Type>(group, &[1_577_923_200_000_000_000, 0], &[1, 0], &[0, 0]);
            }),
            ("INT96 published", |group| {
                put::<Int96Type>(group, &[Int96::from(vec![0, 0, 2_440_588 + 18_263])], &[1, 0], &[0, 0]);
            }),
            ("INT32 year", |group| put::<Int32Type>(group, &[2020, 9999], &[1, 1], &[0, 0])),
            ("DOUBLE year", |group| put::<DoubleType>(group, &[2020.0, f64::NAN], &[1, 1], &[0, 0])),
            ("BINARY year", |group| put::<ByteArrayType>(group, &texts(&["2020"]), &[1, 0], &[0, 0])),
        ] {
            let columns = format!("REQUIRED BINARY title (UTF8); OPTIONAL {column};");
            let bytes = file(&columns, Compression::SNAPPY, |group| {
                put::<ByteArrayType>(group, &texts(&["Lamps", "Ferries"]), &[0, 0], &[0, 0]);
                write(group);
            });
            let day = if column.contains("year") { "2020-01-01" } else { "2020-01-02" };
            let told = told(bytes);
            assert_eq!(told[..2], [format!("title=Lamps | published={day}"), "title=Ferries".to_owned()], "{column}");
            let dropped = told.get(2).is_none_or(|dropped| dropped.starts_with("x, record 2: `"));
            assert!(told.len() <= 3 && dropped, "{column}: {told:?}");
        }
    }

    /// Writes the last column.
    type Put = fn(&mut SerializedRowGroupWriter<'_, &mut Vec<u8>>);

    #[test]
    fn small_files_of_large_pages() {
        let column = "OPTIONAL BINARY title (UTF8);";
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let long =
            file(column, zstd, |group| put::<ByteArrayType>(group, &texts(&[&"x".repeat(80 << 20)]), &[1], &[0]));
        let absent = file(column, zstd, |group| put::<ByteArrayType>(group, &[], &[0; 1_000_000], &[0; 1_000_000]));
        // The dictionary has one text, and a row takes no more than some bits.
        let text = ByteArray::from("x".repeat(1 << 20).as_str());
        let again = file(column, zstd, |group| put::<ByteArrayType>(group, &vec![text; 200], &[1; 200], &[0; 200]));
        for bytes in [long, absent, again] {
            assert!(bytes.len() < 64 << 10);
            let told = told(bytes);
            assert!(told.last().unwrap().contains("expands to more than 200 times its size"), "{:?}", told.last());
        }
    }

    #[test]
    fn columns_that_are_nested_too_deeply() {
        let nested = |depth| {
            let columns =
                format!("{}OPTIONAL BINARY title; {}", "OPTIONAL GROUP g { ".repeat(depth), "} ".repeat(depth));
            told(file(&columns, Compression::SNAPPY, |group| {
                put::<ByteArrayType>(group, &texts(&["Lamps"]), &[depth as i16 + 1], &[0]);
            }))
        };
        assert!(nested(60)[0].starts_with("x: no title and no abstract"), "{:?}", nested(60));
        assert_eq!(nested(100), ["x: damaged Parquet: columns are nested deeper than 64 levels"]);
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
