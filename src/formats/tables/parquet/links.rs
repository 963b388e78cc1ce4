//! Reads citation links from the columns `citing` and `cited` of a table, whatever else is in it.

use parquet::file::reader::ChunkReader;
use serde_json::Value;

use super::cell::CellReader;
use super::table_file::TableFile;
use crate::error::{Error, Result};
use crate::formats::reference::LinkIter;
use crate::formats::tables::link_list::{COLUMNS, link};

/// Fails when one of the columns is not there.
pub(crate) fn read_links(file: impl ChunkReader + 'static, name: &str) -> Result<LinkIter> {
    let table = TableFile::open(file, name)?;
    let fields = table.schema().get_fields();
    let mut selected = Vec::new();
    for wanted in COLUMNS {
        let Some(column) = fields.iter().find(|column| column.name().eq_ignore_ascii_case(wanted)) else {
            return Err(table.no_column(wanted));
        };
        selected.push(column.clone());
    }
    let file = name.to_owned();
    Ok(Box::new(table.rows(selected)?.map(move |row| {
        let (position, row) = row?;
        let end = |wanted: &str| {
            let cell = row.get_column_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            cell.map(|(_, cell)| id(CellReader::default().json(cell))).unwrap_or_default()
        };
        let [citing, cited] = COLUMNS.map(end);
        let bad_row = |reason| Error::BadRecord { file: file.clone(), place: position, reason };
        link(&citing, &cited).map_err(bad_row)
    })))
}

/// Returns an id, which may be a number; anything else is none.
fn id(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use crate::formats::ReadOptions;

    fn told(columns: [&str; 2]) -> Vec<String> {
        let [first, second] = columns;
        let schema =
            format!("message link {{ REQUIRED BINARY {first} (UTF8); REQUIRED INT64 n; REQUIRED INT64 {second}; }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut bytes = Vec::new();
        let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::new())).unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ids = ["10.5555/A", ""].map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        for _ in 0..2 {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int64Type>().write_batch(&[17, 18], None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        file.close().unwrap();
        match ReadOptions::default().read_links(Cursor::new(bytes), "x") {
            Err(error) => vec![error.to_string()],
            Ok(links) => links
                .map(|link| match link {
                    Ok((citing, cited)) => format!("{} -> {}", citing.id().unwrap(), cited.id().unwrap()),
                    Err(error) => error.to_string(),
                })
                .collect(),
        }
    }

    #[test]
    fn columns_of_links() {
        for (columns, expected) in [
            (["citing", "cited"], &["doi:10.5555/a -> 17", "x, record 2: ``: empty id"][..]),
            (["cited", "citing"], &["17 -> doi:10.5555/a", "x, record 2: ``: empty id"]),
            (["citing", "other"], &["x: no column `cited`: the columns are `citing`, `n`, `other`"]),
        ] {
            assert_eq!(told(columns), expected);
        }
    }
}
