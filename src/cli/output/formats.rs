//! The formats that commands can print in.

use clap::ValueEnum;

/// The format of ranked papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Human-readable list
    Table,
    /// A single JSON object with all fields
    Json,
    /// One JSON object per result
    Jsonl,
    /// One row per result
    Csv,
    /// Atom feed
    Atom,
    /// RSS feed
    Rss,
    /// JSON Feed
    JsonFeed,
}

/// The format of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// Human-readable text
    Table,
    /// JSON
    Json,
}

/// The format of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VectorFormat {
    /// Little-endian 32-bit floats, row by row
    F32,
    /// One JSON array per line
    Jsonl,
}
