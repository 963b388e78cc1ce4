//! RSS and Atom.

mod read;
mod write_atom;
mod write_rss;

pub(crate) use read::read;
pub(crate) use write_atom::write_atom;
pub(crate) use write_rss::write_rss;
