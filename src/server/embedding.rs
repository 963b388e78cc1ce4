//! Texts of concurrent requests, embedded together: one thread takes all that waits and encodes it as one batch.

use std::thread::{self, JoinHandle};

use metrics::{counter, histogram};
use tokio::sync::{mpsc, oneshot};

use super::problem::{Problem, ProblemCode};
use crate::engine::Engine;
use crate::error::Result;
use crate::vector::Embedding;

/// Requests that wait at most.
const WAITING: usize = 256;
/// When so many texts are together, those that wait are left for the next batch: some tenths of a second for two cores.
const TOGETHER: usize = 64;

/// A text's embedding, and what it took.
#[derive(Debug, Clone)]
pub(super) struct EmbeddedText {
    pub embedding: Embedding,
    /// Word pieces that the model saw.
    pub tokens: usize,
}

struct EmbedJob {
    texts: Vec<String>,
    answer: oneshot::Sender<Result<Vec<EmbeddedText>, Problem>>,
}

/// The way to the encoder.
#[derive(Clone)]
pub(super) struct EmbeddingQueue {
    queue: mpsc::Sender<EmbedJob>,
}

impl EmbeddingQueue {
    /// Starts the thread, which ends when all [`EmbeddingQueue`] of it are gone.
    pub(super) fn start(engine: Engine) -> (EmbeddingQueue, JoinHandle<()>) {
        let (queue, mut texts) = mpsc::channel::<EmbedJob>(WAITING);
        let thread = thread::spawn(move || {
            while let Some(first) = texts.blocking_recv() {
                let mut batch = vec![first];
                let mut count = batch[0].texts.len();
                while count < TOGETHER
                    && let Ok(next) = texts.try_recv()
                {
                    count += next.texts.len();
                    batch.push(next);
                }
                answer(&engine, batch);
            }
        });
        (EmbeddingQueue { queue }, thread)
    }

    /// Embeddings of texts, in their order; at once a problem when too much waits already.
    pub(super) async fn of(&self, texts: Vec<String>) -> Result<Vec<EmbeddedText>, Problem> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, receiver) = oneshot::channel();
        self.queue.try_send(EmbedJob { texts, answer }).map_err(|_| Problem::busy())?;
        receiver.await.unwrap_or_else(|_| Err(Problem::new(ProblemCode::Internal, "the encoder has stopped")))
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

fn answer(engine: &Engine, mut batch: Vec<EmbedJob>) {
    batch.retain(|texts| !texts.answer.is_closed());
    let texts: Vec<&str> = batch.iter().flat_map(|texts| &texts.texts).map(String::as_str).collect();
    if texts.is_empty() {
        return;
    }
    let encode = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| encode(engine, &texts)));
    let encoded = encode().unwrap_or_else(|_| Err(Problem::new(ProblemCode::Internal, "the encoder failed")));
    match encoded {
        Ok(embedded) => {
            histogram!("paperkin_embedding_batch_texts").record(embedded.len() as f64);
            counter!("paperkin_embedded_texts_total").increment(embedded.len() as u64);
            let tokens: usize = embedded.iter().map(|embedded| embedded.tokens).sum();
            counter!("paperkin_embedded_tokens_total").increment(tokens as u64);
            let mut embedded = embedded.into_iter();
            for EmbedJob { texts, answer } in batch {
                let _ = answer.send(Ok(embedded.by_ref().take(texts.len()).collect()));
            }
        }
        Err(problem) => batch.into_iter().for_each(|texts| drop(texts.answer.send(Err(problem.clone())))),
    }
}

fn encode(engine: &Engine, texts: &[&str]) -> Result<Vec<EmbeddedText>, Problem> {
    let encoder = engine.encoder()?;
    let tokens = texts.iter().map(|text| Ok(encoder.token_ids(text)?.len())).collect::<Result<Vec<_>>>()?;
    let embeddings = encoder.encode(texts, &|_| ())?;
    let embedded = embeddings.into_iter().zip(tokens).map(|(embedding, tokens)| EmbeddedText { embedding, tokens });
    Ok(embedded.collect())
}
