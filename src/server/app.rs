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
use crate::engine::Engine;
use crate::paper::document;
use crate::recommend::{Answer, PaperRef, Request};
use crate::vector::Embedding;

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
        let (embedded, today) = (self.embedded(&request).await?, self.today());
        self.ask(move |engine| {
            engine.provide(embedded);
            engine.recommend(&request, today)
        })
        .await
    }

    /// The texts of a request with their embeddings.
    pub(super) async fn embedded(&self, request: &Request) -> Result<Vec<(String, Embedding)>, Problem> {
        let texts = texts(request);
        let embedded = self.embed(texts.clone()).await?;
        Ok(texts.into_iter().zip(embedded).map(|(text, embedded)| (text, embedded.embedding)).collect())
    }
}

/// Texts that an answer needs embeddings of.
fn texts(request: &Request) -> Vec<String> {
    let inline = request.positive.iter().chain(&request.negative).filter_map(|item| match &item.paper {
        PaperRef::Inline { title, abstract_text } => Some(document(title, abstract_text)),
        PaperRef::Id(_) => None,
    });
    request.text.iter().cloned().chain(inline).collect()
}
