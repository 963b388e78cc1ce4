//! A paper that was taken for another one becomes a paper of its own.

use super::Engine;
use crate::error::Result;
use crate::library::Change;
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
            Change::New(known) | Change::Text(known) | Change::Facts(known) => Some(known.paper.id.clone()),
            Change::None(_) => None,
        });
        let ids = ids.collect();
        self.settle(&mut changes, &mut Default::default(), &|_| ())?;
        Ok(ids)
    }
}
