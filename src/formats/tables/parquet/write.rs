//! Writes Parquet, for data tools: the columns have the names of the fields of JSON lines.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use serde_json::Value;

use super::column_writer::{days_since_1970, io_error, write_column};
use crate::formats::FINGERPRINT_KEY;
use crate::formats::exported_paper::{ExportedPaper, work_value};
use crate::paper::{Paper, PaperId, WorkName};

/// The columns, in the order in which [`ParquetWriter::write`] writes them.
const COLUMNS: &str = "message paper {
    REQUIRED BINARY id (UTF8);
    REQUIRED GROUP also (LIST) { REPEATED GROUP list { REQUIRED BINARY element (UTF8); } }
    REQUIRED BINARY title (UTF8);
    REQUIRED BINARY abstract (UTF8);
    REQUIRED GROUP authors (LIST) { REPEATED GROUP list { REQUIRED BINARY element (UTF8); } }
    OPTIONAL INT32 author_count (INTEGER(32, false));
    OPTIONAL INT32 published (DATE);
    OPTIONAL INT32 listed (DATE);
    OPTIONAL INT32 votes (INTEGER(32, false));
    OPTIONAL INT32 comments (INTEGER(32, false));
    REQUIRED GROUP categories (LIST) { REPEATED GROUP list { REQUIRED BINARY element (UTF8); } }
    REQUIRED BINARY source (UTF8);
    OPTIONAL BINARY url (UTF8);
    REQUIRED GROUP references (LIST) { REPEATED GROUP list { REQUIRED BINARY element (UTF8); } }
    OPTIONAL GROUP embedding (LIST) { REPEATED GROUP list { REQUIRED FLOAT element; } }
}";
/// Rows of a row group: they are in memory until they are written together.
const ROW_GROUP_SIZE: usize = 8192;

/// Writes papers to a Parquet file.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<ExportedPaper>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts an empty table; with the fingerprint of the model that made the embeddings, if it has some.
    ///
    /// # Errors
    /// Errors of writing to `out`, here and below.
    pub fn new(out: W, fingerprint: Option<&str>) -> io::Result<ParquetWriter<W>> {
        let columns = Arc::new(parse_message_type(COLUMNS).expect("the columns are written in Parquet's language"));
        let embedding = ColumnPath::from(["embedding", "list", "element"].map(str::to_owned).to_vec());
        let fingerprint =
            fingerprint.map(|fingerprint| vec![KeyValue::new(FINGERPRINT_KEY.to_owned(), fingerprint.to_owned())]);
        let properties = WriterProperties::builder()
            .set_key_value_metadata(fingerprint)
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // No number comes twice.
            .set_column_dictionary_enabled(embedding.clone(), false)
            .set_column_compression(embedding, Compression::UNCOMPRESSED);
        let file = SerializedFileWriter::new(out, columns, Arc::new(properties.build())).map_err(io_error)?;
        Ok(ParquetWriter { file, rows: Vec::new() })
    }

    /// Adds a row.
    pub fn add(&mut self, row: ExportedPaper) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() == ROW_GROUP_SIZE { self.write() } else { Ok(()) }
    }

    /// Writes the end of the table.
    pub fn finish(mut self) -> io::Result<()> {
        self.write()?;
        self.file.close().map(drop).map_err(io_error)
    }

    fn write(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut columns = RowGroupColumns { rows: &rows, group: self.file.next_row_group().map_err(io_error)? };
        columns.text(|paper| paper.id.as_str())?;
        columns.list(|paper| paper.aliases.iter().map(PaperId::as_str).collect())?;
        columns.text(|paper| &paper.title)?;
        columns.text(|paper| &paper.abstract_text)?;
        columns.list(|paper| paper.authors.iter().map(String::as_str).collect())?;
        columns.number(|paper| paper.author_count.map(u32::cast_signed))?;
        columns.number(|paper| paper.published.map(days_since_1970))?;
        columns.number(|paper| paper.listed.map(days_since_1970))?;
        columns.number(|paper| paper.votes.map(u32::cast_signed))?;
        columns.number(|paper| paper.comments.map(u32::cast_signed))?;
        columns.list(|paper| paper.categories.iter().map(String::as_str).collect())?;
        columns.text(|paper| &paper.source)?;
        columns.put::<ByteArrayType>(1, |row| Some(vec![row.paper.url.as_deref()?.into()]))?;
        columns.put::<ByteArrayType>(1, |row| Some(row.references.iter().map(work).collect()))?;
        columns.put::<FloatType>(2, |row| row.embedding.clone())?;
        columns.group.close().map(drop).map_err(io_error)
    }
}

/// A group of rows whose columns are being written, one after the other.
struct RowGroupColumns<'a, W: Write> {
    rows: &'a [ExportedPaper],
    group: SerializedRowGroupWriter<'a, W>,
}

impl<W: Write + Send> RowGroupColumns<'_, W> {
    fn text(&mut self, text: impl Fn(&Paper) -> &str) -> io::Result<()> {
        self.put::<ByteArrayType>(0, |row| Some(vec![text(&row.paper).into()]))
    }

    fn list(&mut self, texts: impl Fn(&Paper) -> Vec<&str>) -> io::Result<()> {
        self.put::<ByteArrayType>(1, |row| Some(texts(&row.paper).into_iter().map(ByteArray::from).collect()))
    }

    fn number(&mut self, number: impl Fn(&Paper) -> Option<i32>) -> io::Result<()> {
        self.put::<Int32Type>(1, |row| Some(vec![number(&row.paper)?]))
    }

    /// Writes the next column: see [`write_column`].
    fn put<T: DataType>(&mut self, there: i16, cell: impl Fn(&ExportedPaper) -> Option<Vec<T::T>>) -> io::Result<()> {
        write_column::<T, W>(&mut self.group, there, self.rows.iter().map(cell))
    }
}

/// A work that is cited, as a text: its id, or JSON.
fn work(work: &WorkName) -> ByteArray {
    match work_value(work) {
        Value::String(id) => id.as_str().into(),
        other => other.to_string().as_str().into(),
    }
}
