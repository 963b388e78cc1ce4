//! `paperkin model`

use super::args::{ModelAction, ModelArgs};
use super::{CommandOutcome, output};
use crate::encoder::quantize;
use crate::error::Result;

pub(super) fn run(command: ModelArgs) -> Result<CommandOutcome> {
    match command.action {
        ModelAction::Quantize { source, out } => {
            quantize(&source, &out)?;
            output::print(|stdout| writeln!(stdout, "{}", out.display()))?;
        }
    }
    Ok(CommandOutcome::Complete)
}
