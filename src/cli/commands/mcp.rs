//! `paperkin mcp`

use crate::cli::args::{GlobalArgs, McpArgs};
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;

#[cfg(feature = "mcp")]
pub(in crate::cli) fn run(common: &GlobalArgs, args: &McpArgs) -> Result<CommandOutcome> {
    use crate::engine::{Engine, LibraryLocation};
    use crate::mcp::{LocalBackend, McpAccess, McpServer};

    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let access = McpAccess { may_rate: args.allow_write, ..McpAccess::READ_ONLY };
    McpServer::new(LocalBackend::new(engine), access).run_stdio()?;
    Ok(CommandOutcome::Complete)
}

#[cfg(not(feature = "mcp"))]
pub(in crate::cli) fn run(_: &GlobalArgs, _: &McpArgs) -> Result<CommandOutcome> {
    Err(super::feature::missing("mcp"))
}
