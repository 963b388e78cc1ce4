//! Arguments that every command takes: the library, the model and how to run it.

use std::path::PathBuf;

use clap::Args;

use crate::encoder::{Cpu, DeviceChoice, EncoderOptions, ModelChoice, Precision};
use crate::engine::{EngineOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::index::IndexKind;

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Library directory [default: in the platform's data directory]
    #[arg(long, global = true, env = "PAPERKIN_LIBRARY", value_name = "DIR")]
    pub library: Option<PathBuf>,
    /// Embedding model: `all-MiniLM-L6-v2` (bundled), a directory, or a Hugging Face id such as
    /// `BAAI/bge-small-en-v1.5[@REVISION]` [default: the library's model]
    #[arg(long, global = true, env = "PAPERKIN_MODEL", value_name = "MODEL")]
    pub model: Option<ModelChoice>,
    /// Device that runs the model: auto, cpu, cuda or metal
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE", hide_default_value = true)]
    pub device: DeviceChoice,
    /// CPU precision: f32, bf16 or int8 [default: int8 for int8 weights, else f32]
    #[arg(long, global = true, value_name = "PRECISION")]
    pub precision: Option<Precision>,
    /// CPU instruction set: amx, avx512bf16, avx512vnni, avx512, avx2vnni, avx2, neonbf16, neondot, neon or scalar
    /// [default: the fastest available]
    #[arg(long, global = true, env = "PAPERKIN_CPU", value_name = "CPU", hide_short_help = true)]
    pub cpu: Option<Cpu>,
    /// Nearest-neighbor index: auto, exact or hnsw
    #[arg(long, global = true, default_value = "auto", value_name = "INDEX", hide_default_value = true)]
    pub index: IndexKind,
    /// Increase verbosity; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl GlobalArgs {
    /// Returns the library's directory: the one given, or the one in the platform's data directory.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
        match &self.library {
            Some(directory) if directory.as_os_str().is_empty() => {
                Err(Error::BadRequest { field: "library", reason: "is empty: give a directory".to_owned() })
            }
            Some(directory) => Ok(directory.clone()),
            None => choose_native_strategy().map(|strategy| strategy.data_dir().join("paperkin")).map_err(|_| {
                let reason = "there is no home directory for it: give a directory with --library".to_owned();
                Error::BadRequest { field: "library", reason }
            }),
        }
    }

    /// Returns the options of an engine over a library at this location.
    pub(crate) fn options(&self, location: LibraryLocation) -> EngineOptions {
        EngineOptions {
            model: self.model.clone(),
            hub: crate::encoder::HubOptions::from_env(),
            encoder: EncoderOptions { device: self.device, precision: self.precision, cpu: self.cpu },
            index: self.index,
            ..EngineOptions::new(location)
        }
    }
}
