//! Asking before something that is hard to take back.

use std::io::{self, IsTerminal};
use std::path::Path;

use crate::error::{Error, Result};
use crate::text::visible;

/// Asks a question in the terminal. Returns whether the answer is yes; `false` where nobody can be asked.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(false);
    }
    anstream::eprint!("{} [y/N] ", visible(question));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Error::io(Path::new("-"), "read"))?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
