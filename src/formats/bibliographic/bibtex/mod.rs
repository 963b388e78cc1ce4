//! BibTeX and biblatex.

mod entries;
mod read;
mod write;

pub(crate) use read::{is_bibliography, read};
pub(crate) use write::write;

/// The field of an id that was made from a title: no style prints it.
const TITLE_ID: &str = "paperkin-id";
