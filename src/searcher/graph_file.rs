//! The HNSW graph on disk: used while it belongs to the library, discarded when it is corrupt.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::{SharedCaches, derived_file};
use crate::error::{Error, Result};
use crate::file::open_regular;
use crate::index::{HnswGraph, IndexCorruption, SOURCE_ID_LEN};
use crate::library::{GenerationId, Library, StoredModel};

/// The graph in the directory of the index.
const NAME: &str = "hnsw";

/// The path of the graph; `None` for a library in memory.
pub(crate) fn graph_path(library: &Library) -> Option<PathBuf> {
    derived_file::path(library, NAME)
}

/// Opens the graph on disk; `None` when there is none, or none that can be used.
pub(super) fn open(library: &Library, caches: &SharedCaches) -> Option<Arc<HnswGraph>> {
    let path = graph_path(library).filter(|path| !caches.graph_was_discarded() && path.exists())?;
    match open_regular(&path).map_err(Error::io(&path, "read")) {
        Ok(file) => match HnswGraph::open(file) {
            Ok(graph) => Some(Arc::new(graph)),
            Err(corruption) => {
                discard_graph(library, caches, &corruption.to_string());
                None
            }
        },
        Err(error) => {
            tracing::warn!("{}: using the exact index", error.one_line());
            None
        }
    }
}

/// Checks the file, block by block: how many papers are in it, or what is wrong. `None` if there is no file.
pub(crate) fn check_graph_file(library: &Library) -> Option<Result<usize, String>> {
    derived_file::check(library, NAME, |file| {
        let graph = HnswGraph::open(file)?;
        graph.as_bytes().map(|_| graph.rows())
    })
}

/// Removes the corrupt graph, and logs the reason. A snapshot in the cache still uses it; this may be called while one is
/// being built, so the caller clears the cache.
pub(super) fn discard_graph(library: &Library, caches: &SharedCaches, reason: &str) {
    if let Some(path) = graph_path(library) {
        tracing::warn!("{}: corrupt, {reason}: rebuilding it", path.display());
    }
    remove_graph(library, caches);
}

/// Removes the graph from the disk. If there was one, the library needs another.
pub(crate) fn remove_graph(library: &Library, caches: &SharedCaches) {
    let Some(path) = graph_path(library).filter(|path| path.exists()) else { return };
    caches.set_graph_discarded(true);
    // A file that cannot be removed stays: this process does not open it again, and others check it.
    let _ = fs::remove_file(&path);
}

/// The crate's error for a corrupt index.
pub(crate) fn corrupt_index(corruption: IndexCorruption) -> Error {
    Error::DamagedIndex { reason: corruption.to_string() }
}

/// What a graph says of its source: the generation of the library, and the model.
pub(crate) fn source_id(generation: &GenerationId, fingerprint: &str) -> [u8; SOURCE_ID_LEN] {
    let mut source_id = [0; SOURCE_ID_LEN];
    let parts = generation.generation.to_le_bytes().into_iter().chain(generation.nonce).chain(fingerprint.bytes());
    source_id.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    source_id
}

/// The generation that a source ID was made of.
pub(super) fn generation_of(source_id: &[u8; SOURCE_ID_LEN]) -> GenerationId {
    let [g0, g1, g2, g3, g4, g5, g6, g7, rest @ ..] = *source_id;
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&rest[..16]);
    GenerationId { generation: u64::from_le_bytes([g0, g1, g2, g3, g4, g5, g6, g7]), nonce }
}

/// The generation that a graph was built from; `None` if it is not one of this library and its model.
pub(super) fn source_generation(graph: &HnswGraph, library: &Library) -> Result<Option<GenerationId>> {
    let generation = generation_of(graph.source_id());
    let model = library.model()?;
    let is_of = |model: &StoredModel| {
        model.dimension == graph.dimension() && source_id(&generation, &model.fingerprint) == *graph.source_id()
    };
    Ok(model.filter(is_of).map(|_| generation))
}
