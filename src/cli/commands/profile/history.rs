//! `paperkin profile NAME add|like|save|dislike|hide|remove`

use crate::cli::args::EntryArgs;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, check_weight};
use crate::error::{Error, Fault, Result};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;

/// Enters the papers that are in the library; names the others.
pub(super) fn add(engine: &mut Engine, name: &str, kind: HistoryKind, args: EntryArgs) -> Result<CommandOutcome> {
    let EntryArgs { papers, weight, at, interest } = args;
    check_weight(weight)?;
    let at = at.unwrap_or_else(|| engine.today());
    let mut entries = Vec::new();
    for paper in &papers {
        match engine.find(paper) {
            Ok(stored) => {
                let entry = HistoryEntry::new(stored.paper.id, kind, at);
                entries.push(HistoryEntry { weight, interest: interest.clone(), ..entry });
            }
            Err(error) if error.fault() == Fault::Missing => output::reject(&error),
            Err(error) => return Err(error),
        }
    }
    if entries.is_empty() {
        return Ok(CommandOutcome::Incomplete);
    }
    engine.add_to_history(name, &entries)?;
    let history = engine.profile(name)?.history.len();
    output::print(|out| writeln!(out, "{name}: {} added, {history} in history", entries.len()))?;
    Ok(CommandOutcome::complete_if(entries.len() == papers.len()))
}

/// Removes papers from the history, also those that the library does not contain.
pub(super) fn remove(engine: &mut Engine, name: &str, papers: &[String]) -> Result<CommandOutcome> {
    let profile = engine.profile(name)?;
    let mut ids = Vec::new();
    for paper in papers {
        ids.push(match engine.find(paper) {
            Ok(stored) => stored.paper.id,
            Err(_) => PaperId::parse(paper).map_err(|reason| Error::BadRequest { field: "id", reason })?,
        });
    }
    let removed = engine.remove_from_history(name, &ids)?;
    for (id, paper) in ids.iter().zip(papers).filter(|(id, _)| !removed.contains(id)) {
        let message = format!("`{paper}` ({id}) is not in the history of profile `{name}`");
        output::diagnostic(Severity::Error, &message);
    }
    let left = profile.history.len() - removed.len();
    output::print(|out| writeln!(out, "{name}: {} removed, {left} in history", removed.len()))?;
    Ok(CommandOutcome::complete_if(removed.len() == ids.len()))
}
