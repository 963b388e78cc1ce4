//! The records of the files of `paperkin add`.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;

use super::by_id::no_file;
use crate::cli::args::{AddArgs, GlobalArgs};
use crate::cli::output::{self, CommandProgress, Severity};
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{
    self, ColumnMap, LinkReader, PaperRecord, ReadOptions, RecordReader, ReferenceReader, VectorModel,
};
use crate::library::StoredModel;

/// Opens a file of papers, `-` for standard input.
pub(super) fn open(
    path: &Path,
    args: &AddArgs,
    vectors: Option<&VectorModel>,
    bar: &CommandProgress,
) -> Result<RecordReader> {
    let vectors = vectors.cloned();
    let (format, columns, encoding) = (args.input, ColumnMap(args.column.clone()), args.encoding);
    let options = ReadOptions { format, columns, encoding, vectors, ..ReadOptions::default() };
    let name = path.display().to_string();
    let references = match path {
        _ if name == "-" => options.read(bar.follow(io::stdin()), &name),
        _ if path.is_dir() || formats::is_parquet(path) => options.open(path),
        _ if !path.exists() => Err(no_file(path)),
        _ => options.read(bar.follow(File::open(path).map_err(Error::io(path, "read"))?), &name),
    };
    references.map(|references| ReferenceReader::checked(references).records())
}

/// The model that the vectors of the files have to be of, if they are to be added: that of the library, which is not
/// loaded for it, or of one that is new.
pub(super) fn vector_model(common: &GlobalArgs, args: &AddArgs) -> Result<Option<VectorModel>> {
    if !args.vectors {
        return Ok(None);
    }
    let engine = match Engine::open(common.options(LibraryLocation::Existing(common.directory()?))) {
        Err(Error::NotFound { .. }) => Engine::open(common.options(LibraryLocation::Memory))?,
        opened => opened?,
    };
    let model = match engine.library().model()? {
        Some(StoredModel { fingerprint, dimension, .. }) => VectorModel { fingerprint, dimension },
        None => {
            let identity = engine.encoder()?.identity();
            VectorModel { fingerprint: identity.fingerprint.clone(), dimension: identity.dimension }
        }
    };
    Ok(Some(model))
}

/// Opens a list of citation links, `-` for standard input.
pub(super) fn open_links(path: &Path, args: &AddArgs, bar: &CommandProgress) -> Result<LinkReader> {
    let options = ReadOptions { encoding: args.encoding, ..ReadOptions::default() };
    let name = path.display().to_string();
    match path {
        _ if name == "-" => options.read_links(bar.follow(io::stdin()), &name),
        _ if path.is_dir() || formats::is_parquet(path) => options.open_links(path),
        _ => options.read_links(bar.follow(File::open(path).map_err(Error::io(path, "read"))?), &name),
    }
}

/// Keeps papers of the categories given, and counts.
pub(super) struct CategoryFilter<'a> {
    categories: &'a [String],
    papers: Cell<usize>,
    kept: Cell<usize>,
}

impl CategoryFilter<'_> {
    pub(super) fn new(args: &AddArgs) -> CategoryFilter<'_> {
        CategoryFilter { categories: &args.category, papers: Cell::new(0), kept: Cell::new(0) }
    }

    /// Keeps the papers of the categories given, and all errors.
    pub(super) fn keep(
        &self,
        records: impl Iterator<Item = Result<PaperRecord>>,
    ) -> impl Iterator<Item = Result<PaperRecord>> {
        records.filter(|record| {
            let Ok(record) = record else { return true };
            let is_kept = self.categories.is_empty() || record.paper.is_of_any(self.categories);
            self.papers.set(self.papers.get() + 1);
            self.kept.set(self.kept.get() + usize::from(is_kept));
            is_kept
        })
    }

    /// Warns if there were papers, and none of them is of the categories.
    pub(super) fn warn_of_nothing(&self) {
        if self.papers.get() > 0 && self.kept.get() == 0 {
            let (papers, names) = (self.papers.get(), self.categories.join(", "));
            output::diagnostic(Severity::Warning, &format!("none of {papers} papers is of the category {names}"));
        }
    }
}
