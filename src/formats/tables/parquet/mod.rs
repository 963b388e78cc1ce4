//! Parquet.

mod cell;
mod read;
mod write;

pub(crate) use read::{MAGIC, read};
pub use write::ParquetWriter;
