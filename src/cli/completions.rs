//! `paperkin completions`

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::{CommandOutcome, output};
use crate::error::Result;

pub(super) fn run(command: CompletionsArgs) -> Result<CommandOutcome> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Cli::command(), "paperkin", &mut script);
    output::print(|out| out.write_all(&script))?;
    Ok(CommandOutcome::Complete)
}
