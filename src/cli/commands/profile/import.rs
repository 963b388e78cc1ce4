//! `paperkin profile NAME import`

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::cli::args::{ImportArgs, TagMapping};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary, check_weight};
use crate::error::Result;
use crate::formats::{BibReference, ReadOptions};
use crate::import;

/// Unmatched papers listed for each profile.
const MAX_LISTED: usize = 20;

pub(super) fn run(engine: &mut Engine, name: &str, args: ImportArgs) -> Result<CommandOutcome> {
    let ImportArgs { files, encoding, kind, weight, collection, tags_as, dry_run, format } = args;
    check_weight(weight)?;
    let reading = ReadOptions { encoding, ..ReadOptions::default() };
    let (mut references, mut outcome) = (Vec::new(), CommandOutcome::Complete);
    for file in &files {
        let read = import::read(file, &reading)?;
        read.errors.iter().for_each(output::reject);
        output::warn_of_dropped(&read.dropped, &file.display().to_string());
        outcome = outcome.and(CommandOutcome::complete_if(read.errors.is_empty()));
        references.extend(read.references);
    }
    references
        .retain(|reference| collection.is_empty() || reference.tags.iter().any(|tag| is_in_any(tag, &collection)));
    let options = ImportOptions { kind, weight, at: engine.today(), dry_run };
    let mut summaries: BTreeMap<String, ImportSummary> = BTreeMap::new();
    for (profile, papers) in by_profile(name, references, &collection, tags_as) {
        let summary = engine.import(&profile, &papers, options)?;
        summaries.insert(profile, summary);
    }
    output::print_summary(format, &summaries, |out, summaries| {
        summaries.iter().try_for_each(|(profile, summary)| table(out, profile, summary, dry_run))
    })?;
    Ok(outcome)
}

fn table(out: &mut dyn Write, profile: &str, summary: &ImportSummary, dry_run: bool) -> io::Result<()> {
    let ImportSummary { matched, already_in_history, unmatched } = summary;
    let stored = unmatched.iter().filter(|paper| paper.stored).count();
    let added = if dry_run { "would be added" } else { "added" };
    let missing = unmatched.len();
    writeln!(
        out,
        "{profile}: {matched} {added}, {already_in_history} already in history, {missing} not in the library ({stored} \
         stored with their text)"
    )?;
    unmatched.iter().take(MAX_LISTED).try_for_each(|paper| writeln!(out, "  {}: {}", paper.name, paper.reason))?;
    match missing.saturating_sub(MAX_LISTED) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more: use --format json to list all"),
    }
}

/// Returns whether a tag is one of these, or below one of them.
fn is_in_any(tag: &str, paths: &[String]) -> bool {
    let below = |path: &str| tag.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    paths.iter().any(|path| below(path.trim_end_matches('/')))
}

/// Returns the papers to enter into each profile.
fn by_profile(
    name: &str,
    references: Vec<BibReference>,
    collection: &[String],
    tags_as: Option<TagMapping>,
) -> BTreeMap<String, Vec<ImportItem>> {
    let mut profiles: BTreeMap<String, Vec<ImportItem>> = BTreeMap::new();
    for BibReference { raw_paper, added, mut tags, .. } in references {
        tags.retain(|tag| collection.is_empty() || is_in_any(tag, collection));
        let item = |interest: Option<String>| ImportItem { paper: raw_paper.clone(), added, interest };
        match tags_as {
            Some(TagMapping::Profiles) if !tags.is_empty() => {
                tags.iter().for_each(|tag| profiles.entry(format!("{name}/{tag}")).or_default().push(item(None)));
            }
            Some(TagMapping::Interests) => {
                profiles.entry(name.to_owned()).or_default().push(item(tags.into_iter().next()));
            }
            _ => profiles.entry(name.to_owned()).or_default().push(item(None)),
        }
    }
    profiles
}
