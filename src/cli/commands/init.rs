//! `paperkin init`

use crate::cli::args::InitArgs;
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "daily")]
pub(in crate::cli) fn run(args: InitArgs) -> Result<CommandOutcome> {
    use std::fs::File;
    use std::io::{ErrorKind, Write};

    use crate::cli::output;
    use crate::daily::DailyConfig;
    use crate::error::Error;

    let path = &args.config;
    let written = File::create_new(path).and_then(|mut file| file.write_all(DailyConfig::EXAMPLE.as_bytes()));
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let reason = "already exists: choose another file with --config".to_owned();
            return Err(Error::BadFile { file: path.display().to_string(), reason });
        }
        written => written.map_err(Error::io(path, "write"))?,
    }
    output::print(|out| writeln!(out, "created {}: edit it, then run `paperkin daily`", path.display()))?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "daily"))]
pub(in crate::cli) fn run(_: InitArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("daily"))
}
