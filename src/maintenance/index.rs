//! The graph on disk: when one is needed, and building it.

use serde::Serialize;

use super::vector_file::{VectorFile, write_vector_file};
use crate::error::Result;
use crate::library::Library;
use crate::searcher::{
    MIN_PAPERS_FOR_FILES, SearchContext, graph_path, index_bytes, remove_background_file, remove_link_file,
    remove_metadata_file, remove_term_file, write_background_file, write_link_file, write_metadata_file,
    write_term_file,
};

/// Papers from which on a graph is built without being asked for: below, the scan is as fast as a search of the graph.
/// Measured in `docs/performance.md`.
const MIN_PAPERS_FOR_GRAPH: u64 = 30_000;
/// The graph is rebuilt when more than one row in so many has changed.
const REBUILD_FRACTION: usize = 4;
/// The file without links is written anew when more than one row in so many has changed: that takes a second at most.
const REWRITE_FRACTION: usize = 16;

/// The index in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct IndexStatus {
    /// `exact`, `hnsw` or `server`.
    pub kind: String,
    /// Papers that can be found.
    pub papers: usize,
    /// Size of all its files in bytes.
    pub bytes: u64,
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
    let with_graph = index.and_then(|index| Some((index, index.graph().filter(|graph| graph.has_links())?)));
    let graph = with_graph.map(|(index, graph)| GraphStatus {
        papers: graph.rows(),
        changed: index.changed(),
        recall_at_10: graph.recall(),
        self_recall: graph.self_recall(),
        ef: graph.ef(),
        bytes: graph.size_bytes() as u64,
    });
    Ok(IndexStatus {
        kind: snapshot.kind().to_string(),
        papers: snapshot.rows(),
        bytes: index_bytes(context.library),
        graph,
    })
}

/// Which file of vectors a library should have by now instead of the one that it has; `None` if that will do.
///
/// # Errors
/// When the library's file cannot be read.
fn due_file(context: SearchContext<'_>) -> Result<Option<VectorFile>> {
    let papers = context.library.paper_count()?;
    if context.asks_server() {
        let is_due = papers >= MIN_PAPERS_FOR_GRAPH && !context.library.has_vector_index()?;
        return Ok(is_due.then_some(VectorFile::Graph));
    }
    let usual = match papers {
        MIN_PAPERS_FOR_GRAPH.. => Some(VectorFile::Graph),
        MIN_PAPERS_FOR_FILES.. => Some(VectorFile::Vectors),
        _ => None,
    };
    let Some(path) = graph_path(context.library) else { return Ok(None) };
    // A graph in a small library is there because somebody asked for it.
    let of_discarded = usual.or(Some(VectorFile::Graph));
    if context.caches.graph_was_discarded() {
        return Ok(of_discarded);
    }
    if !path.exists() {
        return Ok(usual);
    }
    let snapshot = context.snapshot(1)?;
    // Without one, it is another library's, or from before the library was compacted.
    let Some((index, graph)) = snapshot.local_index().and_then(|index| Some((index, index.graph()?))) else {
        return Ok(of_discarded);
    };
    Ok(match (graph.has_links(), usual) {
        (true, _) if index.changed() > graph.rows() / REBUILD_FRACTION => Some(VectorFile::Graph),
        (false, Some(VectorFile::Graph)) => Some(VectorFile::Graph),
        (false, _) if index.changed() > graph.rows() / REWRITE_FRACTION => Some(VectorFile::Vectors),
        _ => None,
    })
}

/// Writes the derived files that are due: among them, with `start` as in [`rebuild_index`], the graph of neighbors. Returns the
/// latter if it was built.
///
/// # Errors
/// When a file cannot be written; the old one stays.
pub(crate) fn update_index<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    // A file beside another library would be of no use.
    let library = context.library;
    library.check_in_place()?;
    let others = write_other_files(library);
    let rebuilt = due_file(context).and_then(|due| match due {
        Some(VectorFile::Graph) => write_graph(context, start),
        Some(VectorFile::Vectors) => write_vector_file(context, VectorFile::Vectors, |_| |_| ()).map(|_| None),
        None => Ok(None),
    });
    let background = write_background_file(context);
    others.and(background)?;
    rebuilt
}

/// Builds the index on the server, or else writes all derived files anew, with the graph of neighbors. `start` is called with
/// the number of papers, and returns what is called with how many more of them are linked. `None` when there is nothing to
/// build from, or another process is building.
///
/// # Errors
/// When a file cannot be written; the old one stays.
pub(crate) fn rebuild_index<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    let library = context.library;
    let has_files = !context.asks_server() && graph_path(library).is_some();
    if has_files {
        library.check_in_place()?;
    }
    // First: when another process is building, that one's files stay as they are.
    let rebuilt = write_graph(context, start);
    if !has_files || matches!(rebuilt, Ok(None)) {
        return rebuilt;
    }
    // What is in them may be corrupt.
    remove_link_file(library);
    remove_term_file(library);
    remove_metadata_file(library);
    remove_background_file(library);
    let others = write_other_files(library);
    let background = write_background_file(context);
    others.and(background)?;
    rebuilt
}

/// Writes those files that need no vectors. Each is of use without the others: one that cannot be written does not stop the rest.
fn write_other_files(library: &Library) -> Result<()> {
    let written = [write_link_file(library), write_term_file(library), write_metadata_file(library)];
    written.into_iter().try_for_each(|written| written.map(drop))
}

/// Builds the index on the server, or else writes the graph on disk.
fn write_graph<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    match context.asks_server() {
        true => rebuild_server_index(context.library, start),
        false => write_vector_file(context, VectorFile::Graph, start),
    }
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
