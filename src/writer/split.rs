//! A paper that was taken for another one becomes a paper of its own.

use super::Writer;
use super::add::{AddSummary, ChangeBatch, commit_batch};
use crate::error::Result;
use crate::library::PaperChange;
use crate::paper::PaperId;

/// Parts a paper that several records were taken for; see [`crate::library::Library::split`]. Gives the ids of the
/// papers that there are now.
///
/// # Errors
/// [`crate::Error::NotFound`]; [`crate::Error::BadRequest`] when there is nothing to part; else as [`add`](super::add()).
pub(crate) fn split(writer: &mut Writer<'_>, id: &PaperId) -> Result<Vec<PaperId>> {
    let changes = writer.library.split(id)?;
    let ids = changes.iter().filter_map(|change| match change {
        PaperChange::New(known) | PaperChange::Text(known) | PaperChange::Metadata(known) => {
            Some(known.paper.id.clone())
        }
        PaperChange::Unchanged(_) => None,
    });
    let ids = ids.collect();
    let mut batch = ChangeBatch { changes, ..ChangeBatch::default() };
    commit_batch(writer, &mut batch, &mut AddSummary::default(), &|_| ())?;
    Ok(ids)
}
