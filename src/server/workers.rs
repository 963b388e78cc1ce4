//! A bounded pool of threads, each with an engine of its own. Nothing that blocks runs anywhere else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::problem::{Problem, ProblemCode};
use crate::engine::Engine;

/// Jobs that wait for each worker at most: more would wait for seconds.
const WAITING: usize = 64;

type WorkerJob = Box<dyn FnOnce(&mut Engine) + Send>;

/// The way to the workers.
#[derive(Clone)]
pub(super) struct WorkerPool {
    queue: mpsc::Sender<WorkerJob>,
}

impl WorkerPool {
    /// Starts a thread for each engine. The threads end when all [`WorkerPool`] of them are gone and the queue is empty.
    pub(super) fn start(engines: Vec<Engine>) -> (WorkerPool, Vec<JoinHandle<()>>) {
        let (queue, jobs) = mpsc::channel::<WorkerJob>(WAITING * engines.len().max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let work = |mut engine: Engine| {
            let jobs = jobs.clone();
            thread::spawn(move || {
                while let Some(job) = next(&jobs) {
                    job(&mut engine);
                }
            })
        };
        let threads = engines.into_iter().map(work).collect();
        (WorkerPool { queue }, threads)
    }

    /// Has a worker do something; at once a problem when too much waits already.
    pub(super) async fn ask<T, E>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        let (job, answer) = job(work);
        self.queue.try_send(job).map_err(|_| Problem::busy())?;
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Has a worker do something, and waits for room in the queue: for what comes in a stream and can wait.
    pub(super) async fn ask_patiently<T, E>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        let (job, answer) = job(work);
        self.queue.send(job).await.map_err(|_| Problem::busy())?;
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// One worker at a time waits for a job; it works on it when the next one waits.
fn next(jobs: &Mutex<mpsc::Receiver<WorkerJob>>) -> Option<WorkerJob> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

fn job<T, E>(
    work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
) -> (WorkerJob, oneshot::Receiver<Result<T, Problem>>)
where
    T: Send + 'static,
    E: Into<Problem> + 'static,
{
    let (answer, receiver) = oneshot::channel();
    let span = tracing::Span::current();
    let job = Box::new(move |engine: &mut Engine| {
        let _in_the_request = span.enter();
        // Who does not wait any more needs no answer.
        if !answer.is_closed() {
            // The engine's caches are written as a whole, and its transactions are rolled back.
            let worked = catch_unwind(AssertUnwindSafe(|| work(engine).map_err(Into::into)));
            let _ = answer.send(worked.unwrap_or_else(|_| Err(panicked())));
        }
    });
    (job, receiver)
}

fn panicked() -> Problem {
    Problem::new(ProblemCode::Internal, "the server's log says more under this request's id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineOptions, LibraryLocation};

    #[test]
    fn a_panic_is_answered_and_the_worker_lives_on() {
        let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
        let (workers, threads) = WorkerPool::start(vec![engine]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let panicked = runtime.block_on(workers.ask(|_| -> Result<(), Problem> { panic!("as it is meant to") }));
        assert_eq!(panicked.unwrap_err().code(), ProblemCode::Internal);
        let lives = runtime.block_on(workers.ask(|engine| engine.library().generation()));
        assert_eq!(lives.unwrap(), 0);
        drop(workers);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn a_full_queue_says_so() {
        let (workers, _threads) =
            WorkerPool::start(vec![Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap()]);
        // The worker is held up until the end of the test.
        let (begin, began) = std::sync::mpsc::channel();
        let (_hold, held) = std::sync::mpsc::channel::<()>();
        let (hold_up, _answer) = job(move |_| {
            begin.send(()).unwrap();
            Ok::<_, Problem>(held.recv().is_ok())
        });
        assert!(workers.queue.try_send(hold_up).is_ok());
        began.recv().unwrap();
        let waits = (0..).take_while(|_| workers.queue.try_send(Box::new(|_| ())).is_ok()).count();
        assert_eq!(waits, WAITING);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let busy = runtime.block_on(workers.ask(|_| Ok::<_, Problem>(())));
        assert_eq!(busy.unwrap_err().code(), ProblemCode::ServerBusy);
    }
}
