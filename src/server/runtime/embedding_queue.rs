//! Embeds the texts of concurrent requests together: one thread takes all queued jobs and encodes them as one batch.

use std::thread::{self, JoinHandle};

use metrics::{counter, histogram};
use tokio::sync::oneshot;

use super::fair_queue::{JobReceiver, JobSender, fair_queue};
use crate::encoder::TextSide;
use crate::engine::Engine;
use crate::error::Result;
use crate::server::problem::{Problem, ProblemCode};
use crate::vector::Embedding;

/// Maximum number of queued jobs of a client.
const QUEUE_PER_CLIENT: usize = 256;
/// A batch with this many texts takes no more jobs: it keeps two cores busy for some tenths of a second.
const BATCH_TEXTS: usize = 64;

/// The embedding of a text, and how many tokens the text has.
#[derive(Debug, Clone)]
pub(crate) struct EmbeddedText {
    pub embedding: Embedding,
    /// Tokens that the model saw.
    pub tokens: usize,
}

struct EmbedJob {
    side: TextSide,
    texts: Vec<String>,
    result: oneshot::Sender<Result<Vec<EmbeddedText>, Problem>>,
}

/// A handle of the embedding thread.
#[derive(Clone)]
pub(crate) struct EmbeddingQueue {
    queue: JobSender<EmbedJob>,
}

impl EmbeddingQueue {
    /// Starts the thread, which ends when all handles are dropped.
    pub(crate) fn start(engine: Engine) -> (EmbeddingQueue, JoinHandle<()>) {
        let (queue, jobs) = fair_queue(1, QUEUE_PER_CLIENT);
        let thread = thread::spawn(move || while embed_next(&engine, &jobs).is_some() {});
        (EmbeddingQueue { queue }, thread)
    }

    /// Embeds texts; the embeddings are in their order. Fails at once when too many jobs of the client wait.
    pub(crate) async fn embed(&self, side: TextSide, texts: Vec<String>) -> Result<Vec<EmbeddedText>, Problem> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let (result, receiver) = oneshot::channel();
        self.queue.send(EmbedJob { side, texts, result }).map_err(|_| Problem::busy())?;
        receiver.await.unwrap_or_else(|_| Err(Problem::new(ProblemCode::Internal, "the encoder stopped")))
    }

    /// The number of queued jobs.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.length()
    }
}

/// Waits for jobs and embeds their texts in one batch for each side. None when the queue has ended.
fn embed_next(engine: &Engine, jobs: &JobReceiver<EmbedJob>) -> Option<()> {
    let (first, _running) = jobs.receive()?;
    let mut batch = vec![first];
    let mut count = batch[0].texts.len();
    while count < BATCH_TEXTS
        && let Some((next, _)) = jobs.try_receive()
    {
        count += next.texts.len();
        batch.push(next);
    }
    for side in [TextSide::Query, TextSide::Document] {
        embed_batch(engine, side, batch.extract_if(.., |job| job.side == side).collect());
    }
    Some(())
}

fn embed_batch(engine: &Engine, side: TextSide, mut batch: Vec<EmbedJob>) {
    batch.retain(|job| !job.result.is_closed());
    let texts: Vec<&str> = batch.iter().flat_map(|job| &job.texts).map(String::as_str).collect();
    if texts.is_empty() {
        return;
    }
    let encode = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| encode(engine, side, &texts)));
    let encoded = encode().unwrap_or_else(|_| Err(Problem::new(ProblemCode::Internal, "the encoder failed")));
    match encoded {
        Ok(embedded) => {
            histogram!("paperkin_embedding_batch_size").record(embedded.len() as f64);
            counter!("paperkin_embedded_texts_total").increment(embedded.len() as u64);
            let tokens: usize = embedded.iter().map(|embedded| embedded.tokens).sum();
            counter!("paperkin_embedded_tokens_total").increment(tokens as u64);
            let mut embedded = embedded.into_iter();
            for EmbedJob { texts, result, .. } in batch {
                let _ = result.send(Ok(embedded.by_ref().take(texts.len()).collect()));
            }
        }
        Err(problem) => batch.into_iter().for_each(|job| drop(job.result.send(Err(problem.clone())))),
    }
}

fn encode(engine: &Engine, side: TextSide, texts: &[&str]) -> Result<Vec<EmbeddedText>, Problem> {
    let encoder = engine.encoder()?;
    let tokens = texts.iter().map(|text| Ok(encoder.token_ids(side, text)?.len())).collect::<Result<Vec<_>>>()?;
    let embeddings = encoder.encode(side, texts, &|_| ())?;
    let embedded = embeddings.into_iter().zip(tokens).map(|(embedding, tokens)| EmbeddedText { embedding, tokens });
    Ok(embedded.collect())
}
