//! Caches that the engines over one library share: filled once per generation, dropped with the next.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;

use super::citations::SnapshotCitations;
use super::metadata_table::MetadataTable;
use super::paper_terms::PaperTerms;
use super::select::CachedRanking;
use super::snapshot::IndexSnapshot;
use super::starters::STARTER_CACHE_BYTES;
use crate::error::Result;
use crate::lexical::{CollectionStats, PostingBlocks};
use crate::library::GenerationId;
use crate::paper::Paper;
use crate::recommend::{Background, TermClassifier};

/// Postings in memory, in bytes.
const POSTINGS_CACHE_BYTES: usize = 32 << 20;

/// Classifiers in memory, in bytes: those of about 20 profiles.
const CLASSIFIER_CACHE_BYTES: usize = 20 << 20;
/// Rankings in memory, in bytes: 20,000 lists of 20 papers.
const RANKING_CACHE_BYTES: usize = 48 << 20;

/// Papers in memory, in bytes: about 10,000, those that are recommended most.
const PAPER_CACHE_BYTES: usize = 32 << 20;

/// All caches of one library.
#[derive(Default)]
pub(crate) struct SharedCaches {
    pub(crate) snapshot: PerGeneration<IndexSnapshot>,
    pub(super) background: PerGeneration<Background>,
    pub(super) collection: PerGeneration<CollectionStats>,
    pub(super) metadata: PerGeneration<MetadataTable>,
    pub(super) terms: PerGeneration<PaperTerms>,
    /// Postings by term: most questions have words that others have.
    pub(super) postings: PerGeneration<BoundedCache<String, PostingBlocks, POSTINGS_CACHE_BYTES>>,
    /// Rankings by the SHA-256 of the request.
    pub(super) rankings: PerGeneration<BoundedCache<[u8; 32], CachedRanking, RANKING_CACHE_BYTES>>,
    /// Papers that were recommended, by key: most are recommended again, and reading ten of them was 8% of a question.
    pub(super) papers: PerGeneration<BoundedCache<i64, Paper, PAPER_CACHE_BYTES>>,
    /// Classifiers of long histories by the SHA-256 of the history.
    pub(super) classifiers: PerGeneration<BoundedCache<[u8; 32], TermClassifier, CLASSIFIER_CACHE_BYTES>>,
    pub(super) citations: PerGeneration<SnapshotCitations>,
    /// Keys of the papers that readers without a history are offered, by day.
    pub(super) starters: PerGeneration<BoundedCache<Date, Vec<i64>, STARTER_CACHE_BYTES>>,
    /// Whether the graph on disk was discarded.
    graph_discarded: AtomicBool,
}

impl SharedCaches {
    pub(crate) fn graph_was_discarded(&self) -> bool {
        self.graph_discarded.load(Ordering::Relaxed)
    }

    /// Forgets what was read of the files of the index.
    pub(crate) fn clear_index(&self) {
        self.snapshot.clear();
        self.citations.clear();
        self.terms.clear();
    }

    pub(crate) fn set_graph_discarded(&self, discarded: bool) {
        self.graph_discarded.store(discarded, Ordering::Relaxed);
    }
}

/// A value derived from one generation of the library: the latest that was asked for.
pub(crate) struct PerGeneration<T>(Mutex<Option<(GenerationId, Arc<T>)>>);

impl<T> Default for PerGeneration<T> {
    fn default() -> PerGeneration<T> {
        PerGeneration(Mutex::default())
    }
}

impl<T> PerGeneration<T> {
    /// The value of this generation. The first caller builds it, the others wait.
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

    pub(crate) fn clear(&self) {
        *locked(&self.0) = None;
    }
}

/// A cache of at most so many bytes: when it is full, it is emptied.
pub(crate) struct BoundedCache<K, V, const BYTES: usize>(Mutex<(HashMap<K, Arc<V>>, usize)>);

impl<K, V, const BYTES: usize> Default for BoundedCache<K, V, BYTES> {
    fn default() -> Self {
        BoundedCache(Mutex::default())
    }
}

impl<K: Hash + Eq, V, const BYTES: usize> BoundedCache<K, V, BYTES> {
    /// The value of a key, if it is cached.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        locked(&self.0).0.get(key).cloned()
    }

    /// Keeps the value of a key, which takes so many `bytes` in memory.
    pub(crate) fn insert(&self, key: K, value: V, bytes: impl FnOnce(&V) -> usize) -> Arc<V> {
        let value = Arc::new(value);
        let mut cached = locked(&self.0);
        let (values, taken) = &mut *cached;
        if *taken > BYTES {
            values.clear();
            *taken = 0;
        }
        *taken += bytes(&value);
        values.insert(key, value.clone());
        value
    }

    /// The value of a key, which takes so many `bytes` in memory; read if it is not cached.
    pub(crate) fn get_or_read<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized, E>(
        &self,
        key: &Q,
        bytes: impl FnOnce(&V) -> usize,
        read: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E>
    where
        K: Borrow<Q>,
    {
        match self.get(key) {
            Some(value) => Ok(value),
            None => Ok(self.insert(key.to_owned(), read()?, bytes)),
        }
    }
}

/// Values are put in place whole, so what a panicking thread leaves behind is valid.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
