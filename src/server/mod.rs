//! The HTTP service: the engine's questions and the library's contents as JSON, with one file for each group of routes.
//!
//! [`serve`] opens the address and runs until it is told to stop. A request passes `guard`, reaches a handler, and is
//! answered by one of the `workers`: threads with an engine of their own. Texts are embedded by one more thread, those
//! of concurrent requests together (`embedding`). Handlers reach both through [`AppState`].

mod app;
mod ask;
mod batch;
mod body;
mod compatible;
mod cursor;
mod embedding;
mod feedback;
mod feeds;
mod guard;
mod lines;
mod listen;
mod numbers;
mod observe;
mod openapi;
mod pages;
mod papers;
mod path;
mod problem;
mod profiles;
mod query;
mod router;
mod stable;
mod status;
mod upkeep;
mod workers;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::recommend::Request;

pub use app::AppState;
pub use guard::{Scope, draw_token};
pub use problem::{Problem, ProblemCode};

/// How the service is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where to listen; port 0 for any that is free.
    pub listen: SocketAddr,
    /// Threads that answer.
    pub workers: usize,
    /// Longest body, in bytes; of a stream of lines, the longest line.
    pub body_bytes: usize,
    /// Longest head of a request, in bytes.
    pub header_bytes: usize,
    /// How long a request may take, and the pauses in a stream of lines.
    pub request_time: Duration,
    /// How long requests in flight may take when the service stops.
    pub stop_time: Duration,
    /// Most results of one request.
    pub results: usize,
    /// The file of tokens; `None`: everybody may do everything, and only this machine can ask.
    pub token_file: Option<PathBuf>,
    /// Whether questions need no token.
    pub public_read: bool,
    /// Names of a loopback address beside `localhost`.
    pub hosts: Vec<String>,
    /// Requests a second of one token; `None` for any number.
    pub token_rate: Option<u32>,
    /// Requests a second of one address; `None` for any number.
    pub address_rate: Option<u32>,
    /// What day it is.
    pub today: fn() -> Date,
}

/// Answers requests until the process is told to stop; `ready` is told the address as soon as they are answered.
///
/// # Errors
/// When the address cannot be listened on, or the library or its model cannot be used.
pub fn serve(settings: ServerOptions, engine: &Engine, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let guard = guard::AuthGuard::new(&settings)?;
    numbers::recorder();
    let model = engine.encoder()?.identity().clone();
    // What the first question reads is read now, and what cannot be read is known now.
    let first = Request { text: Some("a first question".to_owned()), limit: Some(1), ..Request::default() };
    engine.recommend(&first)?;
    let engines = (0..settings.workers.max(1)).map(|_| engine.try_clone()).collect::<Result<Vec<_>>>()?;
    let (workers, mut threads) = workers::WorkerPool::start(engines);
    let (embeddings, thread) = embedding::EmbeddingQueue::start(engine.try_clone()?);
    threads.push(thread);
    let (upkeep, thread) = upkeep::IndexMaintainer::start(engine.try_clone()?);
    threads.push(thread);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::io("threads", "start them"))?;
    let app = AppState::new(settings, guard, model, workers, embeddings, upkeep);
    let served = runtime.block_on(listen::run(app, ready));
    // Requests that were too slow are dropped here, and with them the last ways to the threads.
    runtime.shutdown_timeout(Duration::from_secs(1));
    for thread in threads {
        let _ = thread.join();
    }
    served
}
