//! What every handler can reach.

use std::sync::Arc;

use jiff::civil::Date;

use super::ServerOptions;
use super::embedding::{EmbeddedText, EmbeddingQueue};
use super::guard::AuthGuard;
use super::problem::Problem;
use super::stable::EtagCache;
use super::upkeep::IndexMaintainer;
use super::workers::WorkerPool;
use crate::encoder::ModelIdentity;
use crate::engine::{Engine, TextEmbeddings};
use crate::recommend::{Answer, Request};

/// Texts of one request that are embedded together.
const SOME: usize = 32;

/// The running service: cheap to clone, the same for all requests.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<AppInner>,
}

struct AppInner {
    settings: ServerOptions,
    workers: WorkerPool,
    embeddings: EmbeddingQueue,
    upkeep: IndexMaintainer,
    guard: AuthGuard,
    model: ModelIdentity,
    answers: EtagCache,
}

impl AppState {
    pub(super) fn new(
        settings: ServerOptions,
        guard: AuthGuard,
        model: ModelIdentity,
        workers: WorkerPool,
        embeddings: EmbeddingQueue,
        upkeep: IndexMaintainer,
    ) -> AppState {
        let answers = EtagCache::default();
        AppState { inner: Arc::new(AppInner { settings, workers, embeddings, upkeep, guard, model, answers }) }
    }

    /// How the service was started.
    pub fn settings(&self) -> &ServerOptions {
        &self.inner.settings
    }

    /// The day of today.
    pub fn today(&self) -> Date {
        (self.settings().today)()
    }

    /// The model that embeds texts.
    pub(super) fn model(&self) -> &ModelIdentity {
        &self.inner.model
    }

    /// Has what is derived from the library brought up to date, when that is due.
    pub(super) fn library_changed(&self) {
        self.inner.upkeep.wake();
    }

    /// Answers that were given before.
    pub(super) fn answers(&self) -> &EtagCache {
        &self.inner.answers
    }

    pub(super) fn guard(&self) -> &AuthGuard {
        &self.inner.guard
    }

    pub(super) fn workers(&self) -> &WorkerPool {
        &self.inner.workers
    }

    pub(super) fn embeddings(&self) -> &EmbeddingQueue {
        &self.inner.embeddings
    }

    /// Has a worker do something with an engine.
    ///
    /// # Errors
    /// What the work gives; that the server is busy.
    pub async fn ask<T, E>(&self, work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        self.workers().ask(work).await
    }

    /// Embeds texts together with those of other requests.
    pub(super) async fn embed(&self, texts: Vec<String>) -> Result<Vec<EmbeddedText>, Problem> {
        let mut embedded = Vec::with_capacity(texts.len());
        // Little by little, so that others have their turns between.
        for some in texts.chunks(SOME) {
            embedded.extend(self.embeddings().of(some.to_vec()).await?);
        }
        Ok(embedded)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// As [`Engine::recommend`]; that the server is busy.
    pub async fn answer(&self, request: Request) -> Result<Answer, Problem> {
        request.check()?;
        let embedded = self.embedded(&request).await?;
        self.ask(move |engine| engine.recommend_with(&request, &embedded)).await
    }

    /// The texts of a request with their embeddings.
    pub(super) async fn embedded(&self, request: &Request) -> Result<TextEmbeddings, Problem> {
        let texts = request.texts();
        let embedded = self.embed(texts.clone()).await?;
        Ok(texts.into_iter().zip(embedded).map(|(text, embedded)| (text, embedded.embedding)).collect())
    }
}
