//! `paperkin profile NAME follow|unfollow`

use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::Engine;
use crate::error::Result;

/// Follows authors; warns about those of whom the library has no paper yet.
pub(super) fn follow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    engine.follow(name, authors)?;
    for author in authors.iter().map(|author| author.trim()) {
        if !engine.has_author(author)? {
            let message = format!("no papers by `{author}` yet: spell the name as it appears on papers");
            output::diagnostic(Severity::Warning, &message);
        }
    }
    let profile = engine.profile(name)?;
    output::print(|out| writeln!(out, "{name}: follows {}", profile.authors.join(", ")))?;
    Ok(CommandOutcome::Complete)
}

/// Stops following authors.
pub(super) fn unfollow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    let profile = engine.profile(name)?;
    let removed = engine.unfollow(name, authors)?;
    for author in authors.iter().filter(|author| !removed.contains(author)) {
        output::diagnostic(Severity::Error, &format!("profile `{name}` does not follow `{author}`"));
    }
    let left = profile.authors.len() - removed.len();
    output::print(|out| writeln!(out, "{name}: {} removed, {left} followed", removed.len()))?;
    Ok(CommandOutcome::complete_if(removed.len() == authors.len()))
}
