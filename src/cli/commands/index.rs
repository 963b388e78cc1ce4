//! `paperkin index`

use super::reindex;
use crate::cli::args::{GlobalArgs, IndexAction, IndexArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, LibraryLocation, RebuildSummary};
use crate::error::Result;
use crate::library::Library;

pub(in crate::cli) fn run(common: &GlobalArgs, args: &IndexArgs) -> Result<CommandOutcome> {
    let IndexAction::Rebuild { method } = args.action;
    let location = common.directory()?;
    if let Some(method) = method {
        Library::open(&location)?.set_vector_index(method)?;
    }
    let engine = Engine::open(common.options(LibraryLocation::Existing(location)))?;
    match reindex::rebuild(&engine)? {
        Some(RebuildSummary { papers, recall_at_10 }) => {
            output::print(|out| writeln!(out, "indexed {papers} papers, recall@10 {recall_at_10:.3}"))?;
            Ok(CommandOutcome::Complete)
        }
        None => {
            let reason = match engine.library().paper_count()? {
                0 => "the library is empty: add papers with `paperkin add FILE`",
                _ => "another process is building it: wait until that has finished",
            };
            output::diagnostic(Severity::Error, &format!("index not built: {reason}"));
            Ok(CommandOutcome::Incomplete)
        }
    }
}
