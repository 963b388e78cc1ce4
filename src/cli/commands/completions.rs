//! `paperkin completions`

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::error::Result;

pub(in crate::cli) fn run(args: CompletionsArgs) -> Result<CommandOutcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "paperkin", &mut script);
    output::print(|out| out.write_all(&script))?;
    Ok(CommandOutcome::Complete)
}
