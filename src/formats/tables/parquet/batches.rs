//! Reads some columns of a Parquet file, many rows at a time: vectors are too many to be read row by row.

use std::fs::File;
use std::path::Path;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::bounded_file::BoundedFile;
use super::table_file::{damaged, guarded};
use crate::error::{Error, Result};
use crate::formats::streams::RowSlice;

/// Rows that are read together.
const BATCH_ROWS: usize = 1024;

/// Returns the rows of a file, with those of the columns that are there; first an empty slice, for files without rows. A
/// damaged page is the last item.
pub(crate) fn read_batches(path: &Path, columns: &[&str]) -> Result<impl Iterator<Item = Result<RowSlice>> + use<>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    let failed = |reason: String| damaged(&name, &reason);
    let builder = guarded(|| ParquetRecordBatchReaderBuilder::try_new(BoundedFile::new(file)?)).map_err(failed)?;
    let all = builder.parquet_schema().root_schema().get_fields();
    let wanted = all.iter().enumerate().filter(|(_, column)| columns.contains(&column.name()));
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(at, _)| at).collect::<Vec<_>>());
    let schema = builder.schema().clone();
    let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
    let mut reader = guarded(|| builder.build()).map_err(failed)?;
    let none = RowSlice::Batch(arrow_array::RecordBatch::new_empty(schema));
    let rest = std::iter::from_fn(move || {
        let batch = guarded(|| Ok(reader.next().transpose()?)).map_err(|reason| damaged(&name, &reason)).transpose()?;
        Some(batch.map(RowSlice::Batch))
    });
    Ok(std::iter::once(Ok(none)).chain(rest))
}
