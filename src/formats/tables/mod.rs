//! Records with named fields: CSV and TSV, JSON lines, Parquet.

mod columns;
pub(crate) mod csv;
pub(crate) mod jsonl;
pub(crate) mod parquet;
mod services;

pub use columns::{ColumnMap, ColumnMapping};
pub use parquet::ParquetWriter;
