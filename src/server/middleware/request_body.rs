//! Receives the bodies of requests: clients have to keep sending, and all bodies share a part of the memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::server::options::ServerOptions;
use crate::server::problem::{Problem, ProblemCode};

/// The least rate at which a body has to arrive, as in Apache's `mod_reqtimeout`.
const MIN_BYTES_PER_SECOND: f64 = 500.0;
/// The beginning of a body that takes nothing from the shared memory, so that queries are answered while there are too many
/// uploads. The number of connections limits how many there are.
const SMALL_BODY_BYTES: usize = 64 << 10;

/// The limits of bodies while they arrive.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimits {
    /// A permit for each byte of all bodies in memory.
    memory: Arc<Semaphore>,
    /// How long a client may send nothing.
    max_pause: Duration,
}

impl BodyLimits {
    pub(crate) fn new(options: &ServerOptions) -> BodyLimits {
        let bytes = options.max_body_memory_bytes.min(Semaphore::MAX_PERMITS);
        BodyLimits { memory: Arc::new(Semaphore::new(bytes)), max_pause: options.client_timeout }
    }
}

tokio::task_local! {
    /// The body of the request that is being answered.
    static CURRENT: BodyReceipt;
}

/// The body of a request while it arrives, in the extensions of every request with a body. The memory of the body becomes
/// free when nobody has the receipt any more: there is an answer, and no job of a worker is left over.
#[derive(Debug, Clone)]
pub(crate) struct BodyReceipt {
    memory: Arc<Semaphore>,
    state: Arc<Mutex<BodyState>>,
}

/// The memory of lines of a body: free again when the last of them is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineMemory(
    #[expect(dead_code, reason = "held until it is dropped")] Option<Arc<OwnedSemaphorePermit>>,
);

#[derive(Debug, Default)]
struct BodyState {
    /// Bytes in memory.
    bytes: usize,
    /// Permits for them, beyond those that need none.
    permit: Option<OwnedSemaphorePermit>,
    is_complete: bool,
    failure: Option<Problem>,
}

impl BodyReceipt {
    fn new(memory: Arc<Semaphore>) -> BodyReceipt {
        BodyReceipt { memory, state: Arc::default() }
    }

    /// The receipt of the request that is being answered, if it has a body.
    pub(crate) fn current() -> Option<BodyReceipt> {
        CURRENT.try_with(BodyReceipt::clone).ok()
    }

    fn state(&self) -> MutexGuard<'_, BodyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes that arrived.
    ///
    /// # Errors
    /// When there is no memory for them.
    fn hold(&self, bytes: usize) -> Result<(), Problem> {
        let mut state = self.state();
        state.bytes += bytes;
        let held = state.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = state.bytes.saturating_sub(SMALL_BODY_BYTES).saturating_sub(held);
        let permits =
            u32::try_from(missing).ok().and_then(|count| self.memory.clone().try_acquire_many_owned(count).ok());
        let permits = permits.ok_or_else(|| {
            Problem::new(ProblemCode::ServerBusy, "too many large bodies are being received: try again").after(1)
        })?;
        match &mut state.permit {
            Some(permit) => permit.merge(permits),
            permit => *permit = Some(permits),
        }
        Ok(())
    }

    /// Tells that only some of the bytes are still the body's: the lines before them are somebody else's, who gets the permit
    /// for their memory.
    pub(crate) fn keep(&self, bytes: usize) -> LineMemory {
        let mut state = self.state();
        state.bytes = bytes;
        let needed = bytes.saturating_sub(SMALL_BODY_BYTES);
        let of_lines =
            state.permit.as_mut().and_then(|permit| permit.split(permit.num_permits().saturating_sub(needed)));
        LineMemory(of_lines.map(Arc::new))
    }

    /// Whether more of the body is to come.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.state().is_complete
    }

    /// Takes the reason why the body could not be received.
    pub(crate) fn take_failure(&self) -> Option<Problem> {
        self.state().failure.take()
    }

    fn fail(&self, problem: Problem) {
        self.state().failure = Some(problem);
    }
}

/// The problem of a body that did not arrive in time.
pub(super) fn slow_body() -> Problem {
    Problem::new(ProblemCode::SlowRequest, "the body arrives too slowly: send it faster, or send a smaller one")
}

/// The middleware: receives the body, and says what was wrong with it whatever the handler made of it.
pub(crate) async fn receive_body(State(limits): State<BodyLimits>, mut request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let receipt = BodyReceipt::new(limits.memory);
    request.extensions_mut().insert(receipt.clone());
    let request = request.map(|body| {
        let receipt = receipt.clone();
        let pace = SendingPace::new(limits.max_pause);
        Body::from_stream(ArrivingBody { chunks: body.into_data_stream(), receipt, pace }.stream())
    });
    let response = CURRENT.scope(receipt.clone(), next.run(request)).await;
    match receipt.take_failure() {
        Some(problem) if !response.status().is_success() => problem.into_response(),
        _ => response,
    }
}

/// The chunks of a body.
struct ArrivingBody {
    chunks: BodyDataStream,
    receipt: BodyReceipt,
    pace: SendingPace,
}

impl ArrivingBody {
    fn stream(self) -> impl Stream<Item = Result<Bytes, &'static str>> + Send {
        stream::unfold(Some(self), async |body| {
            let mut body: ArrivingBody = body?;
            match body.next_chunk().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(body))),
                Ok(None) => None,
                Err(problem) => {
                    body.receipt.fail(problem);
                    Some((Err("the body was not received"), None))
                }
            }
        })
    }

    async fn next_chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        // Only the time in which the client is waited for counts: the stream is not polled while lines wait for a worker.
        let start = Instant::now();
        let next = timeout(self.pace.pause_left, self.chunks.next()).await.map_err(|_| slow_body())?;
        let chunk = next.transpose().map_err(|_| Problem::bad_request("the body ended too early"))?;
        if let Some(chunk) = &chunk {
            self.receipt.hold(chunk.len())?;
            self.pace.count(start.elapsed(), chunk.len());
        }
        if chunk.is_none() || self.chunks.is_end_stream() {
            self.receipt.state().is_complete = true;
        }
        Ok(chunk)
    }
}

/// How long a client may send nothing. Waiting uses the time up, and bytes fill it again.
#[derive(Debug, Clone, Copy)]
struct SendingPace {
    pause_left: Duration,
    max_pause: Duration,
}

impl SendingPace {
    fn new(max_pause: Duration) -> SendingPace {
        SendingPace { pause_left: max_pause, max_pause }
    }

    /// Counts bytes, and how long they were waited for.
    fn count(&mut self, waited: Duration, bytes: usize) {
        let earned = Duration::from_secs_f64(bytes as f64 / MIN_BYTES_PER_SECOND);
        self.pause_left = (self.pause_left.saturating_sub(waited) + earned).min(self.max_pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_on_every_path() {
        let memory = Arc::new(Semaphore::new(100));
        let receipt = || BodyReceipt::new(memory.clone());
        let left = |expected| assert_eq!(memory.available_permits(), expected);
        let (one, other) = (receipt(), receipt());
        one.hold(SMALL_BODY_BYTES).unwrap();
        left(100);
        one.hold(60).unwrap();
        one.hold(20).unwrap();
        left(20);
        other.hold(SMALL_BODY_BYTES + 20).unwrap();
        assert_eq!(other.hold(1).unwrap_err().code(), ProblemCode::ServerBusy);
        let lines = one.keep(SMALL_BODY_BYTES + 30);
        left(0);
        let others = lines.clone();
        drop(lines);
        left(0);
        drop(others);
        left(50);
        one.hold(10).unwrap();
        left(40);
        drop(one.keep(0));
        left(80);
        let clone = other.clone();
        drop((one, other));
        left(80);
        drop(clone);
        left(100);
    }

    #[test]
    fn a_stream_may_be_long_but_must_not_drip() {
        // How many chunks, each after some seconds, come before the client has paused for too long.
        let received = |chunks: Vec<(u64, usize)>| {
            let mut pace = SendingPace::new(Duration::from_secs(20));
            let in_time = |&(seconds, bytes): &(u64, usize)| {
                let waited = Duration::from_secs(seconds);
                let is_in_time = waited <= pace.pause_left;
                pace.count(waited, bytes);
                is_in_time
            };
            chunks.iter().copied().take_while(in_time).count()
        };
        // An hour at 1,000 bytes per second.
        assert_eq!(received(vec![(10, 10_000); 360]), 360);
        // A byte each second: 20 seconds, whatever came before.
        assert_eq!(received(vec![(1, 1); 100]), 20);
        assert_eq!(received([vec![(0, 100_000)], vec![(1, 1); 100]].concat()), 21);
        assert_eq!(received(vec![(21, 100_000)]), 0);
    }
}
