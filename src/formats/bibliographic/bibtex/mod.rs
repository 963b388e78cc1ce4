//! BibTeX and biblatex.

mod cross_references;
mod entries;
mod fields;
mod names;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use entries::{has_entry_near_start, is_bibliography};
pub(crate) use read::read;
pub(crate) use write::write;

/// The field of an id that was made from a title: no style prints it.
const TITLE_ID: &str = "paperkin-id";
