//! `paperkin profile NAME show`

use std::io::{self, Write};

use serde::Serialize;

use super::last_seen;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, SummaryFormat};
use crate::engine::Engine;
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryImport, Profile, ProfilePaper};
use crate::text::latex::readable;

#[derive(Serialize)]
struct ProfileLine {
    #[serde(flatten)]
    entry: HistoryEntry,
    title: Option<String>,
    in_library: bool,
}

#[derive(Serialize)]
struct ProfileOutput {
    #[serde(flatten)]
    profile: Profile,
    papers: Vec<ProfileLine>,
    imports: Vec<HistoryImport>,
}

pub(super) fn run(engine: &Engine, name: &str, format: SummaryFormat) -> Result<CommandOutcome> {
    let mut profile = engine.profile(name)?;
    let line = |ProfilePaper { entry, paper, in_library }: ProfilePaper| {
        let title = paper.map(|paper| paper.title);
        ProfileLine { entry, title, in_library }
    };
    let papers: Vec<ProfileLine> = engine.history_papers(name)?.into_iter().map(line).collect();
    // The lines say all of it already.
    profile.history.clear();
    output::print_summary(format, &ProfileOutput { profile, papers, imports: engine.imports(name)? }, table)?;
    Ok(CommandOutcome::Complete)
}

fn table(out: &mut dyn Write, shown: &ProfileOutput) -> io::Result<()> {
    let ProfileOutput { profile, papers, imports } = shown;
    for ProfileLine { entry: HistoryEntry { id, kind, weight, at, interest }, title, in_library } in papers {
        let absent = if *in_library { "" } else { " (not in the library)" };
        let title = title.as_deref().map(readable).unwrap_or_default();
        let interest = interest.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
        let start = format!("{at}  {kind:<7}  {weight:<4}  ");
        output::write_wrapped(out, &format!("{start}{id}  {title}{interest}{absent}"), start.chars().count())?;
    }
    if !profile.authors.is_empty() {
        output::write_wrapped(out, &format!("follows {}", profile.authors.join(", ")), "follows ".len())?;
    }
    for HistoryImport { number, on_day, papers } in imports {
        writeln!(out, "import {number} of {on_day}: {papers} papers")?;
    }
    writeln!(out, "{}: {} in history, {}", profile.name, papers.len(), last_seen(profile))
}
