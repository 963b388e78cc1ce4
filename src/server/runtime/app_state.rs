//! What every handler can reach.

use std::sync::Arc;

use super::embedding_queue::{EmbeddedText, EmbeddingQueue};
use super::etag_cache::EtagCache;
use super::index_maintainer::IndexMaintainer;
use super::report_runner::ReportRunner;
use super::worker_pool::WorkerPool;
use crate::encoder::{ModelIdentity, TextSide};
use crate::engine::{Engine, TextEmbeddings};
use crate::recommend::{Answer, Request};
use crate::server::middleware::BodyReceipt;
use crate::server::options::ServerOptions;
use crate::server::problem::Problem;

/// Texts of one request that are embedded in one batch, and their bytes, unless it is one text: of a long one the end is
/// split into words for nothing.
const EMBED_CHUNK_TEXTS: usize = 32;
const EMBED_CHUNK_BYTES: usize = 256 << 10;

/// The running service: cheap to clone, the same for all requests.
#[derive(Clone)]
pub(crate) struct AppState {
    inner: Arc<AppInner>,
}

struct AppInner {
    options: ServerOptions,
    model: ModelIdentity,
    workers: WorkerPool,
    health: WorkerPool,
    embeddings: EmbeddingQueue,
    maintainer: IndexMaintainer,
    reports: ReportRunner,
    etag_cache: EtagCache,
}

impl AppState {
    /// The workers are those of requests, and those of health checks.
    pub(crate) fn new(
        options: ServerOptions,
        model: ModelIdentity,
        [workers, health]: [WorkerPool; 2],
        embeddings: EmbeddingQueue,
        maintainer: IndexMaintainer,
        reports: ReportRunner,
    ) -> AppState {
        let etag_cache = EtagCache::default();
        AppState {
            inner: Arc::new(AppInner { options, model, workers, health, embeddings, maintainer, reports, etag_cache }),
        }
    }

    /// How the service was started.
    pub(crate) fn options(&self) -> &ServerOptions {
        &self.inner.options
    }

    /// The model that embeds texts.
    pub(crate) fn model(&self) -> &ModelIdentity {
        &self.inner.model
    }

    /// Wakes the index maintenance after papers were added or removed.
    pub(crate) fn library_changed(&self) {
        self.inner.maintainer.wake();
    }

    /// The similarity reports.
    pub(crate) fn reports(&self) -> &ReportRunner {
        &self.inner.reports
    }

    /// Previous answers by their `ETag`s.
    pub(crate) fn etag_cache(&self) -> &EtagCache {
        &self.inner.etag_cache
    }

    pub(crate) fn workers(&self) -> &WorkerPool {
        &self.inner.workers
    }

    /// The worker of the health checks.
    pub(crate) fn health(&self) -> &WorkerPool {
        &self.inner.health
    }

    pub(crate) fn embeddings(&self) -> &EmbeddingQueue {
        &self.inner.embeddings
    }

    /// Runs a job on a worker's engine.
    ///
    /// # Errors
    /// The job's error; [`Problem::busy`] when the queue is full.
    pub(crate) async fn run<T, E>(
        &self,
        job: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        // What was read of the body goes to the job, which may be queued for longer than the client waits.
        let body = BodyReceipt::current();
        let job = move |engine: &mut Engine| {
            let _body = body;
            job(engine)
        };
        self.workers().run(job).await
    }

    /// Embeds texts together with those of other requests.
    pub(crate) async fn embed(&self, side: TextSide, texts: Vec<String>) -> Result<Vec<EmbeddedText>, Problem> {
        let mut embedded = Vec::with_capacity(texts.len());
        // In chunks, so that other requests get their turn in between.
        for chunk in embed_chunks(texts) {
            embedded.extend(self.embeddings().embed(side, chunk).await?);
        }
        Ok(embedded)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// As [`Engine::recommend`]; [`Problem::busy`] when a queue is full.
    pub(crate) async fn recommend(&self, request: Request) -> Result<Answer, Problem> {
        request.check()?;
        let embeddings = self.embed_request(&request).await?;
        self.run(move |engine| engine.recommend_with(&request, &embeddings)).await
    }

    /// Embeds the texts of a request.
    pub(crate) async fn embed_request(&self, request: &Request) -> Result<TextEmbeddings, Problem> {
        let queries = request.text.iter().cloned().collect();
        let mut all = Vec::new();
        for (side, texts) in [(TextSide::Query, queries), (TextSide::Document, request.inline_documents())] {
            let embedded = self.embed(side, texts.clone()).await?;
            all.extend(texts.into_iter().zip(embedded).map(|(text, embedded)| (side, text, embedded.embedding)));
        }
        Ok(all.into_iter().collect())
    }
}

/// Parts texts into chunks, in their order.
fn embed_chunks(texts: Vec<String>) -> Vec<Vec<String>> {
    let mut chunks: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < EMBED_CHUNK_TEXTS && bytes + text.len() <= EMBED_CHUNK_BYTES => {
                bytes += text.len();
                chunk.push(text);
            }
            _ => {
                bytes = text.len();
                chunks.push(vec![text]);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_have_few_texts_and_few_bytes() {
        let sizes = |texts: &[usize]| {
            let texts = texts.iter().map(|length| "x".repeat(*length)).collect();
            embed_chunks(texts).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[10; 70]), [32, 32, 6]);
        assert_eq!(sizes(&[EMBED_CHUNK_BYTES, 1, 1, EMBED_CHUNK_BYTES + 1, EMBED_CHUNK_BYTES / 2]), [1, 2, 1, 1]);
    }
}
