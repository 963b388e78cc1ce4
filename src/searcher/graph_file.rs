//! The frozen index on disk: used when it belongs to the library, thrown away when it is damaged, built again when too
//! much has changed since.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::Engine;
use crate::error::{Error, Result};
use crate::file::{self, MappedFile};
use crate::index::{HnswGraph, IndexCorruption, SOURCE_ID_LEN};
use crate::library::{EmbeddingDelta, GenerationId, Library};

/// From so many papers on, a graph is built without being asked for: below, the scan is as fast as a walk. Measured in
/// `docs/performance.md`.
const MIN_PAPERS_FOR_GRAPH: u64 = 30_000;
/// The graph is built again when more than one row in so many has changed.
const REBUILD_FRACTION: usize = 4;

/// The index in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct IndexStatus {
    /// `exact` or `hnsw`.
    pub kind: String,
    /// Papers that can be found.
    pub papers: usize,
    /// The graph, if there is one on disk.
    pub graph: Option<GraphStatus>,
}

/// A graph on disk in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct GraphStatus {
    /// Papers in it.
    pub papers: usize,
    /// Papers added, changed or removed since it was built.
    pub changed: usize,
    /// Recall of the ten nearest papers, as the audit after the build found it.
    pub recall_at_10: f32,
    /// The share of papers that are found by their own vectors.
    pub self_recall: f32,
    /// Candidates that a walk looks at.
    pub ef: usize,
    /// Size of the file.
    pub bytes: u64,
}

/// A graph that was built.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RebuildSummary {
    /// Papers in it.
    pub papers: usize,
    /// Recall of the ten nearest papers, as the audit found it.
    pub recall_at_10: f32,
}

impl Engine {
    /// How neighbors are found now.
    pub fn index_status(&self) -> Result<IndexStatus> {
        let snapshot = self.snapshot(1)?;
        let graph = self.index_path().and(snapshot.index.graph()).map(|frozen| GraphStatus {
            papers: frozen.rows(),
            changed: snapshot.index.changed(),
            recall_at_10: frozen.recall(),
            self_recall: frozen.self_recall(),
            ef: frozen.ef(),
            bytes: frozen.as_bytes().len() as u64,
        });
        Ok(IndexStatus { kind: snapshot.index.kind().to_string(), papers: snapshot.rows(), graph })
    }

    /// Whether there was an index on disk that had to be thrown away.
    pub fn index_was_discarded(&self) -> bool {
        self.caches.index_discarded()
    }

    /// Whether the index on disk should be built again: it was thrown away, too much has changed since it was built, or the
    /// library has become large enough for one.
    pub fn needs_reindex(&self) -> Result<bool> {
        Ok(match self.index_path() {
            None => false,
            Some(_) if self.caches.index_discarded() => true,
            Some(path) if path.exists() => {
                let snapshot = self.snapshot(1)?;
                match snapshot.index.graph() {
                    Some(frozen) => snapshot.index.changed() > frozen.rows() / REBUILD_FRACTION,
                    // It was of another library, or is of no use after the library was compacted.
                    None => true,
                }
            }
            Some(_) => self.library.summary()?.papers >= MIN_PAPERS_FOR_GRAPH,
        })
    }

    /// Builds the index on disk from the library. `start` is told how many papers there are, and gives what is told how
    /// many more of them are linked. `None` when there is nothing to build from, or when another process is at it.
    ///
    /// # Errors
    /// When the file cannot be written; the old one stays.
    pub fn rebuild_index<F: Fn(usize) + Sync>(&self, start: impl FnOnce(usize) -> F) -> Result<Option<RebuildSummary>> {
        let Some(path) = self.index_path() else { return Ok(None) };
        let directory = path.parent().unwrap_or(&path);
        fs::create_dir_all(directory).map_err(Error::io(directory, "make it"))?;
        let Some(_lock) = file::lock(&directory.join("lock"))? else { return Ok(None) };
        let EmbeddingDelta { generation: stamp, keys, vectors, .. } = self.library.embeddings_since(None)?;
        let Some(model) = self.library.model()?.filter(|_| !keys.is_empty()) else { return Ok(None) };
        let done = start(keys.len());
        let frozen = HnswGraph::build(&keys, &vectors, source_id(&stamp, &model.fingerprint), &done);
        drop(vectors);
        file::replace(&path, |file| {
            use std::io::Write;
            file.write_all(frozen.as_bytes()).map_err(Error::io(&path, "write it"))
        })?;
        self.caches.set_index_discarded(false);
        self.caches.snapshot.clear();
        Ok(Some(RebuildSummary { papers: keys.len(), recall_at_10: frozen.recall() }))
    }

    /// Where the index is on disk; `None` when the library is in memory.
    fn index_path(&self) -> Option<PathBuf> {
        self.library.directory().map(|directory| directory.join("index").join("hnsw"))
    }

    /// The index on disk, if there is one and it is sound.
    pub(super) fn open_index(&self) -> Option<Arc<HnswGraph>> {
        let path = self.index_path().filter(|path| !self.caches.index_discarded() && path.exists())?;
        match MappedFile::open(&path) {
            Ok(mapped) => match HnswGraph::open(mapped) {
                Ok(frozen) => Some(Arc::new(frozen)),
                Err(damage) => {
                    self.discard_index(&damage.to_string());
                    None
                }
            },
            Err(error) => {
                tracing::warn!("{}: papers are compared one by one", error.one_line());
                None
            }
        }
    }

    /// Answers a question; when the index on disk turns out to be damaged, once more without it.
    pub(super) fn with_index_fallback<T>(&self, ask: impl Fn() -> Result<T>) -> Result<T> {
        match ask() {
            Err(Error::DamagedIndex { reason }) => {
                self.discard_index(&reason);
                self.caches.snapshot.clear();
                ask()
            }
            answer => answer,
        }
    }

    /// Throws the damaged index on disk away, and says why.
    fn discard_index(&self, reason: &str) {
        if let Some(path) = self.index_path() {
            tracing::warn!("{}: damaged, {reason}: it is built again from the library", path.display());
        }
        self.remove_index();
    }

    /// Throws the index on disk away; if there is one, another is due.
    pub(super) fn remove_index(&self) {
        let Some(path) = self.index_path().filter(|path| path.exists()) else { return };
        self.caches.set_index_discarded(true);
        // What cannot be removed is left alone: nobody here takes it for sound.
        let _ = fs::remove_file(&path);
    }
}

/// Damage of the index as the crate's error.
pub(super) fn corrupt_index(damage: IndexCorruption) -> Error {
    Error::DamagedIndex { reason: damage.to_string() }
}

/// What an index on disk says of its origin: the generation, its stamp, and the model.
fn source_id(stamp: &GenerationId, fingerprint: &str) -> [u8; SOURCE_ID_LEN] {
    let mut origin = [0; SOURCE_ID_LEN];
    let parts = stamp.generation.to_le_bytes().into_iter().chain(stamp.nonce).chain(fingerprint.bytes());
    origin.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    origin
}

/// The generation that a frozen index was built from, if it may be this library's.
pub(super) fn source_generation(frozen: &HnswGraph, library: &Library) -> Result<Option<GenerationId>> {
    let [g0, g1, g2, g3, g4, g5, g6, g7, rest @ ..] = *frozen.source_id();
    let mut stamp = [0; 16];
    stamp.copy_from_slice(&rest[..16]);
    let stamp = GenerationId { generation: u64::from_le_bytes([g0, g1, g2, g3, g4, g5, g6, g7]), nonce: stamp };
    let model = library.model()?;
    Ok(model.filter(|model| source_id(&stamp, &model.fingerprint) == *frozen.source_id()).map(|_| stamp))
}
