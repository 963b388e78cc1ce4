//! BibTeX and biblatex.

mod entries;
mod read;
mod write;

pub(crate) use read::{is_bibliography, read};
pub(crate) use write::write;
