//! Arguments that every command takes: the library, the model and how to run it.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::OsStr;
use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use crate::encoder::{Cpu, DeviceChoice, EncoderOptions, ModelChoice, Pooling, Precision};
use crate::engine::{EngineOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::index::IndexKind;
use crate::library::is_server_address;

/// Environment variables that stand for options.
const VARIABLES: [(&str, &str); 4] = [
    ("library", "PAPERKIN_LIBRARY"),
    ("model", "PAPERKIN_MODEL"),
    ("cpu", "PAPERKIN_CPU"),
    ("read_replica", "PAPERKIN_READ_REPLICA"),
];
/// Environment variables of `psql` for what an address leaves out: others see the arguments of a command.
const SERVER_VARIABLES: [(&str, &str); 2] = [("password", "PGPASSWORD"), ("sslrootcert", "PGSSLROOTCERT")];

/// Options of every command. The help of a command shows the first and the last of them; `help options` shows all.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Library: a directory or `postgres://USER@HOST/DATABASE`, also in PAPERKIN_LIBRARY [default: in the platform's data
    /// directory]
    #[arg(long, global = true, value_name = "DIR", hide_default_value = true)]
    pub library: Option<PathBuf>,
    /// Embedding model, also in PAPERKIN_MODEL: `all-MiniLM-L6-v2` (bundled), a directory, or a Hugging Face id such as
    /// `BAAI/bge-small-en-v1.5[@REVISION]`: BERT, RoBERTa, ModernBERT or model2vec [default: the library's model]
    #[arg(long, global = true, value_name = "MODEL", hide_default_value = true, hide = true)]
    pub model: Option<ModelChoice>,
    /// Pooling of a model without `modules.json`: cls, mean or max [default: the library's, else mean]
    #[arg(long, global = true, value_name = "POOLING", hide_default_value = true, hide = true)]
    pub pooling: Option<Pooling>,
    /// Device that runs the model: auto, cpu, cuda or metal
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE", hide = true)]
    pub device: DeviceChoice,
    /// Precision: f32, bf16, or int8 on a CPU [default: bf16 with CUDA; on a CPU int8 for int8 weights, else f32]
    #[arg(long, global = true, value_name = "PRECISION", hide = true)]
    pub precision: Option<Precision>,
    /// CPU instruction set, also in PAPERKIN_CPU: amx, avx512bf16, avx512vnni, avx512, avx2vnni, avx2, neonbf16, neondot,
    /// neon or scalar [default: the fastest available]
    #[arg(long, global = true, value_name = "CPU", hide_default_value = true, hide = true)]
    pub cpu: Option<Cpu>,
    /// Nearest-neighbor index: auto, exact or hnsw
    #[arg(long, global = true, default_value = "auto", value_name = "INDEX", hide = true)]
    pub index: IndexKind,
    /// Replica of the library's PostgreSQL server that answers questions, also in PAPERKIN_READ_REPLICA
    #[arg(long, global = true, value_name = "ADDRESS", hide_default_value = true, hide = true)]
    pub read_replica: Option<String>,
    /// Increase verbosity; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The options of every command as one page of help.
pub(crate) fn options_help() -> String {
    let command = GlobalArgs::augment_args(clap::Command::new("options")).disable_help_flag(true);
    let options: Vec<String> = command.get_arguments().map(|option| option.get_id().to_string()).collect();
    let shown = options.iter().fold(command, |command, option| command.mut_arg(option, |option| option.hide(false)));
    let shown = shown.help_template("Options that every command takes\n\n{all-args}").max_term_width(100);
    shown.clone().render_help().to_string()
}

/// Adds the values of environment variables, as defaults: a usage line does not show these.
pub(crate) fn with_environment(command: clap::Command) -> clap::Command {
    let add = |command: clap::Command, (option, variable)| match std::env::var_os(variable) {
        Some(value) => command.mut_arg(option, |option| option.default_value(OsStr::from(value))),
        None => command,
    };
    VARIABLES.into_iter().fold(command, add)
}

impl GlobalArgs {
    /// Returns the library's directory: the one given, or the one in the platform's data directory.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        match &self.library {
            Some(directory) if directory.as_os_str().is_empty() => {
                Err(Error::BadRequest { field: "library", reason: "is empty: give a directory".to_owned() })
            }
            Some(location) => Ok(location_with_environment(location)),
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
            pooling: self.pooling,
            hub: crate::encoder::HubOptions::from_env(),
            encoder: EncoderOptions {
                device: self.device,
                precision: self.precision,
                cpu: self.cpu,
                device_batch: None,
            },
            index: self.index,
            read_replica: self.read_replica.as_deref().map(address_with_environment),
            cache_directory: choose_native_strategy().ok().map(|strategy| strategy.cache_dir().join("paperkin")),
            ..EngineOptions::new(location)
        }
    }
}

/// The location of a library. The address of a server gets what only the environment has.
pub(crate) fn location_with_environment(location: &Path) -> PathBuf {
    match location.to_str().filter(|location| is_server_address(location)) {
        Some(address) => address_with_environment(address).into(),
        None => location.to_owned(),
    }
}

fn address_with_environment(address: &str) -> String {
    let authority = address.split(['?', '#']).next().unwrap_or(address);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let has_password =
        user.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start_matches("://").contains(':');
    let mut address = address.to_owned();
    for (parameter, variable) in SERVER_VARIABLES {
        let is_given = address.contains(&format!("{parameter}=")) || parameter == "password" && has_password;
        if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty() && !is_given) {
            let separator = if address.contains('?') { '&' } else { '?' };
            let value = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            address.push_str(&format!("{separator}{parameter}={value}"));
        }
    }
    address
}
