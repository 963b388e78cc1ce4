//! A bounded pool of worker threads, each with an engine of its own. Nothing that blocks runs anywhere else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::fair_queue::{JobSender, fair_queue};
use crate::cancellation::Cancellation;
use crate::engine::Engine;
use crate::server::problem::Problem;

/// Maximum number of queued jobs of a client per worker: more would wait for seconds.
const QUEUE_PER_WORKER: usize = 64;

type WorkerJob = Box<dyn FnOnce(&mut Engine) + Send>;

/// A handle of the workers.
#[derive(Clone)]
pub(crate) struct WorkerPool {
    queue: JobSender<WorkerJob>,
}

impl WorkerPool {
    /// Starts a thread for each engine. The threads end when all handles are dropped and the queue is empty.
    pub(crate) fn start(engines: Vec<Engine>) -> (WorkerPool, Vec<JoinHandle<()>>) {
        let count = engines.len().max(1);
        let (queue, jobs) = fair_queue::<WorkerJob>(count, QUEUE_PER_WORKER * count);
        let work = |mut engine: Engine| {
            let jobs = jobs.clone();
            thread::spawn(move || {
                while let Some((job, _running)) = jobs.receive() {
                    job(&mut engine);
                }
            })
        };
        let threads = engines.into_iter().map(work).collect();
        (WorkerPool { queue }, threads)
    }

    /// Runs a job on a worker, when it is the client's turn. Fails at once when too many jobs of the client wait.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        let (job, result) = boxed_job(work);
        self.queue.send(job).map_err(|_| Problem::busy())?;
        result.wait().await
    }

    /// Runs a job of a stream, which has few of them at a time, however many jobs wait.
    pub(crate) async fn run_of_stream<T, E>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + 'static,
    {
        let (job, result) = boxed_job(work);
        self.queue.send_of_stream(job);
        result.wait().await
    }

    /// The number of queued jobs.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.length()
    }
}

/// What a job comes to. Whoever drops it, because the client is gone or the time is up, stops the job.
struct PendingResult<T> {
    receiver: oneshot::Receiver<Result<T, Problem>>,
    cancellation: Cancellation,
}

impl<T> PendingResult<T> {
    async fn wait(mut self) -> Result<T, Problem> {
        (&mut self.receiver).await.unwrap_or_else(|_| Err(Problem::internal()))
    }
}

impl<T> Drop for PendingResult<T> {
    fn drop(&mut self) {
        self.cancellation.cancel();
    }
}

fn boxed_job<T, E>(work: impl FnOnce(&mut Engine) -> Result<T, E> + Send + 'static) -> (WorkerJob, PendingResult<T>)
where
    T: Send + 'static,
    E: Into<Problem> + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let cancellation = Cancellation::default();
    let result = PendingResult { receiver, cancellation: cancellation.clone() };
    let span = tracing::Span::current();
    let job = Box::new(move |engine: &mut Engine| {
        let _entered = span.enter();
        if cancellation.is_canceled() {
            return;
        }
        engine.set_cancellation(cancellation);
        // Unwind safe: the engine's caches are written as a whole, and its transactions are rolled back.
        let result = catch_unwind(AssertUnwindSafe(|| work(engine).map_err(Into::into)));
        let _ = sender.send(result.unwrap_or_else(|_| Err(Problem::internal())));
        engine.set_cancellation(Cancellation::default());
    });
    (job, result)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{EngineOptions, LibraryLocation};
    use crate::server::problem::ProblemCode;

    #[test]
    fn a_worker_survives_a_panic() {
        let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
        let (workers, threads) = WorkerPool::start(vec![engine]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(workers.run(|_| -> Result<(), Problem> { panic!("on purpose") }));
        assert_eq!(result.unwrap_err().code(), ProblemCode::Internal);
        let alive = runtime.block_on(workers.run(|engine| engine.generation_id()));
        assert_eq!(alive.unwrap().generation, 0);
        drop(workers);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn work_stops_when_nobody_waits() {
        let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
        let (workers, threads) = WorkerPool::start(vec![engine]);
        let (ended, end) = std::sync::mpsc::channel();
        // It goes on until the library refuses to be read.
        let job = workers.run(move |engine| -> Result<(), Problem> {
            while engine.search("robots").is_ok() {}
            ended.send(engine.search("robots").unwrap_err().to_string()).unwrap();
            Ok(())
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let timed_out = runtime.block_on(async { tokio::time::timeout(Duration::from_millis(20), job).await });
        assert!(timed_out.is_err());
        assert_eq!(end.recv().unwrap(), "canceled before it was done");
        // The next job is another.
        assert!(runtime.block_on(workers.run(|engine| engine.search("robots"))).is_ok());
        drop(workers);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn a_full_queue_is_reported() {
        let (workers, _threads) =
            WorkerPool::start(vec![Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap()]);
        // The worker is blocked until the end of the test.
        let (begin, began) = std::sync::mpsc::channel();
        let (_hold, held) = std::sync::mpsc::channel::<()>();
        let (hold_up, _result) = boxed_job(move |_| {
            begin.send(()).unwrap();
            Ok::<_, Problem>(held.recv().is_ok())
        });
        assert!(workers.queue.send(hold_up).is_ok());
        began.recv().unwrap();
        let queued = (0..).take_while(|_| workers.queue.send(Box::new(|_| ())).is_ok()).count();
        assert_eq!(queued, QUEUE_PER_WORKER);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let busy = runtime.block_on(workers.run(|_| Ok::<_, Problem>(())));
        assert_eq!(busy.unwrap_err().code(), ProblemCode::ServerBusy);
    }
}
