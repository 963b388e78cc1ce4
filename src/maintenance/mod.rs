//! Keeps a library in order: its index, its model, its size, its health.

mod check;
mod compact;
mod index;
mod reembed;
mod status;
mod vector_file;

pub(crate) use check::check;
pub(crate) use compact::compact;
pub use index::{GraphStatus, IndexStatus, RebuildSummary};
pub(crate) use index::{index_status, rebuild_index, update_index};
pub use reembed::ReembedSummary;
pub(crate) use reembed::reembed;
pub use status::LibraryStatus;
pub(crate) use status::status;
