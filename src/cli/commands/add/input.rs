//! The records of the files of `paperkin add`.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::cli::args::AddArgs;
use crate::cli::output::CommandProgress;
use crate::error::{Error, Result};
use crate::formats::{self, ColumnMap, LinkReader, PaperRecord, ReadOptions, RecordReader, ReferenceReader};

/// Opens a file of papers, `-` for standard input.
pub(super) fn open(path: &Path, args: &AddArgs, bar: &CommandProgress) -> Result<RecordReader> {
    let (format, columns, encoding) = (args.input, ColumnMap(args.column.clone()), args.encoding);
    let options = ReadOptions { format, columns, encoding, ..ReadOptions::default() };
    let name = path.display().to_string();
    let references = match path {
        _ if name == "-" => options.read(bar.follow(io::stdin()), &name),
        _ if path.is_dir() || formats::is_parquet(path) => options.open(path),
        _ => options.read(bar.follow(File::open(path).map_err(Error::io(path, "read"))?), &name),
    };
    references.map(|references| ReferenceReader::checked(references).records())
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

/// Keeps the papers of the categories given, and all errors.
pub(super) fn in_categories(
    records: impl Iterator<Item = Result<PaperRecord>>,
    args: &AddArgs,
) -> impl Iterator<Item = Result<PaperRecord>> {
    let categories = &args.category;
    records.filter(move |record| match record {
        Ok(record) => categories.is_empty() || record.paper.is_of_any(categories),
        Err(_) => true,
    })
}
