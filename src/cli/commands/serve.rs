//! `paperkin serve`

use crate::cli::args::{GlobalArgs, ServeArgs};
use crate::cli::outcome::CommandOutcome;
#[cfg(feature = "server")]
use crate::error::Error;
use crate::error::Result;

/// Bodies of the maximum size that fit into the default of `--max-body-memory`.
#[cfg(feature = "server")]
const UPLOADS_AT_ONCE: u32 = 16;

#[cfg(feature = "server")]
pub(in crate::cli) fn run(common: &GlobalArgs, args: ServeArgs) -> Result<CommandOutcome> {
    use std::io::{self, Write};
    use std::num::NonZero;
    use std::time::Duration;

    use crate::cli::output::{self, Severity};
    use crate::engine::{Engine, LibraryLocation};
    use crate::file;
    use crate::server::{ServerOptions, serve};

    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let max_body_memory = args.max_body_memory.unwrap_or(args.max_body.saturating_mul(UPLOADS_AT_ONCE));
    if max_body_memory < args.max_body {
        let reason = format!("must be at least --max-body, which is {}", args.max_body);
        return Err(Error::BadRequest { field: "max-body-memory", reason });
    }
    let options = ServerOptions {
        listen: args.listen,
        workers: args.workers.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from),
        max_body_bytes: (args.max_body as usize) << 20,
        max_body_memory_bytes: (max_body_memory as usize) << 20,
        max_connections: args.max_connections as usize,
        max_connections_per_ip: args.max_connections_per_ip as usize,
        client_timeout: seconds(args.client_timeout),
        max_header_bytes: (args.max_header_size as usize) << 10,
        request_timeout: seconds(args.timeout),
        shutdown_timeout: seconds(args.shutdown_timeout),
        max_results: args.max_results as usize,
        token_file: args.token_file,
        public_read: args.public_read,
        mcp_write: args.allow_mcp_write,
        allowed_hosts: args.host,
        allowed_origins: args.allow_origin,
        rate_limit_per_token: args.rate_limit_per_token,
        rate_limit_per_ip: args.rate_limit_per_ip,
    };
    // After the address: programs wait for the first line.
    let shared = options.token_file.clone().filter(|file| file::is_shared(file));
    let engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
    serve(options, &engine, |address| {
        // A full disk of logs stops no server.
        let _ = writeln!(io::stderr(), "paperkin: listening on http://{address}");
        if let Some(file) = shared {
            let message = format!("{}: others can read the token file: run `chmod 600` on it", file.display());
            output::diagnostic(Severity::Warning, &message);
        }
    })?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(in crate::cli) fn run(_: &GlobalArgs, _: ServeArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("server"))
}
