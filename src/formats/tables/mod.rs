//! Records with named fields: CSV and TSV, JSON lines, Parquet.

mod column_names;
mod columns;
pub(crate) mod csv;
pub(crate) mod jsonl;
pub(crate) mod parquet;

pub use columns::{ColumnMap, ColumnMapping};
pub use parquet::ParquetWriter;
