//! Writes the rows of a stream with their results, in the kind in which they came.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use serde::Serialize;
use serde_json::Value;

use super::{RowSlice, bad_stream};
use crate::error::{Error, Result};

/// What is written for a row, beside its id and what is wrong with it. The default has nulls.
pub(crate) trait RowResult: Serialize + Default {
    /// The columns.
    fn fields() -> Vec<Field>;
    /// What the columns hold for some rows.
    fn columns(rows: &[Self]) -> Vec<ArrayRef>;
}

/// Writes a stream, batch by batch.
pub(super) enum RowWriter<W: Write> {
    Arrow(Box<StreamWriter<W>>, SchemaRef),
    Json(W),
}

/// A line of JSON lines.
#[derive(Serialize)]
struct JsonLine<'a, R> {
    id: &'a Value,
    #[serde(flatten)]
    result: &'a R,
    error: Option<&'a str>,
}

impl<W: Write> RowWriter<W> {
    /// Begins a stream of the kind of `slice`.
    pub(super) fn start<R: RowResult>(out: W, slice: &RowSlice, metadata: &[(&str, String)]) -> Result<RowWriter<W>> {
        let RowSlice::Batch(batch) = slice else { return Ok(RowWriter::Json(out)) };
        slice.array("id").map_err(bad_stream)?;
        let id = batch.schema_ref().field_with_name("id").expect("the array has a field").clone();
        let fields = [vec![id], R::fields(), vec![Field::new("error", DataType::Utf8, true)]].concat();
        let metadata: HashMap<String, String> =
            metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let mut writer = StreamWriter::try_new(out, &schema).map_err(failed)?;
        writer.flush().map_err(failed)?;
        Ok(RowWriter::Arrow(Box::new(writer), schema))
    }

    /// Writes the results of the rows of a slice: as many as it has.
    pub(super) fn write<R: RowResult>(&mut self, slice: &RowSlice, results: Vec<Result<R, String>>) -> Result<()> {
        assert_eq!(results.len(), slice.len(), "one row for each row");
        let part = |result: Result<R, String>| match result {
            Ok(row) => (row, None),
            Err(reason) => (R::default(), Some(reason)),
        };
        let (rows, errors): (Vec<R>, Vec<Option<String>>) = results.into_iter().map(part).unzip();
        match (self, slice) {
            (RowWriter::Arrow(writer, schema), slice) => {
                let ids = slice.array("id").map_err(bad_stream)?.clone();
                let errors: ArrayRef = Arc::new(StringArray::from(errors));
                let columns = [vec![ids], R::columns(&rows), vec![errors]].concat();
                let batch = RecordBatch::try_new(schema.clone(), columns).map_err(failed)?;
                writer.write(&batch).and_then(|()| writer.flush()).map_err(failed)
            }
            (RowWriter::Json(out), RowSlice::Objects(objects)) => {
                let mut bytes = Vec::new();
                for ((object, result), error) in objects.iter().zip(&rows).zip(&errors) {
                    let id = object.as_ref().ok().and_then(|object| object.get("id")).unwrap_or(&Value::Null);
                    let line = JsonLine { id, result, error: error.as_deref() };
                    serde_json::to_writer(&mut bytes, &line).map_err(|error| not_written(error.into()))?;
                    bytes.push(b'\n');
                }
                out.write_all(&bytes).and_then(|()| out.flush()).map_err(not_written)
            }
            (RowWriter::Json(_), RowSlice::Batch(_)) => unreachable!("a stream is of one kind"),
        }
    }

    /// Writes the end.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            RowWriter::Arrow(mut writer, _) => writer.finish().and_then(|()| writer.flush()).map_err(failed),
            RowWriter::Json(mut out) => out.flush().map_err(not_written),
        }
    }
}

fn failed(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => not_written(source),
        other => not_written(io::Error::other(other)),
    }
}

fn not_written(source: io::Error) -> Error {
    Error::Io { path: "standard output".into(), doing: "write", source }
}
