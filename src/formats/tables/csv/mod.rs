//! CSV and TSV with a header.

mod layout;
mod line_counter;
mod read;
mod spreadsheet_text;
mod write;

pub(crate) use layout::is_table;
pub(crate) use read::read;
pub(crate) use spreadsheet_text::cell_of_text;
pub(crate) use write::write;
