//! CSL-JSON: the items of the Citation Style Language
//! (<https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html>).

mod read;
mod write;

pub(crate) use read::{is_reference, read};
pub(crate) use write::write;
