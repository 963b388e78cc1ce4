//! The papers among which neighbors are looked for: all vectors of some Parquet files, in memory.

use std::path::{Path, PathBuf};

use crate::cli::output::{self, Severity};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::FINGERPRINT_KEY;
use crate::formats::read_batches;
use crate::formats::streams::{NearPaper, RowSlice};
use crate::index::BatchIndex;
use crate::vector::{EmbeddingMatrix, vector_error};

/// Papers with their vectors.
pub(super) struct NeighborBase {
    /// Ascending: of neighbors with the same cosine the smaller id comes first.
    ids: Vec<String>,
    index: BatchIndex,
    dimension: usize,
    fingerprint: Option<String>,
}

impl NeighborBase {
    /// Reads files, and all files ending in `.parquet` below directories. Rows without a vector, whose text could not be
    /// embedded, are left out.
    pub(super) fn read(paths: &[PathBuf]) -> Result<NeighborBase> {
        let mut files = Vec::new();
        for path in paths {
            let count = files.len();
            collect_files(path, &mut files)?;
            if files.len() == count {
                let reason = "no Parquet file in this directory: give one with files that end in `.parquet`".to_owned();
                return Err(Error::BadFile { file: path.display().to_string(), reason });
            }
        }
        let mut reader = BaseReader::default();
        files.iter().try_for_each(|file| reader.read(file))?;
        reader.finish(paths)
    }

    /// Numbers of a vector.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// That of the model of the vectors, if the files have one.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Says so where vectors are of another model.
    pub(super) fn check_fingerprint(&self, fingerprint: &str) -> Result<(), String> {
        match &self.fingerprint {
            Some(known) if known != fingerprint => Err(other_model(fingerprint, known)),
            _ => Ok(()),
        }
    }

    /// Says what is wrong with a vector.
    pub(super) fn check_vector(&self, vector: &[f32]) -> Result<(), String> {
        vector_error(vector, self.dimension).map_or(Ok(()), Err)
    }

    /// The `limit` nearest papers of each of some vectors, best first, without those of the same id.
    pub(super) fn neighbors(
        &self,
        ids: &[Option<String>],
        vectors: &EmbeddingMatrix,
        limit: usize,
    ) -> Vec<Vec<NearPaper>> {
        let rows_of = |id: &Option<String>| match id {
            Some(id) => self.ids.partition_point(|other| other < id)..self.ids.partition_point(|other| other <= id),
            None => 0..0,
        };
        let most_own = ids.iter().map(|id| rows_of(id).len()).max().unwrap_or(0);
        let found = self.index.nearest(vectors, limit + most_own);
        let list = |(query, id): (usize, &Option<String>)| {
            let own = rows_of(id);
            let others = found.of(query).filter(|(row, _)| !own.contains(&(*row as usize)));
            others.take(limit).map(|(row, cosine)| NearPaper { id: self.ids[row as usize].clone(), cosine }).collect()
        };
        ids.iter().enumerate().map(list).collect()
    }
}

/// What was read so far.
#[derive(Default)]
struct BaseReader {
    ids: Vec<String>,
    vectors: Option<EmbeddingMatrix>,
    fingerprint: Option<String>,
    without_vector: usize,
}

impl BaseReader {
    fn read(&mut self, path: &Path) -> Result<()> {
        let file = path.display().to_string();
        let bad_file = |reason| Error::BadFile { file: file.clone(), reason };
        let mut rows = 0;
        for slice in read_batches(path, &["id", "vector", "fingerprint"])? {
            let slice = slice?;
            if let Some(fingerprint) = slice.metadata(FINGERPRINT_KEY) {
                self.accept_fingerprint(fingerprint).map_err(bad_file)?;
            }
            self.read_slice(&slice, &mut rows, &file)?;
        }
        Ok(())
    }

    fn read_slice(&mut self, slice: &RowSlice, rows: &mut u64, file: &str) -> Result<()> {
        let bad_file = |reason| Error::BadFile { file: file.to_owned(), reason };
        let (ids, vectors) = (slice.ids().map_err(bad_file)?, slice.vectors("vector").map_err(bad_file)?);
        let fingerprints = slice.texts("fingerprint").map_err(bad_file)?.unwrap_or_default();
        let mut fingerprints = fingerprints.into_iter();
        for (id, vector) in ids.into_iter().zip(vectors) {
            *rows += 1;
            let place = RecordPosition::Record(*rows);
            let bad_row = |reason| Error::BadRecord { file: file.to_owned(), place, reason };
            let fingerprint = fingerprints.next().transpose().map_err(bad_row)?.flatten();
            let Some(vector) = vector.map_err(bad_row)? else {
                self.without_vector += 1;
                continue;
            };
            let id = id.map_err(bad_row)?.ok_or_else(|| bad_row("no id".to_owned()))?;
            if let Some(fingerprint) = fingerprint {
                self.accept_fingerprint(&fingerprint).map_err(bad_row)?;
            }
            let matrix = self.vectors.get_or_insert_with(|| EmbeddingMatrix::with_capacity(vector.len(), 0));
            if let Some(reason) = vector_error(&vector, matrix.dimension()) {
                return Err(bad_row(reason));
            }
            matrix.push_unit(&vector);
            self.ids.push(id);
        }
        Ok(())
    }

    /// Keeps the first fingerprint. Fails where another one differs from it.
    fn accept_fingerprint(&mut self, fingerprint: &str) -> Result<(), String> {
        let known = self.fingerprint.get_or_insert_with(|| fingerprint.to_owned());
        if known == fingerprint { Ok(()) } else { Err(other_model(fingerprint, known)) }
    }

    fn finish(self, paths: &[PathBuf]) -> Result<NeighborBase> {
        let BaseReader { mut ids, vectors, fingerprint, without_vector } = self;
        let names = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let Some(mut vectors) = vectors else {
            return Err(Error::BadFile { file: names, reason: "contains no vectors".to_owned() });
        };
        if without_vector > 0 {
            let message = format!("{names}: {without_vector} papers without a vector are left out");
            output::diagnostic(Severity::Warning, &message);
        }
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.sort_by(|one, other| ids[*one as usize].cmp(&ids[*other as usize]));
        vectors.reorder(&order);
        ids = order.into_iter().map(|row| std::mem::take(&mut ids[row as usize])).collect();
        let dimension = vectors.dimension();
        Ok(NeighborBase { ids, index: BatchIndex::new(vectors), dimension, fingerprint })
    }
}

fn other_model(fingerprint: &str, known: &str) -> String {
    format!(
        "the vectors are of the model `{fingerprint}`, and those to be found of `{known}`: embed all with one model"
    )
}

/// Adds a file, or the files ending in `.parquet` below a directory, in the order of their names. Names that begin with a
/// dot or an underscore are left out: engines put what is unfinished there.
fn collect_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = || Error::io(path, "read");
    if !std::fs::metadata(path).map_err(failed())?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = std::fs::read_dir(path).map_err(failed())?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(failed())?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_hidden = name.starts_with('.') || name.starts_with('_');
        if !is_hidden && (path.is_dir() || name.ends_with(".parquet")) {
            collect_files(&path, files)?;
        }
    }
    Ok(())
}
