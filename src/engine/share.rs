//! One library, many engines.

use super::{Engine, Place};
use crate::error::Result;
use crate::vector::Embedding;

impl Engine {
    /// Another engine over the same library.
    pub fn share(&self) -> Result<Engine> {
        let mut options = self.options.clone();
        if let Place::Create(directory) = options.place {
            options.place = Place::Existing(directory);
        }
        Engine::open(options)
    }

    /// Remembers embeddings of texts until the next call, as [`Engine::prepare`].
    pub fn provide(&self, texts: Vec<(String, Embedding)>) {
        let mut embedded = self.embedded.borrow_mut();
        embedded.clear();
        embedded.extend(texts);
    }
}
