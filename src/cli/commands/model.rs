//! `paperkin model`

use crate::cli::args::{ModelAction, ModelArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::encoder::quantize;
use crate::error::Result;

pub(in crate::cli) fn run(args: ModelArgs) -> Result<CommandOutcome> {
    match args.action {
        ModelAction::Quantize { source, out } => {
            quantize(&source, &out)?;
            output::print(|stdout| writeln!(stdout, "{}", out.display()))?;
        }
    }
    Ok(CommandOutcome::Complete)
}
