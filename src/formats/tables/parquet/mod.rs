//! Parquet.

mod cell;
mod links;
mod read;
mod table_file;
mod write;

pub(crate) use links::read_links;
pub(crate) use read::{MAGIC, read};
pub use write::ParquetWriter;
