//! The library's vectors at one generation, indexed: in this process, or by the server that keeps the library.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

use super::graph_file::{corrupt_index, source_generation};
use super::server_vectors::ServerVectors;
use crate::error::{Error, Result};
use crate::index::{HnswGraph, IndexCorruption, IndexDelta, IndexKind, SearchHit, VectorIndex, builds_graph};
use crate::library::{EmbeddingDelta, GenerationId, Library, NearestQuery};
use crate::vector::{Embedding, RowBitmap, RowId, key_position};

/// Vectors whose neighbors a reader keeps, at most.
const MAX_FOUND: usize = 64;

/// Vectors of one generation. Rows ascend with the library's keys.
pub(crate) struct IndexSnapshot {
    pub(crate) generation: GenerationId,
    vectors: SnapshotVectors,
}

/// Where the vectors are.
enum SnapshotVectors {
    Local(LocalVectors),
    Server(ServerVectors),
}

/// Vectors in this process.
struct LocalVectors {
    index: VectorIndex,
    graph: Option<Arc<HnswGraph>>,
    /// Keys of the rows that follow those of the graph.
    keys: Vec<i64>,
}

/// A snapshot with the library that it is of, in a transaction of its generation: what a server keeps is read when it is
/// asked for.
pub(crate) struct SnapshotReader<'a> {
    snapshot: Arc<IndexSnapshot>,
    library: &'a Library,
    /// Neighbors among all papers that were found before.
    found: RefCell<Vec<FoundNeighbors>>,
}

/// The rows nearest to a vector: at least `k` of them, or all.
struct FoundNeighbors {
    vector: Vec<f32>,
    k: usize,
    hits: Vec<SearchHit>,
}

impl IndexSnapshot {
    /// Reads the vectors that the graph does not hold: all of them, if there is no graph or it is another library's. About
    /// so many `queries` are expected, which decides whether a graph in memory pays.
    ///
    /// # Errors
    /// When the library's file cannot be read or the graph is corrupt.
    pub(crate) fn read(
        library: &Library,
        graph: Option<Arc<HnswGraph>>,
        kind: IndexKind,
        queries: usize,
    ) -> Result<IndexSnapshot> {
        // Where a graph in memory pays, a file without links saves nothing.
        let is_useful = |graph: &Arc<HnswGraph>| graph.has_links() || !builds_graph(graph.rows(), kind, queries);
        let graph = graph.filter(is_useful);
        let then = graph.as_ref().map(|graph| source_generation(graph, library)).transpose()?.flatten();
        let EmbeddingDelta { generation, is_complete, mut keys, vectors, removed } = library.embeddings_since(then)?;
        let local = match graph.filter(|_| !is_complete) {
            None => LocalVectors { index: VectorIndex::build(vectors, kind, queries), graph: None, keys },
            Some(graph) => {
                let known = graph.keys();
                let row = |key: &i64| known.binary_search(key).ok().map(|row| RowId(row as u32));
                let gone: RowBitmap = removed.iter().filter_map(row).collect();
                // Keys are never used again, so those of new papers follow.
                let new = keys.split_off(keys.partition_point(|key| known.last() >= Some(key)));
                let rows = keys.iter().map(|key| row(key).ok_or_else(|| corrupt_index(IndexCorruption::FOREIGN)));
                let mut rows = rows.collect::<Result<Vec<RowId>>>()?;
                rows.extend((known.len() as u32..).map(RowId).take(new.len()));
                let index = VectorIndex::new(Some(graph.clone()), IndexDelta { removed: gone, rows, vectors }, kind);
                LocalVectors { index, graph: Some(graph), keys: new }
            }
        };
        Ok(IndexSnapshot::new(generation, SnapshotVectors::Local(local)))
    }

    /// The vectors of a library on a server, which finds neighbors itself.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the library is not on a server; [`Error::Library`].
    pub(crate) fn of_server(library: &Library) -> Result<IndexSnapshot> {
        if !library.is_on_server() {
            let reason = "`server` is for libraries on a PostgreSQL server: use `auto`".to_owned();
            return Err(Error::BadRequest { field: "index", reason });
        }
        let vectors = ServerVectors::new(library)?;
        Ok(IndexSnapshot::new(library.generation_id()?, SnapshotVectors::Server(vectors)))
    }

    fn new(generation: GenerationId, vectors: SnapshotVectors) -> IndexSnapshot {
        let snapshot = IndexSnapshot { generation, vectors };
        let (rows, index) = (snapshot.rows(), snapshot.kind());
        tracing::debug!(rows, generation.generation, %index, "read the vectors");
        snapshot
    }

    /// How neighbors are found: never [`IndexKind::Auto`].
    pub(crate) fn kind(&self) -> IndexKind {
        match &self.vectors {
            SnapshotVectors::Local(local) => local.index.kind(),
            SnapshotVectors::Server(_) => IndexKind::Server,
        }
    }

    /// The index in this process, if that finds the neighbors.
    pub(crate) fn local_index(&self) -> Option<&VectorIndex> {
        match &self.vectors {
            SnapshotVectors::Local(local) => Some(&local.index),
            SnapshotVectors::Server(_) => None,
        }
    }

    /// How many rows there are, with those of papers that are gone: one more than the last.
    pub(crate) fn row_count(&self) -> usize {
        match &self.vectors {
            SnapshotVectors::Local(local) => local.known().len() + local.keys.len(),
            SnapshotVectors::Server(server) => server.all().len(),
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.all().len()
    }

    pub(crate) fn key(&self, row: RowId) -> i64 {
        match &self.vectors {
            SnapshotVectors::Local(local) => local.key(row),
            SnapshotVectors::Server(server) => server.key(row),
        }
    }

    /// The row of a key; `None` when the paper has no vector in this generation.
    pub(crate) fn row(&self, key: i64) -> Option<RowId> {
        match &self.vectors {
            SnapshotVectors::Local(local) => local.row(key),
            SnapshotVectors::Server(server) => server.row(key),
        }
    }

    pub(crate) fn row_set(&self, keys: &[i64]) -> RowBitmap {
        keys.iter().filter_map(|key| self.row(*key)).collect()
    }

    pub(crate) fn all(&self) -> &RowBitmap {
        match &self.vectors {
            SnapshotVectors::Local(local) => local.index.rows(),
            SnapshotVectors::Server(server) => server.all(),
        }
    }

    /// Whether so much was read from the server that it should be read anew.
    pub(crate) fn is_full(&self) -> bool {
        matches!(&self.vectors, SnapshotVectors::Server(server) if server.is_full())
    }
}

impl LocalVectors {
    fn known(&self) -> &[i64] {
        self.graph.as_ref().map_or(&[], |graph| graph.keys())
    }

    fn key(&self, row: RowId) -> i64 {
        let known = self.known();
        known.get(row.index()).copied().unwrap_or_else(|| self.keys[row.index() - known.len()])
    }

    fn row(&self, key: i64) -> Option<RowId> {
        let known = self.known();
        let row = key_position(known, key).or_else(|| Some(known.len() + key_position(&self.keys, key)?));
        row.map(|row| RowId(row as u32)).filter(|row| self.index.rows().contains(*row))
    }
}

impl<'a> SnapshotReader<'a> {
    pub(crate) fn new(snapshot: Arc<IndexSnapshot>, library: &'a Library) -> SnapshotReader<'a> {
        SnapshotReader { snapshot, library, found: RefCell::default() }
    }

    /// Reads the vectors of rows that are asked for next: a server is asked once for all, not once for each.
    pub(crate) fn load(&self, rows: &[RowId]) -> Result<()> {
        match &self.snapshot.vectors {
            SnapshotVectors::Local(_) => Ok(()),
            SnapshotVectors::Server(server) => server.load(self.library, rows),
        }
    }

    pub(crate) fn vector(&self, row: RowId) -> Result<&[f32]> {
        match &self.snapshot.vectors {
            SnapshotVectors::Local(local) => local.index.vector(row).map_err(corrupt_index),
            SnapshotVectors::Server(server) => server.vector(self.library, row),
        }
    }

    pub(crate) fn embedding(&self, row: RowId) -> Result<Embedding> {
        self.vector(row).map(Embedding::from_unit_slice)
    }

    /// The `k` rows nearest to a vector, of those allowed.
    pub(crate) fn nearest(&self, vector: &[f32], k: usize, allowed: Option<&RowBitmap>) -> Result<Vec<SearchHit>> {
        let mut hits = self.nearest_to_each(&[NearestQuery { vector, k }], allowed)?;
        Ok(hits.swap_remove(0))
    }

    /// The rows nearest to each of some vectors, of those allowed: a server is asked once for all.
    pub(crate) fn nearest_to_each(
        &self,
        queries: &[NearestQuery<'_>],
        allowed: Option<&RowBitmap>,
    ) -> Result<Vec<Vec<SearchHit>>> {
        let Some(allowed) = allowed else { return self.found_near_each(queries) };
        let mut found = self.find_near_each(queries, Some(allowed))?;
        found.iter_mut().zip(queries).for_each(|(hits, query)| hits.truncate(query.k));
        Ok(found)
    }

    fn find_near_each(&self, queries: &[NearestQuery<'_>], allowed: Option<&RowBitmap>) -> Result<Vec<Vec<SearchHit>>> {
        match &self.snapshot.vectors {
            SnapshotVectors::Local(local) => {
                let queries: Vec<(&[f32], usize)> = queries.iter().map(|query| (query.vector, query.k)).collect();
                local.index.nearest_to_each(&queries, allowed).map_err(corrupt_index)
            }
            SnapshotVectors::Server(server) => server.nearest(self.library, queries, allowed),
        }
    }

    /// As this reader has found them before, or as they are found now: a ranking looks more than once for the papers near a paper
    /// of the history.
    fn found_near_each(&self, queries: &[NearestQuery<'_>]) -> Result<Vec<Vec<SearchHit>>> {
        let mut found = self.found.borrow_mut();
        if found.len() > MAX_FOUND {
            found.clear();
        }
        let is_new = |query: &&NearestQuery<'_>| !found.iter().any(|near| near.answers(query));
        let new: Vec<NearestQuery<'_>> = queries.iter().filter(is_new).copied().collect();
        let hits = self.find_near_each(&new, None)?;
        let near = |(NearestQuery { vector, k }, hits): (&NearestQuery<'_>, Vec<SearchHit>)| FoundNeighbors {
            vector: vector.to_vec(),
            k: hits.len().max(*k),
            hits,
        };
        found.extend(new.iter().zip(hits).map(near));
        let answer = |query: &NearestQuery<'_>| {
            let near = found.iter().find(|near| near.answers(query));
            near.map_or_else(Vec::new, |near| near.hits[..near.hits.len().min(query.k)].to_vec())
        };
        Ok(queries.iter().map(answer).collect())
    }
}

impl FoundNeighbors {
    fn answers(&self, query: &NearestQuery<'_>) -> bool {
        self.k >= query.k && self.vector == query.vector
    }
}

impl Deref for SnapshotReader<'_> {
    type Target = IndexSnapshot;

    fn deref(&self) -> &IndexSnapshot {
        &self.snapshot
    }
}
