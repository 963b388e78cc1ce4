//! A Parquet file whose rows are read one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Row;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::bounded_file::{BoundedFile, UnpackedSize};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::values::truncated;

/// An open file.
pub(super) struct TableFile<R: ChunkReader> {
    reader: SerializedFileReader<BoundedFile<R>>,
    size: Arc<UnpackedSize>,
    name: String,
}

impl<R: ChunkReader + 'static> TableFile<R> {
    /// Fails when it is damaged, or compressed in a way that is not read.
    pub(super) fn open(file: R, name: &str) -> Result<TableFile<R>> {
        let file = BoundedFile::new(file).map_err(|error| damaged(name, &message(&error)))?;
        let size = file.size();
        let reader = guarded(|| SerializedFileReader::new(file)).map_err(|reason| damaged(name, &reason))?;
        let table = TableFile { reader, size, name: name.to_owned() };
        check_compression(table.reader.metadata()).map_err(|reason| table.bad_file(reason))?;
        Ok(table)
    }

    /// What its columns are.
    pub(super) fn schema(&self) -> &Type {
        self.reader.metadata().file_metadata().schema()
    }

    /// What its metadata has for a key.
    pub(super) fn metadata(&self, key: &str) -> Option<&str> {
        let pairs = self.reader.metadata().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// What the texts of the rows are added to.
    pub(super) fn size(&self) -> Arc<UnpackedSize> {
        Arc::clone(&self.size)
    }

    /// An error of the whole file.
    pub(super) fn bad_file(&self, reason: String) -> Error {
        Error::BadFile { file: self.name.clone(), reason }
    }

    /// The error of a column that is not there.
    pub(super) fn no_column(&self, wanted: &str) -> Error {
        let columns = self.schema().get_fields().iter().take(20);
        let names: Vec<String> = columns.map(|column| format!("`{}`", column.name())).collect();
        self.bad_file(format!("no column `{wanted}`: the columns are {}", names.join(", ")))
    }

    /// Its rows with these columns, and where each stands; memory holds one page of each column. A damaged page is the last
    /// item.
    pub(super) fn rows(
        self,
        columns: Vec<Arc<Type>>,
    ) -> Result<impl Iterator<Item = Result<(RecordPosition, Row)>> + Send + use<R>> {
        let TableFile { reader, name, .. } = self;
        let selected = Type::group_type_builder(reader.metadata().file_metadata().schema().name());
        let selected = selected.with_fields(columns).build();
        let rows = guarded(|| RowIter::from_file_into(Box::new(reader)).project(Some(selected?)));
        let mut rows = rows.map_err(|reason| damaged(&name, &reason))?;
        let mut count = 0;
        Ok(std::iter::from_fn(move || {
            let row = guarded(|| rows.next().transpose()).map_err(|reason| damaged(&name, &reason)).transpose()?;
            count += 1;
            Some(row.map(|row| (RecordPosition::Record(count), row)))
        }))
    }
}

pub(super) fn damaged(name: &str, reason: &str) -> Error {
    Error::BadFile { file: name.to_owned(), reason: format!("damaged Parquet: {reason}") }
}

/// Says so, and what to do, where a file is compressed in a way that is not read.
fn check_compression(metadata: &ParquetMetaData) -> Result<(), String> {
    let chunks = metadata.row_groups().iter().take(1).flat_map(|group| group.columns());
    match chunks.map(|chunk| chunk.compression()).find(|codec| matches!(codec, Compression::LZO)) {
        Some(_) => Err("compressed with LZO, which is not read: write it with snappy, gzip or zstd".to_owned()),
        None => Ok(()),
    }
}

/// What the crate says, without the names of its own kinds of errors.
fn message(error: &ParquetError) -> String {
    let message = error.to_string();
    let plain = ["Parquet error: ", "External: "]
        .iter()
        .fold(message.as_str(), |text, kind| text.strip_prefix(kind).unwrap_or(text));
    truncated(plain, 200)
}

/// What the crate makes of a file. It panics on some that are damaged: that is an error too.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| message(&error)),
        Err(_) => Err("its pages contradict its index".to_owned()),
    }
}
