//! `paperkin profile NAME follow|unfollow`

use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Follows authors; warns about those of whom the library has no paper yet.
pub(super) fn follow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    let authors: Vec<String> = authors.iter().map(|author| author.trim().to_owned()).collect();
    if authors.iter().any(String::is_empty) {
        return Err(Error::BadRequest { field: "author", reason: "is empty: give a name".to_owned() });
    }
    engine.library_mut().follow(name, &authors)?;
    for author in &authors {
        if engine.library().papers_by(std::slice::from_ref(author))?.is_empty() {
            let message = format!("no papers by `{author}` yet: spell the name as it appears on papers");
            output::diagnostic(Severity::Warning, &message);
        }
    }
    let profile = engine.library().profile(name)?;
    output::print(|out| writeln!(out, "{name}: follows {}", profile.authors.join(", ")))?;
    Ok(CommandOutcome::Complete)
}

/// Stops following authors.
pub(super) fn unfollow(engine: &mut Engine, name: &str, authors: &[String]) -> Result<CommandOutcome> {
    let profile = engine.library().profile(name)?;
    let removed = engine.library_mut().unfollow(&profile, authors)?;
    for author in authors.iter().filter(|author| !removed.contains(author)) {
        output::diagnostic(Severity::Error, &format!("profile `{name}` does not follow `{author}`"));
    }
    let left = profile.authors.len() - removed.len();
    output::print(|out| writeln!(out, "{name}: {} removed, {left} followed", removed.len()))?;
    Ok(CommandOutcome::complete_if(removed.len() == authors.len()))
}
