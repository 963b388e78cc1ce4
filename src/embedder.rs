//! Texts to embeddings, with the model of a library.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::encoder::{Encoder, EncoderOptions, HubOptions, Model, ModelChoice, ModelIdentity, Pooling, TextSide};
use crate::error::{Error, Result};
use crate::library::{Library, StoredModel};
use crate::recommend::Request;
use crate::vector::Embedding;

/// The encoder of a library: loaded when the first text has to be embedded.
#[derive(Clone)]
pub(crate) struct Embedder {
    /// The model; `None` for the library's own, and for the bundled one while the library is empty.
    choice: Option<ModelChoice>,
    /// The pooling; `None` for the model's own, or that of the library.
    pooling: Option<Pooling>,
    hub: HubOptions,
    options: EncoderOptions,
    encoder: OnceCell<Arc<Encoder>>,
}

/// Embeddings of texts, computed beforehand, for requests that contain these texts.
#[derive(Debug, Clone, Default)]
pub struct TextEmbeddings {
    queries: HashMap<String, Embedding>,
    documents: HashMap<String, Embedding>,
}

impl TextEmbeddings {
    /// The embedding of a text on this side of a search.
    pub fn get(&self, side: TextSide, text: &str) -> Option<&Embedding> {
        match side {
            TextSide::Query => self.queries.get(text),
            TextSide::Document => self.documents.get(text),
        }
    }

    /// These embeddings and others.
    pub(crate) fn merged_with(mut self, others: TextEmbeddings) -> TextEmbeddings {
        self.queries.extend(others.queries);
        self.documents.extend(others.documents);
        self
    }
}

impl FromIterator<(TextSide, String, Embedding)> for TextEmbeddings {
    fn from_iter<T: IntoIterator<Item = (TextSide, String, Embedding)>>(embedded: T) -> TextEmbeddings {
        let mut embeddings = TextEmbeddings::default();
        for (side, text, embedding) in embedded {
            match side {
                TextSide::Query => embeddings.queries.insert(text, embedding),
                TextSide::Document => embeddings.documents.insert(text, embedding),
            };
        }
        embeddings
    }
}

impl Embedder {
    pub(crate) fn new(
        choice: Option<ModelChoice>,
        pooling: Option<Pooling>,
        hub: HubOptions,
        options: EncoderOptions,
    ) -> Embedder {
        Embedder { choice, pooling, hub, options, encoder: OnceCell::new() }
    }

    /// The encoder, loaded at the first call. Another process may have changed the library's model since.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library's embeddings are of another model; errors of loading.
    pub(crate) fn encoder(&self, library: &Library) -> Result<&Encoder> {
        let stored = library.model()?;
        let check = |identity: &ModelIdentity| match &stored {
            Some(stored) if stored.fingerprint != identity.fingerprint => {
                Err(Error::ModelMismatch { stored: stored.label(), asked: stored_model(identity).label() })
            }
            Some(stored) if stored.dimension != identity.dimension => {
                let reason = format!("{} has {} dimensions, not {}", stored.name, identity.dimension, stored.dimension);
                Err(Error::DamagedLibrary { path: library.path().to_owned(), reason })
            }
            _ => Ok(()),
        };
        if let Some(encoder) = self.encoder.get() {
            check(encoder.identity())?;
            return Ok(encoder);
        }
        let model = self.open_model(stored.as_ref())?;
        check(model.identity())?;
        let encoder = Arc::new(Encoder::new(model, &self.options)?);
        Ok(self.encoder.get_or_init(|| encoder))
    }

    /// The chosen model, or else the library's by its name, or else the bundled one.
    fn open_model(&self, stored: Option<&StoredModel>) -> Result<Model> {
        let choice = match (&self.choice, stored) {
            (Some(choice), _) => choice.clone(),
            (None, None) => ModelChoice::default(),
            (None, Some(stored)) => stored.name.parse().map_err(|_| Error::BadModel {
                model: stored.label(),
                reason:
                    "the library's embeddings were made with it: give its directory or name with --model, or change \
                         to another model with `paperkin reembed`"
                        .to_owned(),
            })?,
        };
        let model = self.with_pooling(Model::open(&choice, &self.hub)?)?;
        Ok(match stored {
            Some(stored) => model.matching(&stored.fingerprint),
            None => model,
        })
    }

    /// Opens another model, with the same hub and encoder options.
    ///
    /// # Errors
    /// Errors of loading.
    pub(crate) fn open_other(&self, choice: &ModelChoice) -> Result<Encoder> {
        Encoder::new(self.with_pooling(Model::open(choice, &self.hub)?)?, &self.options)
    }

    fn with_pooling(&self, model: Model) -> Result<Model> {
        match self.pooling {
            Some(pooling) => model.with_pooling(pooling),
            None => Ok(model),
        }
    }

    /// Replaces the encoder.
    pub(crate) fn set_encoder(&mut self, encoder: Encoder) {
        self.encoder = Arc::new(encoder).into();
    }

    /// The embedding of a text.
    ///
    /// # Errors
    /// As [`Embedder::encoder`]; errors of the device.
    pub(crate) fn embed(&self, library: &Library, side: TextSide, text: &str) -> Result<Embedding> {
        let embeddings = self.encoder(library)?.encode(side, &[text], &|_| ())?;
        Ok(embeddings.into_iter().next().expect("one embedding for one text"))
    }

    /// Embeddings of texts, in their order. `done` is called with how many more are finished.
    ///
    /// # Errors
    /// As [`Embedder::embed`].
    pub(crate) fn embed_all<T: AsRef<str> + Sync>(
        &self,
        library: &Library,
        side: TextSide,
        texts: &[T],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        self.encoder(library)?.encode(side, texts, done)
    }

    /// Embeddings of all texts of some requests, computed together.
    ///
    /// # Errors
    /// As [`Embedder::embed`].
    pub(crate) fn embed_requests<'r>(
        &self,
        library: &Library,
        requests: impl IntoIterator<Item = &'r Request>,
    ) -> Result<TextEmbeddings> {
        let (mut queries, mut documents) = (Vec::new(), Vec::new());
        for request in requests {
            queries.extend(request.text.clone());
            documents.extend(request.inline_documents());
        }
        let mut embedded = TextEmbeddings::default();
        for (side, texts) in [(TextSide::Query, queries), (TextSide::Document, documents)] {
            if texts.is_empty() {
                continue;
            }
            let embeddings = self.embed_all(library, side, &texts, &|_| ())?;
            let embeddings = texts.into_iter().zip(embeddings).map(|(text, embedding)| (side, text, embedding));
            embedded = embedded.merged_with(embeddings.collect());
        }
        Ok(embedded)
    }
}

/// A model as the library records it.
pub(crate) fn stored_model(identity: &ModelIdentity) -> StoredModel {
    StoredModel::new(&identity.name, &identity.fingerprint, identity.dimension)
}
