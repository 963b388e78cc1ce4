//! Work of a report that is saved from time to time, so that a report that was killed goes on.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::files::{ReportDirectory, SavedWork};
use super::options::PhaseProgress;
use crate::cancellation::Cancellation;
use crate::index::WorkWatcher;
use crate::vector::EmbeddingMatrix;

/// Between two savings: a killed report loses that much, and saving takes a few percent of the time.
const INTERVAL: Duration = Duration::from_secs(5);
/// Numbers that are hashed at a time.
const HASHED: usize = 1 << 18;
const HASH_BYTES: usize = 32;

type Hash = [u8; HASH_BYTES];

/// Saves work in the directory of a report, and reads it again.
pub(super) struct WorkStore<'a> {
    directory: &'a ReportDirectory,
    /// What the work depends on: saved work of anything else is ignored.
    fingerprint: Hash,
    last: Mutex<Instant>,
    interval: Duration,
}

impl<'a> WorkStore<'a> {
    /// Of work on these vectors; `parameters` is everything else that it depends on.
    pub(super) fn new(directory: &'a ReportDirectory, vectors: &EmbeddingMatrix, parameters: &str) -> WorkStore<'a> {
        let parts: Vec<Hash> = vectors
            .values()
            .par_chunks(HASHED)
            .map(|numbers| Sha256::digest(bytemuck::cast_slice::<f32, u8>(numbers)).into())
            .collect();
        let mut hash = Sha256::new();
        hash.update(parameters);
        hash.update(vectors.dimension().to_le_bytes());
        parts.iter().for_each(|part| hash.update(part));
        WorkStore {
            directory,
            fingerprint: hash.finalize().into(),
            last: Mutex::new(Instant::now()),
            interval: INTERVAL,
        }
    }

    /// The work that was saved, if it is of the same papers and not damaged.
    pub(super) fn saved(&self, name: SavedWork) -> Option<Vec<u8>> {
        let mut bytes = self.directory.saved(name)?;
        let end = bytes.len().checked_sub(HASH_BYTES)?;
        let sum = bytes.split_off(end);
        (sum == self.sum(&bytes)).then_some(bytes)
    }

    /// Saves work. A report that cannot save is made all the same.
    pub(super) fn save(&self, name: SavedWork, mut bytes: Vec<u8>) {
        bytes.extend(self.sum(&bytes));
        if let Err(error) = self.directory.save(name, &bytes) {
            tracing::warn!("the work so far could not be saved: {}", error.one_line());
        }
    }

    /// Saves work if that was not done for some time. Others do not wait for it.
    fn save_if_due(&self, name: SavedWork, bytes: impl FnOnce() -> Vec<u8>) {
        let Ok(mut last) = self.last.try_lock() else { return };
        if last.elapsed() >= self.interval {
            self.save(name, bytes());
            *last = Instant::now();
        }
    }

    fn sum(&self, bytes: &[u8]) -> Hash {
        Sha256::new().chain_update(self.fingerprint).chain_update(bytes).finalize().into()
    }
}

/// Watches a phase: shows how far it is, stops it when the report was canceled, and saves its state.
pub(super) struct PhaseWatcher<'a, State> {
    pub(super) progress: &'a PhaseProgress<'a>,
    pub(super) cancellation: Option<&'a Cancellation>,
    pub(super) store: Option<&'a WorkStore<'a>>,
    pub(super) name: SavedWork,
    pub(super) to_bytes: fn(&State) -> Vec<u8>,
}

impl<State> WorkWatcher<State> for PhaseWatcher<'_, State> {
    fn advance(&self, steps: usize) {
        self.progress.advance(steps);
    }

    fn is_canceled(&self) -> bool {
        self.cancellation.is_some_and(Cancellation::is_canceled)
    }

    fn offer_state(&self, state: &dyn Fn() -> State) {
        if let Some(store) = self.store {
            store.save_if_due(self.name, || (self.to_bytes)(&state()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::Embedding;

    fn vectors(numbers: &[[f32; 2]]) -> EmbeddingMatrix {
        let mut vectors = EmbeddingMatrix::with_capacity(2, numbers.len());
        numbers.iter().for_each(|numbers| vectors.push(&Embedding::normalize(numbers.to_vec()).unwrap()));
        vectors
    }

    #[test]
    fn work_on_other_papers_and_damaged_work_is_ignored() {
        let parent = tempfile::tempdir().unwrap();
        let directory = ReportDirectory::create(&parent.path().join("report"), false).unwrap();
        let one = vectors(&[[1.0, 0.0], [0.0, 1.0]]);
        let store = WorkStore::new(&directory, &one, "k=3");
        assert_eq!(store.saved(SavedWork::Map), None);
        store.save(SavedWork::Map, b"work".to_vec());
        assert_eq!(WorkStore::new(&directory, &one, "k=3").saved(SavedWork::Map), Some(b"work".to_vec()));
        assert_eq!(WorkStore::new(&directory, &one, "k=4").saved(SavedWork::Map), None);
        let other = vectors(&[[1.0, 0.0], [0.1, 1.0]]);
        assert_eq!(WorkStore::new(&directory, &other, "k=3").saved(SavedWork::Map), None);
        for damaged in [&b"work"[..], b"", &[7; 40]] {
            directory.save(SavedWork::Map, damaged).unwrap();
            assert_eq!(store.saved(SavedWork::Map), None);
        }
    }

    #[test]
    fn work_is_saved_from_time_to_time() {
        let parent = tempfile::tempdir().unwrap();
        let directory = ReportDirectory::create(&parent.path().join("report"), false).unwrap();
        let mut store = WorkStore::new(&directory, &EmbeddingMatrix::default(), "");
        store.save_if_due(SavedWork::Pairs, || unreachable!("it has just begun"));
        store.interval = Duration::ZERO;
        store.save_if_due(SavedWork::Pairs, || b"work".to_vec());
        assert_eq!(store.saved(SavedWork::Pairs), Some(b"work".to_vec()));
    }
}
