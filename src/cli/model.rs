//! `paperkin model`

use super::args::{ModelAction, ModelCommand};
use super::{Outcome, output};
use crate::encoder::quantize;
use crate::error::Result;

pub(super) fn run(command: ModelCommand) -> Result<Outcome> {
    match command.action {
        ModelAction::Quantize { source, out } => {
            quantize(&source, &out)?;
            output::print(|stdout| writeln!(stdout, "{}", out.display()))?;
        }
    }
    Ok(Outcome::Complete)
}
