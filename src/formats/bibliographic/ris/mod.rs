//! Tagged lines: RIS, read and written; the tagged formats of PubMed (NBIB), of Web of Science and of EndNote, read.

mod enw;
mod nbib;
mod read;
mod tagged_lines;
mod wos;
mod write;

pub(crate) use read::read;
pub(crate) use tagged_lines::detect;
pub(crate) use write::write;
