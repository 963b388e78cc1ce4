//! A paper that was taken for another one becomes a paper of its own.

use super::Engine;
use crate::error::Result;
use crate::library::PaperChange;
use crate::paper::PaperId;

impl Engine {
    /// Parts a paper that several records were taken for; see [`crate::library::Library::split`]. Gives the ids of the
    /// papers that there are now.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`]; [`crate::Error::BadRequest`] when there is nothing to part; else as [`Engine::add`].
    pub fn split(&mut self, id: &PaperId) -> Result<Vec<PaperId>> {
        let mut changes = self.library.split(id)?;
        let ids = changes.iter().filter_map(|change| match change {
            PaperChange::New(known) | PaperChange::Text(known) | PaperChange::Metadata(known) => {
                Some(known.paper.id.clone())
            }
            PaperChange::Unchanged(_) => None,
        });
        let ids = ids.collect();
        self.commit_batch(&mut changes, &mut Default::default(), &|_| ())?;
        Ok(ids)
    }
}
