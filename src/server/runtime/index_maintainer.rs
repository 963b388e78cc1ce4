//! Rebuilds the index in a thread of its own, while others answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::engine::Engine;
use crate::error::Result;

/// How often changes by other processes are looked for.
const CHECK_INTERVAL: Duration = Duration::from_secs(300);

/// A handle of the maintenance thread.
#[derive(Debug)]
pub(crate) struct IndexMaintainer {
    wake: SyncSender<()>,
}

impl IndexMaintainer {
    /// Starts the thread, which ends when the handle is dropped.
    pub(crate) fn start(engine: Engine) -> (IndexMaintainer, JoinHandle<()>) {
        let (wake, wakes) = sync_channel(1);
        (IndexMaintainer { wake }, thread::spawn(move || maintain(&engine, &wakes)))
    }

    /// Tells the thread that the library has changed.
    pub(crate) fn wake(&self) {
        // A full channel means that the thread is going to check anyway.
        let _ = self.wake.try_send(());
    }
}

fn maintain(engine: &Engine, wakes: &Receiver<()>) {
    while !matches!(wakes.recv_timeout(CHECK_INTERVAL), Err(RecvTimeoutError::Disconnected)) {
        if let Err(error) = rebuild_if_needed(engine) {
            tracing::warn!("the index could not be rebuilt: {}", error.one_line());
        }
    }
}

fn rebuild_if_needed(engine: &Engine) -> Result<()> {
    if let Some(rebuilt) = engine.update_index(|_| |_| ())? {
        tracing::info!(papers = rebuilt.papers, recall_at_10 = rebuilt.recall_at_10, "rebuilt the index");
    }
    Ok(())
}
