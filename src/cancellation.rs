//! Work that stops when nobody waits for its result any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Whether somebody still waits for the result of some work. All clones stand for the same work.
///
/// ```
/// let cancellation = paperkin::Cancellation::default();
/// let of_the_worker = cancellation.clone();
/// assert!(of_the_worker.check().is_ok());
/// cancellation.cancel();
/// assert_eq!(of_the_worker.check().unwrap_err().to_string(), "canceled before it was done");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails when the work should stop. It costs a read of memory: loops call it for each of their items.
    ///
    /// # Errors
    /// [`Error::Canceled`].
    pub fn check(&self) -> Result<()> {
        if self.is_canceled() { Err(Error::Canceled) } else { Ok(()) }
    }
}
