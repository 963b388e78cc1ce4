//! `paperkin token`

use clap::{Args, ValueEnum};

use super::CommandOutcome;
use crate::error::Result;

/// Make a token for `serve`
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "only the server reads it"))]
#[command(after_help = "\
Example:
  paperkin token reader --scope read 2>> tokens    the secret to the terminal, the line to the file

The secret is printed to standard output, this once. The line for the file of tokens goes to standard error: it has a
hash, from which nobody gets the secret.")]
pub(crate) struct TokenArgs {
    /// Whose it is, for logs and limits: one word
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is for
    #[arg(long, required = true, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<TokenScope>,
}

/// What a token is for; each has what stands above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenScope {
    /// Questions
    Read,
    /// Profiles, and papers in
    Write,
    /// Papers and profiles out
    Admin,
}

#[cfg(feature = "server")]
pub(super) fn run(command: TokenArgs) -> Result<CommandOutcome> {
    use super::output;
    use crate::server;

    let scope = |scope: &TokenScope| match scope {
        TokenScope::Read => server::Scope::Read,
        TokenScope::Write => server::Scope::Write,
        TokenScope::Admin => server::Scope::Admin,
    };
    let scopes: Vec<server::Scope> = command.scope.iter().map(scope).collect();
    let (secret, line) = server::generate_token(&command.name, &scopes)?;
    output::print(|out| writeln!(out, "{secret}"))?;
    eprintln!("{line}");
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(super) fn run(_: TokenArgs) -> Result<CommandOutcome> {
    Err(super::serve::absent())
}
