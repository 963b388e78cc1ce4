//! JSON lines, and arrays of JSON objects.

mod read;
mod write;

pub(crate) use read::{has_text, no_paper, read, record};
pub(crate) use write::write;
