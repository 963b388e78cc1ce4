//! `paperkin man-pages`

use clap::CommandFactory;

use crate::cli::args::{Cli, ManPagesArgs};
use crate::cli::outcome::CommandOutcome;
use crate::error::{Error, Result};

pub(in crate::cli) fn run(args: &ManPagesArgs) -> Result<CommandOutcome> {
    std::fs::create_dir_all(&args.out).map_err(Error::io(&args.out, "create"))?;
    clap_mangen::generate_to(Cli::command(), &args.out).map_err(Error::io(&args.out, "write to"))?;
    Ok(CommandOutcome::Complete)
}
