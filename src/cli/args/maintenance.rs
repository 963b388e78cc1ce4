//! Arguments of the commands that maintain a library, its index and its models.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::output::SummaryFormat;
use crate::library::VectorIndexMethod;

/// Reclaim the disk space of removed and replaced papers
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin compact

Compaction temporarily needs as much free space as the library occupies. Other
commands can run at the same time.")]
pub(crate) struct CompactArgs {
    /// Output format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Options of commands that only print a summary.
#[derive(Debug, Args)]
pub(crate) struct SummaryArgs {
    /// Output format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Copy the library to a file, even while it is in use
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin backup papers-2025-01-31.sqlite3

`paperkin restore FILE` puts a backup in the place of the library.")]
pub(crate) struct BackupArgs {
    /// Output file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Copy a library from a directory to a PostgreSQL server, or back
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin migrate ./library postgres://me@localhost/papers
  paperkin migrate postgres://me@localhost/papers ./library

Everything is copied: papers, embeddings, profiles and histories. The copy is read
again and compared with the source, which can be used meanwhile; what is written to
it after the start is not in the copy. A migration that was stopped goes on when the
command is repeated. The password of a server is taken from PGPASSWORD.")]
pub(crate) struct MigrateArgs {
    /// Library to copy: a directory or `postgres://USER@HOST/DATABASE`
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// Empty directory or database to copy it into
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    /// Output format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Replace the library with a backup, even while it is in use
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin restore papers-2025-01-31.sqlite3

The backup is checked first. The previous library stays beside the restored one,
under a name that is printed. A running server answers from the backup as soon as
it is restored. The index is rebuilt automatically.")]
pub(crate) struct RestoreArgs {
    /// A file that `paperkin backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Manage the on-disk index of a large library
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    #[command(subcommand)]
    pub action: IndexAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndexAction {
    /// Build the index now, for a library of any size
    ///
    /// The index is built automatically when a library reaches 30,000 papers, and rebuilt when a quarter of its papers
    /// have changed. The library remains available during a build. A PostgreSQL server builds it with pgvector, and keeps it
    /// up to date.
    Rebuild {
        /// Index of a library on a server: hnsw, vchordrq (VectorChord), diskann (pgvectorscale), external (made by an administrator) or none
        #[arg(long, value_name = "METHOD")]
        method: Option<VectorIndexMethod>,
    },
}

/// Work with embedding models
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub action: ModelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAction {
    /// Quantize a model's weights to int8
    #[command(after_help = "\
Example:
  paperkin model quantize all-MiniLM-L6-v2-f32 --out models/all-MiniLM-L6-v2")]
    Quantize {
        /// Model directory with config.json, tokenizer.json, model.safetensors, ...
        #[arg(value_name = "DIR")]
        source: PathBuf,
        /// Output directory
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin completions bash > ~/.local/share/bash-completion/completions/paperkin")]
pub(crate) struct CompletionsArgs {
    /// Shell to generate the script for
    pub shell: clap_complete::Shell,
}

/// Write the manual pages, one for each command
#[derive(Debug, Args)]
#[command(
    hide = true,
    after_help = "\
Example:
  paperkin man-pages ~/.local/share/man/man1"
)]
pub(crate) struct ManPagesArgs {
    /// Directory to write them to
    #[arg(value_name = "DIR")]
    pub out: PathBuf,
}
