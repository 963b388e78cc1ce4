//! `paperkin token`

use crate::cli::args::TokenArgs;
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "server")]
pub(in crate::cli) fn run(args: TokenArgs) -> Result<CommandOutcome> {
    use std::io::{self, Write};

    use crate::cli::args::TokenScope;
    use crate::cli::output;
    use crate::error::Error;
    use crate::server;

    let scope = |scope: &TokenScope| match scope {
        TokenScope::Read => server::Scope::Read,
        TokenScope::Write => server::Scope::Write,
        TokenScope::Admin => server::Scope::Admin,
    };
    let scopes: Vec<server::Scope> = args.scope.iter().map(scope).collect();
    let (secret, line) = server::generate_token(&args.name, &scopes, args.profile.as_deref())?;
    // The line first: a secret whose line is lost is of no use.
    writeln!(io::stderr(), "{line}").map_err(Error::io("standard error", "write"))?;
    output::print(|out| writeln!(out, "{secret}"))?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(in crate::cli) fn run(_: TokenArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("server"))
}
