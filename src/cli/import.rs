//! `paperkin profile NAME import`

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::args::{Import, SummaryFormat};
use super::input::reject;
use super::{Outcome, output, today};
use crate::bibliography;
use crate::engine::{Engine, Entry, Imported};
use crate::error::{Error, Result};
use crate::paper::Draft;
use crate::sources::Reference;

/// Papers that are named when they are not found.
const NAMED: usize = 20;

pub(super) fn run(engine: &mut Engine, name: &str, command: Import) -> Result<Outcome> {
    let Import { files, kind, weight, collection, by_tag, dry_run, format } = command;
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(Error::BadRequest { field: "weight", reason: format!("{weight} is not above 0") });
    }
    let (mut references, mut outcome) = (Vec::new(), Outcome::Complete);
    for file in &files {
        let read = bibliography::read(file)?;
        read.errors.iter().for_each(reject);
        outcome = outcome.and(Outcome::complete_if(read.errors.is_empty()));
        references.extend(read.references);
    }
    references.retain(|reference| collection.is_empty() || is_of_any(reference, &collection));
    let entry = Entry { kind, weight, at: today(), dry_run };
    let mut all: BTreeMap<String, Imported> = BTreeMap::new();
    for (profile, papers) in profiles(name, references, by_tag) {
        let imported = engine.import(&profile, &papers, entry)?;
        all.insert(profile, imported);
    }
    output::print(|out| {
        match format {
        SummaryFormat::Json => output::json(out, &all),
        SummaryFormat::Table => all.iter().try_for_each(|(profile, imported)| {
            let Imported { matched, known, unmatched } = imported;
            let kept = unmatched.iter().filter(|unmatched| unmatched.kept).count();
            let would = if dry_run { " would be" } else { "" };
            writeln!(
                out,
                "{profile}: {matched}{would} entered, {known} there before, {} not in the library ({kept} kept with their \
                 text)",
                unmatched.len()
            )?;
            unmatched.iter().take(NAMED).try_for_each(|one| writeln!(out, "  {}: {}", one.name, one.reason))?;
            match unmatched.len().saturating_sub(NAMED) {
                0 => Ok(()),
                more => writeln!(out, "  and {more} more: --format json has all of them"),
            }
        }),
    }
    })?;
    Ok(outcome)
}

/// Whether a reference has one of these tags, or one below it.
fn is_of_any(reference: &Reference, paths: &[String]) -> bool {
    let below =
        |tag: &str, path: &str| tag.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    reference.tags.iter().any(|tag| paths.iter().any(|path| below(tag, path.trim_end_matches('/'))))
}

/// The papers of each profile.
fn profiles(name: &str, references: Vec<Reference>, by_tag: bool) -> BTreeMap<String, Vec<(Draft, Option<Date>)>> {
    let mut profiles: BTreeMap<String, Vec<(Draft, Option<Date>)>> = BTreeMap::new();
    for Reference { draft, added, tags } in references {
        if by_tag && !tags.is_empty() {
            for tag in tags {
                profiles.entry(format!("{name}/{tag}")).or_default().push((draft.clone(), added));
            }
        } else {
            profiles.entry(name.to_owned()).or_default().push((draft, added));
        }
    }
    profiles
}
