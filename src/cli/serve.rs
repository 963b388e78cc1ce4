//! `paperkin serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::CommandOutcome;
use super::args::GlobalArgs;
use crate::error::Result;

/// Answer questions over HTTP
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only the server reads it"))]
#[command(after_help = "\
Examples:
  paperkin serve
  curl localhost:7474/v1/search -H 'Content-Type: application/json' -d '{\"text\": \"tool use\"}'
  paperkin serve --listen 0.0.0.0:7474 --token-file tokens     see `paperkin token`

The library is made if there is none. Papers that other commands add or remove meanwhile are seen by the next question.")]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 for any that is free
    #[arg(long, default_value = "127.0.0.1:7474", env = "PAPERKIN_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Threads that answer; left out: one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Who may ask what: a file of tokens, as `paperkin token` prints them; SIGHUP reads it again
    #[arg(long, env = "PAPERKIN_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Let everybody ask; tokens are for changes only
    #[arg(long, requires = "token_file")]
    pub public_read: bool,
    /// Names of this host that browsers may use, beside `localhost` and addresses of it
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// Longest body, and longest line of a body of lines, in megabytes
    #[arg(long, default_value = "16", value_name = "MB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub max_body: u32,
    /// Longest head of a request, in kilobytes
    #[arg(long, default_value = "16", value_name = "KB", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub max_head: u32,
    /// Most papers in one answer
    #[arg(long, default_value = "1000", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_results: u32,
    /// Seconds that a request may take
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
    /// Seconds that requests in flight may take when the server stops
    #[arg(long, default_value = "20", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub grace: u32,
    /// Requests a second of one token, in the long run; left out: any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub token_rate: Option<u32>,
    /// Requests a second of one address, in the long run; left out: any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub address_rate: Option<u32>,
}

#[cfg(feature = "server")]
pub(super) fn run(common: &GlobalArgs, command: ServeArgs) -> Result<CommandOutcome> {
    use std::num::NonZero;
    use std::time::Duration;

    use crate::engine::{Engine, LibraryLocation};
    use crate::server::{ServerOptions, serve};

    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let options = ServerOptions {
        listen: command.listen,
        workers: command
            .workers
            .map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from),
        max_body_bytes: (command.max_body as usize) << 20,
        max_header_bytes: (command.max_head as usize) << 10,
        request_timeout: seconds(command.timeout),
        shutdown_timeout: seconds(command.grace),
        max_results: command.max_results as usize,
        token_file: command.token_file,
        public_read: command.public_read,
        allowed_hosts: command.host,
        rate_limit_per_token: command.token_rate,
        rate_limit_per_ip: command.address_rate,
    };
    let engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
    serve(options, &engine, |address| eprintln!("paperkin: listening on http://{address}"))?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(super) fn run(_: &GlobalArgs, _: ServeArgs) -> Result<CommandOutcome> {
    Err(absent())
}

/// What a program says that was built without the server.
#[cfg(not(feature = "server"))]
pub(super) fn absent() -> crate::Error {
    let reason = "this program has none: build it with the feature `server`".to_owned();
    crate::Error::BadRequest { field: "server", reason }
}
