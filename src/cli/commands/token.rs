//! `paperkin token`

use crate::cli::args::TokenArgs;
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "server")]
pub(in crate::cli) fn run(args: TokenArgs) -> Result<CommandOutcome> {
    use crate::cli::args::TokenScope;
    use crate::cli::output;
    use crate::server;

    let scope = |scope: &TokenScope| match scope {
        TokenScope::Read => server::Scope::Read,
        TokenScope::Write => server::Scope::Write,
        TokenScope::Admin => server::Scope::Admin,
    };
    let scopes: Vec<server::Scope> = args.scope.iter().map(scope).collect();
    let (secret, line) = server::generate_token(&args.name, &scopes, args.profile.as_deref())?;
    output::print(|out| writeln!(out, "{secret}"))?;
    eprintln!("{line}");
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "server"))]
pub(in crate::cli) fn run(_: TokenArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("server"))
}
