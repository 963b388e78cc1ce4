//! The façade: a library, an encoder and an index, wired together.
//!
//! The command line and users of the crate call [`Engine`]; it alone knows all the other modules.

mod add;
mod ask;
mod feed;
mod reembed;
mod removal;
mod similarity;
mod snapshot;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::encoder::{Encoder, HubOptions, Model, ModelChoice, ModelIdentity, Runtime};
use crate::error::{Error, Result};
use crate::index::IndexKind;
use crate::library::{Finding, Library, StoredModel};
use crate::vector::Embedding;
use snapshot::Snapshot;

pub use add::{Added, Progress};
pub use feed::FeedOptions;
pub use reembed::Reembedded;
pub use removal::Removed;

/// Where the library is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a directory, which is made if it is not there.
    Create(PathBuf),
    /// In a directory that has one.
    Existing(PathBuf),
    /// In memory: gone with the engine.
    Memory,
}

/// What an engine is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the library is.
    pub place: Place,
    /// The model; `None` for the library's own, and for the bundled one while the library is empty.
    pub model: Option<ModelChoice>,
    /// How models are fetched.
    pub hub: HubOptions,
    /// What the model runs on, and how.
    pub runtime: Runtime,
    /// How neighbours are found.
    pub index: IndexKind,
}

impl Options {
    /// The bundled model on the best device, with a library in this place.
    pub fn new(place: Place) -> Options {
        Options { place, model: None, hub: HubOptions::default(), runtime: Runtime::default(), index: IndexKind::Auto }
    }
}

/// An open library with all that is needed to fill it and to ask it. The model is loaded when a text has to be
/// embedded, the vectors when a question is asked; changes by other processes are seen by the next question.
pub struct Engine {
    library: Library,
    options: Options,
    encoder: OnceCell<Encoder>,
    snapshot: RefCell<Option<Arc<Snapshot>>>,
    embedded: RefCell<HashMap<String, Embedding>>,
}

impl Engine {
    /// Opens the library. With a model named in the options, checks that the library's embeddings are of that model.
    ///
    /// # Errors
    /// Those of [`Library::open`]; [`Error::ModelMismatch`].
    pub fn open(options: Options) -> Result<Engine> {
        let library = match &options.place {
            Place::Create(directory) => Library::create(directory)?,
            Place::Existing(directory) => Library::open(directory)?,
            Place::Memory => Library::in_memory()?,
        };
        let engine = Engine {
            library,
            options,
            encoder: OnceCell::new(),
            snapshot: RefCell::new(None),
            embedded: RefCell::default(),
        };
        if engine.options.model.is_some() && engine.library.model()?.is_some() {
            engine.encoder()?;
        }
        Ok(engine)
    }

    /// The library underneath.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The library underneath, to write profiles.
    pub fn library_mut(&mut self) -> &mut Library {
        &mut self.library
    }

    /// The encoder, loaded at the first call.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library's embeddings are of another model; errors of loading.
    pub fn encoder(&self) -> Result<&Encoder> {
        if let Some(encoder) = self.encoder.get() {
            return Ok(encoder);
        }
        let stored = self.library.model()?;
        let model = self.open_model(stored.as_ref())?;
        if let Some(stored) = stored {
            let asked = stored_model(model.identity());
            if stored.fingerprint != asked.fingerprint {
                return Err(Error::ModelMismatch { stored: stored.label(), asked: asked.label() });
            }
        }
        let encoder = Encoder::new(model, &self.options.runtime)?;
        Ok(self.encoder.get_or_init(|| encoder))
    }

    /// The model of the options, or else the library's by its name, or else the bundled one.
    fn open_model(&self, stored: Option<&StoredModel>) -> Result<Model> {
        let choice = match (&self.options.model, stored) {
            (Some(choice), _) => choice.clone(),
            (None, None) => ModelChoice::default(),
            (None, Some(stored)) => stored.name.parse().map_err(|_| Error::BadModel {
                model: stored.label(),
                reason: "the library's embeddings were made by it: say where it is with --model, or change to another \
                         with `paperkin reembed`"
                    .to_owned(),
            })?,
        };
        Model::open(&choice, &self.options.hub)
    }

    /// How the library's neighbours are found now.
    pub fn index_kind(&self) -> Result<IndexKind> {
        Ok(self.snapshot(1)?.index.kind())
    }

    /// Checks the library's file, its embeddings, the index over them and the model.
    pub fn examine(&self) -> Result<Vec<Finding>> {
        let mut findings = self.library.check()?;
        findings.push(self.examine_index());
        findings.push(match self.encoder() {
            Ok(encoder) => {
                let found = stored_model(encoder.identity()).label();
                Finding { what: "model", found, remedy: None }
            }
            Err(error) => {
                let remedy = Some("give the library's model with --model, or run `paperkin reembed`");
                Finding { what: "model", found: error.one_line(), remedy }
            }
        });
        Ok(findings)
    }

    /// Whether the index finds papers by their own vectors, tried on a hundred of them.
    fn examine_index(&self) -> Finding {
        const TRIED: usize = 100;
        let what = "index";
        let snapshot = match self.snapshot(1) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                return Finding { what, found: error.one_line(), remedy: Some("mend the embeddings: see above") };
            }
        };
        let index = &snapshot.index;
        let tried = index.vectors().rows().step_by(snapshot.rows().div_ceil(TRIED).max(1));
        // Another paper with the same vector is as good.
        let finds = |vector: &&[f32]| index.nearest(vector, 1, None).first().is_some_and(|hit| hit.score > 0.999);
        let (all, found) = (tried.len(), tried.filter(finds).count());
        let remedy = (found < all).then_some("ask with `--index exact`, and report this");
        Finding { what, found: format!("{}, finds {found} of {all} papers tried", index.kind()), remedy }
    }

    /// The library's vectors as they are now.
    fn snapshot(&self, queries: usize) -> Result<Arc<Snapshot>> {
        let stamp = self.library.stamp()?;
        let mut held = self.snapshot.borrow_mut();
        match &*held {
            Some(snapshot) if snapshot.stamp == stamp => Ok(snapshot.clone()),
            _ => {
                let snapshot = Arc::new(Snapshot::read(&self.library, self.options.index, queries)?);
                *held = Some(snapshot.clone());
                Ok(snapshot)
            }
        }
    }

    /// Embeddings of texts, in their order. `done` is told how many more are finished.
    pub fn embed_texts<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        self.encoder()?.encode(texts, done)
    }

    /// Embeds texts, and remembers them until the next call: requests that hold these texts are answered without
    /// embedding them one by one.
    pub fn prepare<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<()> {
        self.embedded.borrow_mut().clear();
        if texts.is_empty() {
            return Ok(());
        }
        let embeddings = self.encoder()?.encode(texts, &|_| ())?;
        self.embedded.borrow_mut().extend(texts.iter().map(|text| text.as_ref().to_owned()).zip(embeddings));
        Ok(())
    }

    fn embed(&self, text: &str) -> Result<Embedding> {
        if let Some(embedding) = self.embedded.borrow().get(text) {
            return Ok(embedding.clone());
        }
        let embeddings = self.encoder()?.encode(&[text], &|_| ())?;
        Ok(embeddings.into_iter().next().expect("one embedding for one text"))
    }
}

fn stored_model(identity: &ModelIdentity) -> StoredModel {
    StoredModel::new(&identity.name, &identity.fingerprint, identity.dimension)
}
