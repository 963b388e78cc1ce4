//! `paperkin completions`

use clap::CommandFactory;

use super::args::{Cli, Completions};
use super::{Outcome, output};
use crate::error::Result;

pub(super) fn run(command: Completions) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Cli::command(), "paperkin", &mut script);
    output::print(|out| out.write_all(&script))?;
    Ok(Outcome::Complete)
}
