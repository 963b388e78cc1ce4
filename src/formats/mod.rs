//! File formats: every format that papers are read from or written to, reader and writer side by side.
//!
//! - `bibliographic`: what reference managers read and write (BibTeX, RIS, CSL-JSON, ...)
//! - `tables`: records with named fields (CSV, JSON lines, Parquet)
//! - `feeds`: news feeds (Atom, RSS, JSON Feed)
//! - `services`: answers and pages of public services (arXiv, Hugging Face, PubMed, Semantic Scholar, ...)
//! - `common`: what several formats share (input, XML, JSON, dates, authors, identifiers)
//!
//! [`ReadOptions::open`] detects the format of a file ([`InputFormat`]) and returns its references one at a time;
//! [`ExportFormat`] and [`ParquetWriter`] write papers, [`FeedFormat`] writes recommendations.

mod bibliographic;
mod common;
mod detect;
mod export_format;
mod exported_paper;
mod feeds;
mod input_format;
mod reader;
mod reference;
mod services;
#[cfg(feature = "cli")]
pub(crate) mod streams;
pub(crate) mod tables;
#[cfg(test)]
mod tests;

/// The key of the model's fingerprint in the metadata of a schema.
pub(crate) const FINGERPRINT_KEY: &str = "paperkin.fingerprint";

#[cfg(feature = "cli")]
pub(crate) use bibliographic::note::{NoteLink, note, note_name};
pub(crate) use bibliographic::zotero_item;
#[cfg(feature = "fetch")]
pub(crate) use bibliographic::zotero_json;
pub(crate) use common::clean::clean;
#[cfg(feature = "server")]
pub(crate) use common::clean::{MAX_AUTHORS, MAX_REFERENCES, MAX_TAGS};
pub use common::encoding::TextEncoding;
pub(crate) use common::identifiers;
pub(crate) use common::unpacking::Expansion;
#[cfg(feature = "fetch")]
pub(crate) use common::{arxiv_text, work_names::work_list};
pub use export_format::ExportFormat;
pub use exported_paper::ExportedPaper;
pub use feeds::{FeedDocument, FeedFormat};
pub use input_format::InputFormat;
pub use reader::{
    LinkReader, PaperReader, ReadOptions, RecordReader, ReferenceReader, is_parquet, open, read, read_references,
    record, references,
};
#[cfg(any(feature = "cli", feature = "fetch"))]
pub(crate) use reference::is_at_or_below;
pub use reference::{BibReference, DroppedField, FieldOrigin, PaperRecord, RecordNotes};
pub(crate) use reference::{FoundRecord, bad_fields};
pub(crate) use tables::csv::cell_of_text;
#[cfg(feature = "cli")]
pub(crate) use tables::parquet::read_batches;
pub use tables::{ColumnMap, ColumnMapping, ParquetWriter, VectorModel};
