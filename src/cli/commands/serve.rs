//! `paperkin serve`

use crate::cli::args::{GlobalArgs, ServeArgs};
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "server")]
pub(in crate::cli) fn run(common: &GlobalArgs, args: ServeArgs) -> Result<CommandOutcome> {
    use std::num::NonZero;
    use std::time::Duration;

    use crate::engine::{Clock, Engine, LibraryLocation};
    use crate::server::{ServerOptions, serve};

    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let options = ServerOptions {
        listen: args.listen,
        workers: args.workers.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from),
        body_bytes: (args.max_body as usize) << 20,
        header_bytes: (args.max_header_size as usize) << 10,
        request_time: seconds(args.timeout),
        stop_time: seconds(args.shutdown_timeout),
        results: args.max_results as usize,
        token_file: args.token_file,
        public_read: args.public_read,
        hosts: args.host,
        token_rate: args.rate_limit_per_token,
        address_rate: args.rate_limit_per_ip,
        today: || Clock::System.today(),
    };
    let engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
    serve(options, &engine, |address| eprintln!("paperkin: listening on http://{address}"))?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(in crate::cli) fn run(_: &GlobalArgs, _: ServeArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("server"))
}
