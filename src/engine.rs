//! The façade: a library, an encoder and an index, wired together.
//!
//! The command line and users of the crate call [`Engine`]; it alone knows all the other modules.

mod add;
mod ask;
mod cache;
mod evaluate;
mod explain;
mod feed;
#[cfg(feature = "fetch")]
mod fetch;
mod import;
mod index_store;
mod lexical_retrieval;
mod projection;
mod question;
mod reembed;
mod remove;
mod report;
mod signals;
mod snapshot;
mod split;
mod status;
mod title_match;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::encoder::{Encoder, EncoderOptions, HubOptions, Model, ModelChoice, ModelIdentity};
use crate::error::{Error, Result};
use crate::index::IndexKind;
use crate::library::{CheckFinding, Library, StoredModel};
use crate::recommend::RankingWeights;
use crate::vector::Embedding;
use cache::SharedCaches;
use snapshot::IndexSnapshot;

pub use add::{AddProgress, AddSummary};
#[cfg(feature = "server")]
pub(crate) use cache::{BoundedCache, PerGeneration};
pub use evaluate::{CandidatePool, EvaluationOptions, EvaluationSummary, LabeledQuery, TemporalSplit};
pub use feed::{FeedMode, FeedOptions};
#[cfg(feature = "fetch")]
pub use fetch::FetchSummary;
pub use import::{ImportItem, ImportOptions, ImportSummary, UnmatchedItem};
pub use index_store::{GraphStatus, IndexStatus, RebuildSummary};
pub use reembed::ReembedSummary;
pub use remove::RemoveSummary;
pub use status::LibraryStatus;

/// Where the library is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryLocation {
    /// In a directory, which is made if it is not there.
    Create(PathBuf),
    /// In a directory that has one.
    Existing(PathBuf),
    /// In memory: gone with the engine.
    Memory,
}

/// What an engine is made of.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Where the library is.
    pub location: LibraryLocation,
    /// The model; `None` for the library's own, and for the bundled one while the library is empty.
    pub model: Option<ModelChoice>,
    /// How models are fetched.
    pub hub: HubOptions,
    /// What the model runs on, and how.
    pub runtime: EncoderOptions,
    /// How neighbors are found.
    pub index: IndexKind,
    /// The constants of the ranking; what a request says of them goes before.
    pub weights: RankingWeights,
}

impl EngineOptions {
    /// The bundled model on the best device, with a library in this place.
    pub fn new(place: LibraryLocation) -> EngineOptions {
        EngineOptions {
            location: place,
            model: None,
            hub: HubOptions::default(),
            runtime: EncoderOptions::default(),
            index: IndexKind::Auto,
            weights: RankingWeights::default(),
        }
    }
}

/// An open library with all that is needed to fill it and to ask it. The model is loaded when a text has to be
/// embedded, the vectors when a question is asked; changes by other processes are seen by the next question.
///
/// An engine answers one question at a time; threads that ask at once [`share`](Engine::share) one.
pub struct Engine {
    library: Library,
    options: EngineOptions,
    encoder: OnceCell<Arc<Encoder>>,
    caches: Arc<SharedCaches>,
    embedded: RefCell<HashMap<String, Embedding>>,
}

impl Engine {
    /// Opens the library. With a model named in the options, checks that the library's embeddings are of that model.
    ///
    /// # Errors
    /// Those of [`Library::open`]; [`Error::ModelMismatch`].
    pub fn open(options: EngineOptions) -> Result<Engine> {
        let library = match &options.location {
            LibraryLocation::Create(directory) => Library::create(directory)?,
            LibraryLocation::Existing(directory) => Library::open(directory)?,
            LibraryLocation::Memory => Library::in_memory()?,
        };
        let engine =
            Engine { library, options, encoder: OnceCell::new(), caches: Arc::default(), embedded: RefCell::default() };
        if engine.options.model.is_some() && engine.library.model()?.is_some() {
            engine.encoder()?;
        }
        Ok(engine)
    }

    /// Another engine over the same library, for another thread: with a connection of its own, and with the encoder and
    /// what is kept in memory in common. The model is loaded if it was not yet.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a library in memory, which nobody else can open; those of [`Engine::encoder`].
    pub fn try_clone(&self) -> Result<Engine> {
        self.encoder()?;
        let Some(directory) = self.library.directory() else {
            let reason = "is in memory: only the engine that made it can ask it".to_owned();
            return Err(Error::BadRequest { field: "library", reason });
        };
        Ok(Engine {
            library: Library::open(directory)?,
            options: self.options.clone(),
            encoder: self.encoder.clone(),
            caches: self.caches.clone(),
            embedded: RefCell::default(),
        })
    }

    /// The library underneath.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The library underneath, to write profiles.
    pub fn library_mut(&mut self) -> &mut Library {
        &mut self.library
    }

    /// The encoder, loaded at the first call. Another process may have changed the library's model since.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library's embeddings are of another model; errors of loading.
    pub fn encoder(&self) -> Result<&Encoder> {
        let stored = self.library.model()?;
        let is_the_librarys = |identity: &ModelIdentity| match &stored {
            Some(stored) if stored.fingerprint != identity.fingerprint => {
                Err(Error::ModelMismatch { stored: stored.label(), asked: stored_model(identity).label() })
            }
            _ => Ok(()),
        };
        if let Some(encoder) = self.encoder.get() {
            is_the_librarys(encoder.identity())?;
            return Ok(encoder);
        }
        let model = self.open_model(stored.as_ref())?;
        is_the_librarys(model.identity())?;
        let encoder = Arc::new(Encoder::new(model, &self.options.runtime)?);
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

    /// Checks the library's file, its embeddings, the index over them and the model.
    pub fn check(&self) -> Result<Vec<CheckFinding>> {
        let mut findings = self.library.check()?;
        findings.push(self.with_index_fallback(|| self.check_index()).unwrap_or_else(|error| CheckFinding {
            what: "index",
            found: error.one_line(),
            remedy: Some("mend the embeddings: see above"),
        }));
        findings.push(match self.encoder() {
            Ok(encoder) => {
                let found = stored_model(encoder.identity()).label();
                CheckFinding { what: "model", found, remedy: None }
            }
            Err(error) => {
                let remedy = Some("give the library's model with --model, or run `paperkin reembed`");
                CheckFinding { what: "model", found: error.one_line(), remedy }
            }
        });
        Ok(findings)
    }

    /// Whether the index finds papers by their own vectors, tried on a hundred of them.
    fn check_index(&self) -> Result<CheckFinding> {
        const TRIED: usize = 100;
        let snapshot = self.snapshot(1)?;
        let mut found = (0, 0);
        for row in snapshot.all().iter().step_by(snapshot.rows().div_ceil(TRIED).max(1)) {
            // Another paper with the same vector is as good.
            let hits = snapshot.nearest(snapshot.vector(row)?, 1, None)?;
            found.0 += usize::from(hits.first().is_some_and(|hit| hit.score > 0.999));
            found.1 += 1;
        }
        let remedy = (found.0 < found.1).then_some("run `paperkin index rebuild`");
        let found = format!("{}, finds {} of {} papers tried", snapshot.index.kind(), found.0, found.1);
        Ok(CheckFinding { what: "index", found, remedy })
    }

    /// The library's vectors as they are now.
    fn snapshot(&self, queries: usize) -> Result<Arc<IndexSnapshot>> {
        self.library.read_transaction(|| {
            let read = || IndexSnapshot::read(&self.library, self.open_index(), self.options.index, queries);
            self.caches.snapshot.get_or_build(self.library.generation_id()?, read)
        })
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
        self.provide(texts.iter().map(|text| text.as_ref().to_owned()).zip(embeddings));
        Ok(())
    }

    /// Remembers embeddings of texts, in place of those of the last call: requests that hold these texts are answered
    /// without embedding them.
    pub fn provide(&self, embedded: impl IntoIterator<Item = (String, Embedding)>) {
        self.embedded.replace(embedded.into_iter().collect());
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
