//! Parquet.

#[cfg(feature = "cli")]
mod batches;
mod bounded_file;
mod cell;
mod column_writer;
mod links;
mod read;
mod table_file;
mod thrift;
mod vector_columns;
mod write;

#[cfg(feature = "cli")]
pub(crate) use batches::read_batches;
pub(crate) use column_writer::{days_since_1970, io_error, write_column};
pub(crate) use links::read_links;
pub(crate) use read::{MAGIC, read};
pub use vector_columns::VectorModel;
pub use write::ParquetWriter;
