//! Writing the file of vectors and codes, with a graph over them or without. Vectors are read from the library when they are
//! needed and again when they are written: what is in memory is a third of them.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::index::RebuildSummary;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::index::{GraphParts, HnswGraph};
use crate::library::{GenerationId, Library, StoredModel};
use crate::searcher::{SearchContext, begin_write, corrupt_index, graph_path, source_id};
use crate::vector::{RowEncoder, largest_number};

/// What is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VectorFile {
    /// A graph with its vectors.
    Graph,
    /// Vectors and codes without links, for a scan.
    Vectors,
}

/// The embeddings of a library at one generation, as codes.
struct EncodedLibrary {
    generation: GenerationId,
    model: StoredModel,
    keys: Vec<i64>,
    rows: RowEncoder,
}

/// Writes the file from the library. `start` is called with the number of papers, and returns what is called with how many more
/// of them are linked. `None` when there is nothing to write, or another process is writing.
///
/// # Errors
/// When the file cannot be written; the old one stays.
pub(super) fn write_vector_file<F: Fn(usize) + Sync>(
    context: SearchContext<'_>,
    what: VectorFile,
    start: impl FnOnce(usize) -> F,
) -> Result<Option<RebuildSummary>> {
    let SearchContext { library, caches, .. } = context;
    let Some(path) = graph_path(library) else { return Ok(None) };
    let Some(_lock) = begin_write(&path)? else { return Ok(None) };
    let Some(EncodedLibrary { generation, model, keys, rows }) = encode(library)? else { return Ok(None) };
    let done = start(keys.len());
    let origin = source_id(&generation, &model.fingerprint);
    let parts = match what {
        VectorFile::Graph => GraphParts::link(&keys, model.dimension, rows, origin, &done),
        VectorFile::Vectors => GraphParts::without_links(&keys, model.dimension, rows, origin),
    };
    let mut recall_at_10 = 1.0;
    file::replace(&path, FileAccess::Private, |file| {
        let mut writer = parts.write_to(&mut *file).map_err(Error::io(&path, "write"))?;
        for_each_vector(library, &model, &keys, |vector| writer.push(vector).map_err(Error::io(&path, "write")))?;
        writer.finish().map_err(Error::io(&path, "write"))?;
        if what == VectorFile::Graph {
            recall_at_10 = write_recall(file, &path)?;
        }
        Ok(())
    })?;
    caches.set_graph_discarded(false);
    caches.clear_index();
    Ok(Some(RebuildSummary { papers: keys.len(), recall_at_10 }))
}

/// The codes of all embeddings; `None` when there are none.
fn encode(library: &Library) -> Result<Option<EncodedLibrary>> {
    library.read_transaction(|| {
        let (keys, generation) = (library.embedded_keys()?, library.generation_id()?);
        let Some(model) = library.model()?.filter(|_| !keys.is_empty()) else { return Ok(None) };
        let mut largest = Vec::with_capacity(keys.len());
        library.for_each_embedding(&model, &keys, |_, vector| {
            largest.push(largest_number(vector));
            Ok(())
        })?;
        let mut rows = RowEncoder::new(model.dimension, largest);
        library.for_each_embedding(&model, &keys, |_, vector| {
            rows.push(vector);
            Ok(())
        })?;
        Ok(Some(EncodedLibrary { generation, model, keys, rows }))
    })
}

/// Hands over a vector for each key, as they are by now. Whoever opens the file reads from the library which papers have changed
/// since its generation, and looks at no others here: in place of a vector that is gone there are zeros.
fn for_each_vector(
    library: &Library,
    model: &StoredModel,
    keys: &[i64],
    mut take: impl FnMut(&[f32]) -> Result<()>,
) -> Result<()> {
    let zeros = vec![0.0; model.dimension];
    let mut rest = keys.iter();
    library.for_each_embedding(model, keys, |key, vector| {
        for gone in rest.by_ref() {
            if *gone == key {
                return take(vector);
            }
            take(&zeros)?;
        }
        Ok(())
    })?;
    rest.try_for_each(|_| take(&zeros))
}

/// Measures the recall of the graph that was written to a file, and writes it there.
fn write_recall(file: &mut BufWriter<File>, path: &Path) -> Result<f32> {
    let failed = || Error::io(path, "write");
    file.seek(SeekFrom::Start(0)).map_err(failed())?;
    let written = file.get_ref().try_clone().map_err(failed())?;
    let graph = HnswGraph::open(written).map_err(corrupt_index)?.measure_recall();
    file.seek(SeekFrom::Start(0)).map_err(failed())?;
    file.write_all(&graph.header_bytes()).map_err(failed())?;
    Ok(graph.recall())
}
