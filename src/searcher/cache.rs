//! What engines over one library have in common: made once for a generation, kept until there is another.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ask::CachedRanking;
use super::snapshot::IndexSnapshot;
use crate::error::Result;
use crate::lexical::{CollectionStats, PostingBlocks, TermVector};
use crate::library::GenerationId;
use crate::recommend::Background;

/// Terms of papers that are kept in memory, in bytes: of 20,000 papers or so.
const TERM_VECTOR_CACHE_BYTES: usize = 20 << 20;
/// Postings that are kept in memory, in bytes.
const POSTINGS_CACHE_BYTES: usize = 32 << 20;

/// Rankings that are kept in memory, in bytes: 20,000 lists of 20 papers.
const RANKING_CACHE_BYTES: usize = 48 << 20;

/// All that is kept in memory.
#[derive(Default)]
pub(super) struct SharedCaches {
    pub snapshot: PerGeneration<IndexSnapshot>,
    pub background: PerGeneration<Background>,
    pub collection: PerGeneration<CollectionStats>,
    /// Terms of papers by key: candidates of one question are often those of the next.
    pub term_vectors: PerGeneration<BoundedCache<i64, TermVector, TERM_VECTOR_CACHE_BYTES>>,
    /// Postings by term: most questions have words that others have.
    pub postings: PerGeneration<BoundedCache<String, PostingBlocks, POSTINGS_CACHE_BYTES>>,
    /// Rankings by the SHA-256 of what was asked.
    pub rankings: PerGeneration<BoundedCache<[u8; 32], CachedRanking, RANKING_CACHE_BYTES>>,
    /// Whether the index on disk was thrown away.
    index_lost: AtomicBool,
}

impl SharedCaches {
    pub(super) fn index_discarded(&self) -> bool {
        self.index_lost.load(Ordering::Relaxed)
    }

    pub(super) fn set_index_discarded(&self, lost: bool) {
        self.index_lost.store(lost, Ordering::Relaxed);
    }
}

/// What was made of the generation that was asked for last.
pub(crate) struct PerGeneration<T>(Mutex<Option<(GenerationId, Arc<T>)>>);

impl<T> Default for PerGeneration<T> {
    fn default() -> PerGeneration<T> {
        PerGeneration(Mutex::default())
    }
}

impl<T> PerGeneration<T> {
    /// What was made of this generation. Whoever asks first makes it, the others wait.
    pub(crate) fn get_or_build<E>(
        &self,
        stamp: GenerationId,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
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

    pub(super) fn clear(&self) {
        *locked(&self.0) = None;
    }
}

/// What was read last, as much as there is room for: when it is full, it is emptied.
pub(crate) struct BoundedCache<K, V, const BYTES: usize>(Mutex<(HashMap<K, Arc<V>>, usize)>);

impl<K, V, const BYTES: usize> Default for BoundedCache<K, V, BYTES> {
    fn default() -> Self {
        BoundedCache(Mutex::default())
    }
}

impl<K: Hash + Eq, V, const BYTES: usize> BoundedCache<K, V, BYTES> {
    /// What belongs to this key, which takes so many `bytes`.
    pub(crate) fn get_or_read<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized, E>(
        &self,
        key: &Q,
        bytes: impl FnOnce(&V) -> usize,
        read: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = locked(&self.0).0.get(key) {
            return Ok(value.clone());
        }
        let value = Arc::new(read()?);
        let mut kept = locked(&self.0);
        let (values, taken) = &mut *kept;
        if *taken > BYTES {
            values.clear();
            *taken = 0;
        }
        *taken += bytes(&value);
        values.insert(key.to_owned(), value.clone());
        Ok(value)
    }
}

/// What a thread leaves behind that panics is sound: values are put in place whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
