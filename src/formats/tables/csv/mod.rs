//! CSV and TSV with a header.

mod line_counter;
mod read;
mod write;

pub(crate) use read::{is_table, read};
pub(crate) use write::write;
