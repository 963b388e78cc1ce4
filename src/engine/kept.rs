//! What engines over one library have in common: made once for a generation, kept until there is another.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::snapshot::Snapshot;
use crate::error::Result;
use crate::lexical::{Bag, Collection};
use crate::library::Stamp;
use crate::recommend::Background;

/// Papers whose terms are kept in memory, of about a kilobyte each.
const TEXTS: usize = 20_000;

/// All that is kept in memory.
#[derive(Default)]
pub(super) struct Kept {
    pub snapshot: Latest<Snapshot>,
    pub background: Latest<Background>,
    pub collection: Latest<Collection>,
    pub texts: Latest<Texts>,
    /// Whether the index on disk was thrown away.
    index_lost: AtomicBool,
}

impl Kept {
    pub(super) fn is_index_lost(&self) -> bool {
        self.index_lost.load(Ordering::Relaxed)
    }

    pub(super) fn index_is_lost(&self, lost: bool) {
        self.index_lost.store(lost, Ordering::Relaxed);
    }
}

/// What was made of the generation that was asked for last.
pub(super) struct Latest<T>(Mutex<Option<(Stamp, Arc<T>)>>);

impl<T> Default for Latest<T> {
    fn default() -> Latest<T> {
        Latest(Mutex::default())
    }
}

impl<T> Latest<T> {
    /// What was made of this generation. Whoever asks first makes it, the others wait.
    pub(super) fn of(&self, stamp: Stamp, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut latest = locked(&self.0);
        if let Some((of, made)) = &*latest
            && *of == stamp
        {
            return Ok(made.clone());
        }
        let made = Arc::new(make()?);
        *latest = Some((stamp, made.clone()));
        Ok(made)
    }

    pub(super) fn forget(&self) {
        *locked(&self.0) = None;
    }
}

/// Terms of papers by key: candidates of one question are often those of the next.
#[derive(Default)]
pub(super) struct Texts(Mutex<HashMap<i64, Arc<Bag>>>);

impl Texts {
    /// The terms of the paper with this key.
    pub(super) fn of(&self, key: i64, read: impl FnOnce() -> Result<Bag>) -> Result<Arc<Bag>> {
        if let Some(text) = locked(&self.0).get(&key) {
            return Ok(text.clone());
        }
        let text = Arc::new(read()?);
        let mut texts = locked(&self.0);
        if texts.len() >= TEXTS {
            texts.clear();
        }
        texts.insert(key, text.clone());
        Ok(text)
    }
}

/// What a thread leaves behind that panics is sound: values are put in place whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
