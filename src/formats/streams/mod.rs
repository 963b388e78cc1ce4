//! Streams of rows that batch jobs send through a command: Arrow IPC streams and JSON lines.
//!
//! What comes out is of the same kind as what went in, with one row for each row, in the same order. What is wrong with a
//! row is said in its column `error`; only what is wrong with the stream itself ends it.

mod arrow_rows;
mod columns;
mod json_rows;
mod results;
mod row_slice;
mod row_writer;

use std::io::{BufReader, Cursor, Read, Write};

use crate::error::{Error, Result};
use arrow_rows::ArrowRows;
use json_rows::JsonRows;
use row_writer::RowWriter;

pub(crate) use columns::RowCell;
pub(crate) use results::{EmbeddedRow, NearPaper, NeighborsRow};
pub(crate) use row_slice::RowSlice;
pub(crate) use row_writer::RowResult;

/// Rows that are worked on together, and written as one batch.
const SLICE_ROWS: usize = 1024;
/// How an Arrow stream begins: <https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format>.
const ARROW_START: [u8; 4] = [0xff; 4];
/// How an Arrow file begins, which is no stream.
const ARROW_FILE_START: &[u8] = b"ARROW1";

/// The key of the model's name.
pub(crate) const MODEL_KEY: &str = "paperkin.model";
/// The key of the number of dimensions.
pub(crate) const DIMENSION_KEY: &str = "paperkin.dimension";

/// What is wrong with a stream, which cannot be read on.
pub(crate) fn bad_stream(reason: impl Into<String>) -> Error {
    Error::BadFile { file: "-".to_owned(), reason: reason.into() }
}

/// Reads a stream, and writes one of the same kind with the results of `work`, which gets the rows slice by slice. It gets
/// an empty slice first: a stream without rows is checked too. An Arrow schema gets the metadata.
///
/// # Errors
/// When the stream is broken, or `work` fails; what was written before stays.
pub(crate) fn transform<R: RowResult>(
    input: impl Read + 'static,
    output: impl Write,
    metadata: &[(&str, String)],
    mut work: impl FnMut(&RowSlice) -> Result<Vec<Result<R, String>>>,
) -> Result<()> {
    let mut rows = RowStream::open(input)?;
    let none = rows.empty_slice();
    work(&none)?;
    let mut writer = RowWriter::start::<R>(output, &none, metadata)?;
    while let Some(slice) = rows.next_slice()? {
        let results = work(&slice)?;
        writer.write(&slice, results)?;
    }
    writer.finish()
}

/// A stream of either kind.
enum RowStream {
    Arrow(ArrowRows),
    Json(JsonRows),
}

impl RowStream {
    /// Tells the kind of a stream by its first bytes. One without any has no rows.
    fn open(mut input: impl Read + 'static) -> Result<RowStream> {
        let mut start = Vec::new();
        let read = input.by_ref().take(ARROW_FILE_START.len() as u64).read_to_end(&mut start);
        read.map_err(|source| bad_input(&source))?;
        let is_arrow = start.starts_with(&ARROW_START);
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
        let is_json = text.is_empty() || text.starts_with(b"{");
        if start == ARROW_FILE_START {
            return Err(bad_stream("an Arrow file: send an Arrow stream, as `pyarrow.ipc.new_stream` writes it"));
        }
        let input: Box<dyn Read> = Box::new(Cursor::new(start).chain(input));
        match (is_arrow, is_json) {
            (true, _) => Ok(RowStream::Arrow(ArrowRows::open(BufReader::new(input))?)),
            (_, true) => Ok(RowStream::Json(JsonRows::open(BufReader::new(input)))),
            _ => Err(bad_stream("neither an Arrow stream nor JSON lines: send one of these")),
        }
    }

    /// The columns, without a row.
    fn empty_slice(&self) -> RowSlice {
        match self {
            RowStream::Arrow(rows) => rows.empty_slice(),
            RowStream::Json(_) => RowSlice::Objects(Vec::new()),
        }
    }

    /// The next rows; `None` at the end.
    fn next_slice(&mut self) -> Result<Option<RowSlice>> {
        match self {
            RowStream::Arrow(rows) => rows.next_slice(),
            RowStream::Json(rows) => rows.next_slice(),
        }
    }
}

/// An error of the system while a stream is read.
fn bad_input(source: &std::io::Error) -> Error {
    bad_stream(format!("cannot be read: {source}"))
}
