//! `paperkin profile` and `profiles`

use serde::Serialize;

use super::args::{EntryArgs, GlobalArgs, ProfileAction, ProfileArgs, StatusArgs, SummaryFormat};
use super::{CommandOutcome, import, output, today};
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Fault, Result};
use crate::library::{HistoryEntry, HistoryKind, Profile, ProfilePaper};
use crate::paper::PaperId;
use crate::text::latex::readable;

pub(super) fn run(common: &GlobalArgs, command: ProfileArgs) -> Result<CommandOutcome> {
    let name = command.name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::BadRequest { field: "profile", reason: "give a name".to_owned() });
    }
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    match command.action {
        ProfileAction::Add(entries) => remember(&mut engine, name, HistoryKind::Read, entries),
        ProfileAction::Like(entries) => remember(&mut engine, name, HistoryKind::Like, entries),
        ProfileAction::Save(entries) => remember(&mut engine, name, HistoryKind::Save, entries),
        ProfileAction::Hide(entries) => remember(&mut engine, name, HistoryKind::Hide, entries),
        ProfileAction::Dislike(entries) => remember(&mut engine, name, HistoryKind::Dislike, entries),
        ProfileAction::Import(command) => import::run(&mut engine, name, command),
        ProfileAction::Remove { papers } => forget(&mut engine, name, &papers),
        ProfileAction::Follow { authors } => follow(&mut engine, name, &authors),
        ProfileAction::Unfollow { authors } => unfollow(&mut engine, name, &authors),
        ProfileAction::Show(show) => print(&engine, name, show.format),
        ProfileAction::Feed { renew } => token(&mut engine, name, renew),
        ProfileAction::Delete => delete(&mut engine, name),
    }
}

pub(super) fn list(common: &GlobalArgs, command: StatusArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let profiles = engine.library().profiles()?;
    output::print(|out| match command.format {
        SummaryFormat::Json => output::json(out, &profiles),
        SummaryFormat::Table => profiles.iter().try_for_each(|profile| {
            writeln!(out, "{}: {} in the history, {}", profile.name, profile.history.len(), looked(profile))
        }),
    })?;
    Ok(CommandOutcome::Complete)
}

/// Enters the papers that are in the library; names the others.
fn remember(engine: &mut Engine, name: &str, kind: HistoryKind, entries: EntryArgs) -> Result<CommandOutcome> {
    let EntryArgs { papers, weight, at, interest } = entries;
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(Error::BadRequest { field: "weight", reason: format!("{weight} is not above 0") });
    }
    let at = at.unwrap_or_else(today);
    let mut history = Vec::new();
    for paper in &papers {
        match engine.find(paper) {
            Ok(stored) => {
                let entry = HistoryEntry::new(stored.paper.id, kind, at);
                history.push(HistoryEntry { weight, interest: interest.clone(), ..entry });
            }
            Err(error) if error.fault() == Fault::Missing => output::complain("error", &error.one_line()),
            Err(error) => return Err(error),
        }
    }
    if history.is_empty() {
        return Ok(CommandOutcome::Incomplete);
    }
    engine.add_to_history(name, &history)?;
    let profile = engine.library().profile(name)?;
    output::print(|out| writeln!(out, "{name}: {} more, {} in the history", history.len(), profile.history.len()))?;
    Ok(CommandOutcome::complete_if(history.len() == papers.len()))
}

fn forget(engine: &mut Engine, name: &str, papers: &[String]) -> Result<CommandOutcome> {
    let profile = engine.library().profile(name)?;
    let mut ids = Vec::new();
    for paper in papers {
        ids.push(match engine.find(paper) {
            Ok(stored) => stored.paper.id,
            Err(_) => PaperId::parse(paper).map_err(|reason| Error::BadRequest { field: "id", reason })?,
        });
    }
    let gone = engine.remove_from_history(name, &ids)?;
    for (id, paper) in ids.iter().zip(papers).filter(|(id, _)| !gone.contains(id)) {
        output::complain("error", &format!("`{paper}` ({id}) is not in the history of {name}"));
    }
    let left = profile.history.len() - gone.len();
    output::print(|out| writeln!(out, "{name}: {} fewer, {left} in the history", gone.len()))?;
    Ok(CommandOutcome::complete_if(gone.len() == ids.len()))
}

/// Follows authors; names those of whom the library has no paper yet.
fn follow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    let authors: Vec<String> = authors.iter().map(|author| author.trim().to_owned()).collect();
    if authors.iter().any(String::is_empty) {
        return Err(Error::BadRequest { field: "author", reason: "give a name".to_owned() });
    }
    engine.follow(name, &authors)?;
    for author in &authors {
        if !engine.has_author(author)? {
            output::complain("warning", &format!("no paper by `{author}` yet: names count as the papers have them"));
        }
    }
    let profile = engine.library().profile(name)?;
    output::print(|out| writeln!(out, "{name}: follows {}", profile.authors.join(", ")))?;
    Ok(CommandOutcome::Complete)
}

fn unfollow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    let profile = engine.library().profile(name)?;
    let gone = engine.unfollow(name, authors)?;
    for author in authors.iter().filter(|author| !gone.contains(author)) {
        output::complain("error", &format!("{name} does not follow `{author}`"));
    }
    output::print(|out| writeln!(out, "{name}: {} fewer, follows {}", gone.len(), profile.authors.len() - gone.len()))?;
    Ok(CommandOutcome::complete_if(gone.len() == authors.len()))
}

fn token(engine: &mut Engine, name: &str, renew: bool) -> Result<CommandOutcome> {
    let token = if renew { engine.renew_feed_token(name)? } else { engine.feed_token(name)? };
    output::print(|out| writeln!(out, "{token}"))?;
    Ok(CommandOutcome::Complete)
}

fn delete(engine: &mut Engine, name: &str) -> Result<CommandOutcome> {
    let profile = engine.delete_profile(name)?;
    output::print(|out| writeln!(out, "{name}: deleted, with {} in the history", profile.history.len()))?;
    Ok(CommandOutcome::Complete)
}

fn looked(profile: &Profile) -> String {
    profile.last_seen_on.map_or("never looked".to_owned(), |day| format!("looked last on {day}"))
}

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
}

fn print(engine: &Engine, name: &str, format: SummaryFormat) -> Result<CommandOutcome> {
    let mut profile = engine.library().profile(name)?;
    let line = |ProfilePaper { entry, paper, in_library }: ProfilePaper| {
        let title = paper.map(|paper| paper.title);
        ProfileLine { entry, title, in_library }
    };
    let papers: Vec<ProfileLine> = engine.library().history_papers(&profile)?.into_iter().map(line).collect();
    profile.history.clear();
    output::print(|out| match format {
        SummaryFormat::Json => output::json(out, &ProfileOutput { profile, papers }),
        SummaryFormat::Table => {
            for ProfileLine { entry: HistoryEntry { id, kind, weight, at, interest }, title, in_library } in &papers {
                let absent = if *in_library { "" } else { " (not in the library)" };
                let title = title.as_deref().map(readable).unwrap_or_default();
                let interest = interest.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
                writeln!(out, "{at}  {kind:<7}  {weight:<4}  {id}  {title}{interest}{absent}")?;
            }
            if !profile.authors.is_empty() {
                writeln!(out, "follows {}", profile.authors.join(", "))?;
            }
            writeln!(out, "{name}: {} in the history, {}", papers.len(), looked(&profile))
        }
    })?;
    Ok(CommandOutcome::Complete)
}
