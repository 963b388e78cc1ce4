//! `paperkin profile`: one file for each group of actions.

mod follow;
mod history;
mod import;
mod show;
mod zotero;

use crate::cli::args::{GlobalArgs, ProfileAction, ProfileArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, LibraryLocation, check_profile_name};
use crate::error::{Error, Result};
use crate::library::{HistoryImport, HistoryKind, Profile};

pub(in crate::cli) fn run(common: &GlobalArgs, args: ProfileArgs) -> Result<CommandOutcome> {
    let name = check_profile_name(&args.name)?;
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    match args.action {
        ProfileAction::Add(entries) => history::add(&mut engine, name, HistoryKind::Read, entries),
        ProfileAction::Like(entries) => history::add(&mut engine, name, HistoryKind::Like, entries),
        ProfileAction::Save(entries) => history::add(&mut engine, name, HistoryKind::Save, entries),
        ProfileAction::Hide(entries) => history::add(&mut engine, name, HistoryKind::Hide, entries),
        ProfileAction::Dislike(entries) => history::add(&mut engine, name, HistoryKind::Dislike, entries),
        ProfileAction::Import(import) => import::run(&mut engine, name, import),
        ProfileAction::UndoImport { number } => undo_import(&mut engine, name, number),
        ProfileAction::Remove { papers } => history::remove(&mut engine, name, &papers),
        ProfileAction::Follow { authors } => follow::follow(&mut engine, name, &authors),
        ProfileAction::Unfollow { authors } => follow::unfollow(&mut engine, name, &authors),
        ProfileAction::Show(show) => show::run(&engine, name, show.format),
        ProfileAction::FeedToken { renew } => print_feed_token(&mut engine, name, renew),
        ProfileAction::Delete { yes } => delete(&mut engine, name, yes),
    }
}

fn print_feed_token(engine: &mut Engine, name: &str, renew: bool) -> Result<CommandOutcome> {
    let token = if renew { engine.renew_feed_token(name)? } else { engine.feed_token(name)? };
    output::print(|out| writeln!(out, "{token}"))?;
    Ok(CommandOutcome::Complete)
}

fn undo_import(engine: &mut Engine, name: &str, number: Option<i64>) -> Result<CommandOutcome> {
    let HistoryImport { number, on_day, papers } = engine.undo_import(name, number)?;
    let left = engine.profile(name)?.history.len();
    output::print(|out| {
        writeln!(out, "{name}: import {number} of {on_day} taken back: {papers} removed, {left} in history")
    })?;
    Ok(CommandOutcome::Complete)
}

/// Deletes a profile; one with a history only if that is confirmed.
fn delete(engine: &mut Engine, name: &str, yes: bool) -> Result<CommandOutcome> {
    let history = engine.profile(name)?.history.len();
    let is_confirmed = yes || history == 0 || output::confirm(&format!("Delete {name}, with {history} in history?"))?;
    if !is_confirmed {
        let reason = format!("{history} in the history of {name} would be lost: repeat it with --yes");
        return Err(Error::BadRequest { field: "delete", reason });
    }
    let profile = engine.delete_profile(name)?;
    output::print(|out| writeln!(out, "{name}: deleted, with {} in history", profile.history.len()))?;
    Ok(CommandOutcome::Complete)
}

/// Returns when a profile's feed was seen last, in words.
pub(super) fn last_seen(profile: &Profile) -> String {
    profile.last_seen_on.map_or("feed never viewed".to_owned(), |day| format!("feed last viewed {day}"))
}
