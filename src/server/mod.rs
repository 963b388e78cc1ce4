//! The HTTP service: queries and the contents of the library as JSON, and a web page for reading.
//!
//! [`serve`] opens the address and runs until it is told to stop. A request passes the `middleware`, reaches a handler in
//! `routes`, `compat` or `web`, whose `extract`ors read it, and is answered by one of the workers of the `runtime`:
//! threads with an engine of their own. Texts are embedded by one more thread, those of concurrent requests together.

mod access;
mod compat;
mod extract;
mod guarded_router;
mod middleware;
mod options;
mod problem;
mod router;
mod routes;
mod runtime;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::recommend::Request;
use middleware::AuthGuard;
use runtime::{AppState, EmbeddingQueue, IndexMaintainer, ReportRunner, WorkerPool, listener, metrics_recorder};

pub use access::Scope;
pub use middleware::generate_token;
pub use options::ServerOptions;

/// How long requests that were given up, and the threads behind them, may take to end when the service stops.
const CLOSING_TIME: Duration = Duration::from_millis(500);
/// How often is looked whether the threads have ended.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Serves requests until the process is told to stop. Calls `ready` with the address as soon as requests are served.
///
/// # Errors
/// When the address cannot be listened on, or the library or its model cannot be used.
pub fn serve(options: ServerOptions, engine: &Engine, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let guard = Arc::new(AuthGuard::new(&options)?);
    metrics_recorder::recorder();
    let model = engine.encoder()?.identity().clone();
    // Loads now what the first query needs, so that what cannot be read is reported at the start.
    engine.recommend(&Request { text: Some("warm-up".to_owned()), limit: Some(1), ..Request::default() })?;
    let mut engines = (0..options.workers.max(1)).map(|_| engine.try_clone()).collect::<Result<Vec<_>>>()?;
    // Cookies name the library. Its ID is made now: no request that reads changes anything. A read-only library has none.
    let _ = engines[0].library_id();
    let (workers, mut threads) = WorkerPool::start(engines);
    // Whether the server can answer is asked when it is busy.
    let (health, health_threads) = WorkerPool::start(vec![engine.try_clone()?]);
    threads.extend(health_threads);
    let (embeddings, thread) = EmbeddingQueue::start(engine.try_clone()?);
    threads.push(thread);
    let (maintainer, thread) = IndexMaintainer::start(engine.try_clone()?);
    threads.push(thread);
    let (reports, thread) = ReportRunner::start(engine.try_clone()?)?;
    threads.push(thread);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::io("threads", "start them"))?;
    let app = AppState::new(options.clone(), model, [workers, health], embeddings, maintainer, reports);
    let router = router::router(app, guard.clone());
    let served = runtime.block_on(listener::run(options, router, guard, ready));
    // Drops requests that were too slow, which stops their jobs, and with them the last handles of the threads.
    runtime.shutdown_timeout(CLOSING_TIME);
    wait_for(&threads, Instant::now() + CLOSING_TIME);
    served
}

/// Waits until the threads have ended, but not longer. A thread that goes on, as one that builds an index, ends with the
/// process: what it writes is there whole or not at all.
fn wait_for(threads: &[JoinHandle<()>], end: Instant) {
    while !threads.iter().all(JoinHandle::is_finished) && Instant::now() < end {
        thread::sleep(POLL_INTERVAL);
    }
}
