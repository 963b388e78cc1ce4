//! CSV and TSV with a header.

mod layout;
mod line_counter;
mod read;
mod write;

pub(crate) use layout::is_table;
pub(crate) use read::read;
pub(crate) use write::write;
