//! What is derived from the library, kept up to date by a thread of its own while others answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::engine::Engine;
use crate::error::Result;

/// How often it is looked at what other processes have changed.
const ROUND: Duration = Duration::from_secs(300);

/// The way to the thread.
#[derive(Debug)]
pub(super) struct IndexMaintainer {
    bell: SyncSender<()>,
}

impl IndexMaintainer {
    /// Starts the thread, which ends when the [`IndexMaintainer`] is gone.
    pub(super) fn start(engine: Engine) -> (IndexMaintainer, JoinHandle<()>) {
        let (bell, rings) = sync_channel(1);
        (IndexMaintainer { bell }, thread::spawn(move || keep(&engine, &rings)))
    }

    /// Says that something has changed.
    pub(super) fn wake(&self) {
        // When the bell has rung already, once is enough.
        let _ = self.bell.try_send(());
    }
}

fn keep(engine: &Engine, rings: &Receiver<()>) {
    while !matches!(rings.recv_timeout(ROUND), Err(RecvTimeoutError::Disconnected)) {
        if let Err(error) = rebuild(engine) {
            tracing::warn!("the index was not built: {}", error.one_line());
        }
    }
}

fn rebuild(engine: &Engine) -> Result<()> {
    if engine.needs_reindex()?
        && let Some(rebuilt) = engine.rebuild_index(|_| |_| ())?
    {
        tracing::info!(papers = rebuilt.papers, recall_at_10 = rebuilt.recall_at_10, "built the index");
    }
    Ok(())
}
