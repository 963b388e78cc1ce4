//! Records with named fields: CSV and TSV, JSON lines, Parquet; lists of citation links.

mod column_names;
mod columns;
pub(crate) mod csv;
pub(crate) mod jsonl;
pub(crate) mod link_list;
pub(crate) mod parquet;

pub use columns::{ColumnMap, ColumnMapping};
pub use parquet::{ParquetWriter, VectorModel};
