//! `paperkin profile NAME import`

use std::collections::BTreeMap;

use super::args::{ImportArgs, SummaryFormat, TagMapping};
use super::input::reject;
use super::{CommandOutcome, output, today};
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary};
use crate::error::{Error, Result};
use crate::formats::BibReference;
use crate::import;

/// Papers that are named when they are not found.
const NAMED: usize = 20;

pub(super) fn run(engine: &mut Engine, name: &str, command: ImportArgs) -> Result<CommandOutcome> {
    let ImportArgs { files, kind, weight, collection, tags_as, dry_run, format } = command;
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(Error::BadRequest { field: "weight", reason: format!("{weight} is not above 0") });
    }
    let (mut references, mut outcome) = (Vec::new(), CommandOutcome::Complete);
    for file in &files {
        let read = import::read(file)?;
        read.errors.iter().for_each(reject);
        outcome = outcome.and(CommandOutcome::complete_if(read.errors.is_empty()));
        references.extend(read.references);
    }
    references
        .retain(|reference| collection.is_empty() || reference.tags.iter().any(|tag| is_in_any(tag, &collection)));
    let entry = ImportOptions { kind, weight, at: today(), dry_run };
    let mut all: BTreeMap<String, ImportSummary> = BTreeMap::new();
    for (profile, papers) in parted(name, references, &collection, tags_as) {
        let imported = engine.import(&profile, &papers, entry)?;
        all.insert(profile, imported);
    }
    output::print(|out| {
        match format {
        SummaryFormat::Json => output::json(out, &all),
        SummaryFormat::Table => all.iter().try_for_each(|(profile, imported)| {
            let ImportSummary { matched, already_in_history: known, unmatched } = imported;
            let kept = unmatched.iter().filter(|unmatched| unmatched.stored).count();
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

/// Whether a tag is one of these, or below it.
fn is_in_any(tag: &str, paths: &[String]) -> bool {
    let below = |path: &str| tag.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    paths.iter().any(|path| below(path.trim_end_matches('/')))
}

/// The papers of each profile.
fn parted(
    name: &str,
    references: Vec<BibReference>,
    collection: &[String],
    tags_as: Option<TagMapping>,
) -> BTreeMap<String, Vec<ImportItem>> {
    let mut parts: BTreeMap<String, Vec<ImportItem>> = BTreeMap::new();
    for BibReference { raw_paper, added, mut tags } in references {
        tags.retain(|tag| collection.is_empty() || is_in_any(tag, collection));
        let paper = |interest: Option<String>| ImportItem { paper: raw_paper.clone(), added, interest };
        match tags_as {
            Some(TagMapping::Profiles) if !tags.is_empty() => {
                tags.iter().for_each(|tag| parts.entry(format!("{name}/{tag}")).or_default().push(paper(None)));
            }
            Some(TagMapping::Interests) => {
                parts.entry(name.to_owned()).or_default().push(paper(tags.into_iter().next()))
            }
            _ => parts.entry(name.to_owned()).or_default().push(paper(None)),
        }
    }
    parts
}
