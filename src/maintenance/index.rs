//! The graph on disk: when one is needed, and building it.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::index::HnswGraph;
use crate::library::{EmbeddingDelta, Library};
use crate::searcher::{
    SearchContext, graph_path, remove_background_file, remove_link_file, remove_metadata_file, remove_term_file,
    source_id, write_background_file, write_link_file, write_metadata_file, write_term_file,
};

/// Papers from which on a graph is built without being asked for: below, the scan is as fast as a search of the graph.
/// Measured in `docs/performance.md`.
const MIN_PAPERS_FOR_GRAPH: u64 = 30_000;
/// The graph is rebuilt when more than one row in so many has changed.
const REBUILD_FRACTION: usize = 4;

/// The index in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct IndexStatus {
    /// `exact`, `hnsw` or `server`.
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
    /// Recall of the ten nearest papers, measured after the build.
    pub recall_at_10: f32,
    /// The share of papers that are found by their own embeddings, 0 to 1.
    pub self_recall: f32,
    /// Candidates that a beam search examines.
    pub ef: usize,
    /// Size of the file.
    pub bytes: u64,
}

/// A graph that was built.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RebuildSummary {
    /// Papers in it.
    pub papers: usize,
    /// Recall of the ten nearest papers, measured after the build.
    pub recall_at_10: f32,
}

/// How neighbors are found now.
///
/// # Errors
/// When the library's file cannot be read.
pub(crate) fn index_status(context: SearchContext<'_>) -> Result<IndexStatus> {
    let snapshot = context.snapshot(1)?;
    let index = graph_path(context.library).and(snapshot.local_index());
    let graph = index.and_then(|index| Some((index, index.graph()?))).map(|(index, graph)| GraphStatus {
        papers: graph.rows(),
        changed: index.changed(),
        recall_at_10: graph.recall(),
        self_recall: graph.self_recall(),
        ef: graph.ef(),
        bytes: graph.size_bytes() as u64,
    });
    Ok(IndexStatus { kind: snapshot.kind().to_string(), papers: snapshot.rows(), graph })
}

/// Whether the graph on disk should be built: it was discarded, too much has changed since it was built, or the library
/// has become large enough for one.
///
/// # Errors
/// When the library's file cannot be read.
fn needs_reindex(context: SearchContext<'_>) -> Result<bool> {
    if context.asks_server() {
        let is_large = context.library.summary()?.papers >= MIN_PAPERS_FOR_GRAPH;
        return Ok(is_large && !context.library.has_vector_index()?);
    }
    Ok(match graph_path(context.library) {
        None => false,
        Some(_) if context.caches.graph_was_discarded() => true,
        Some(path) if path.exists() => {
            let snapshot = context.snapshot(1)?;
            match snapshot.local_index().and_then(|index| Some((index, index.graph()?))) {
                Some((index, graph)) => index.changed() > graph.rows() / REBUILD_FRACTION,
                // It is another library's, or from before the library was compacted.
                None => true,
            }
        }
        Some(_) => context.library.summary()?.papers >= MIN_PAPERS_FOR_GRAPH,
    })
}

/// Writes the derived files that are due: the citation graph and, with `start` as in [`rebuild_index`], the graph of
/// neighbors. Returns the latter if it was built.
///
/// # Errors
/// When a file cannot be written; the old one stays.
pub(crate) fn update_index<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    // A file beside another library would be of no use.
    context.library.check_in_place()?;
    write_link_file(context.library)?;
    write_term_file(context.library)?;
    write_metadata_file(context.library)?;
    let rebuilt = if needs_reindex(context)? { rebuild_index(context, start)? } else { None };
    write_background_file(context)?;
    Ok(rebuilt)
}

/// Builds the index on the server, or else the graph on disk, from the library. `start` is called with the number of papers, and returns what is called
/// with how many more of them are linked. `None` when there is nothing to build from, or another process is building.
///
/// # Errors
/// When the file cannot be written; the old one stays.
pub(crate) fn rebuild_index<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    let SearchContext { library, caches, .. } = context;
    if context.asks_server() {
        return rebuild_server_index(library, start);
    }
    let Some(path) = graph_path(library) else { return Ok(None) };
    library.check_in_place()?;
    // What is in it may be corrupt; it is written anew in no time.
    remove_link_file(library);
    write_link_file(library)?;
    remove_term_file(library);
    write_term_file(library)?;
    remove_metadata_file(library);
    write_metadata_file(library)?;
    remove_background_file(library);
    write_background_file(context)?;
    let directory = path.parent().unwrap_or(&path);
    file::create_private_directory(directory)?;
    let Some(_lock) = file::lock(&directory.join("lock"))? else { return Ok(None) };
    let EmbeddingDelta { generation, keys, vectors, .. } = library.embeddings_since(None)?;
    let Some(model) = library.model()?.filter(|_| !keys.is_empty()) else { return Ok(None) };
    let done = start(keys.len());
    let graph = HnswGraph::build(&keys, &vectors, source_id(&generation, &model.fingerprint), &done);
    drop(vectors);
    let bytes = graph.as_bytes().map_err(|corruption| Error::DamagedIndex { reason: corruption.to_string() })?;
    file::replace(&path, FileAccess::Private, |file| {
        use std::io::Write;
        file.write_all(bytes).map_err(Error::io(&path, "write"))
    })?;
    caches.set_graph_discarded(false);
    caches.clear_index();
    Ok(Some(RebuildSummary { papers: keys.len(), recall_at_10: graph.recall() }))
}

/// Builds the index on the server. `None` when there is nothing to build from.
fn rebuild_server_index<F: Fn(usize) + Sync>(
    library: &Library,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    let papers = library.embedded_keys()?.len();
    if papers == 0 {
        return Ok(None);
    }
    let done = start(papers);
    if !library.build_vector_index()? {
        return Ok(None);
    }
    done(papers);
    Ok(Some(RebuildSummary { papers, recall_at_10: library.vector_index_recall()? }))
}
