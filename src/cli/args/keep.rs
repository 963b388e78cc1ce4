//! Arguments of what keeps a library, its index and models.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SummaryFormat;

/// Take what was removed or replaced off the disk
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin compact

Needs room for a second copy of the library while it is at work. Other commands can go on meanwhile.")]
pub(crate) struct CompactArgs {
    /// How to print it
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Say what is in the library
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// How to print it
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Check the library and the model, and say what to do
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How to print it
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Work on models
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub action: ModelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAction {
    /// Quantize a model's weights to int8
    #[command(after_help = "Example:\n  paperkin model quantize all-MiniLM-L6-v2-f32 --out models/all-MiniLM-L6-v2")]
    Quantize {
        /// Directory of the model: config.json, tokenizer.json, model.safetensors, ...
        #[arg(value_name = "DIR")]
        source: PathBuf,
        /// Directory that the quantized model goes to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  paperkin completions bash > ~/.local/share/bash-completion/completions/paperkin")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Keep the index that large libraries have on disk
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    #[command(subcommand)]
    pub action: IndexAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndexAction {
    /// Build it now, of a library of any size
    ///
    /// It is built without being asked for when a library has grown to 30,000 papers, and again when a quarter of its
    /// papers has changed since. Others go on asking while it is built.
    Rebuild,
}
