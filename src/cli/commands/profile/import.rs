//! `paperkin profile NAME import`

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use crate::cli::args::{ImportArgs, TagMapping};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary, check_weight};
use crate::error::Result;
use crate::formats::{BibReference, ReadOptions};
use crate::import;

/// Unmatched papers listed for each profile.
const MAX_LISTED: usize = 20;
/// Collections that are named when none is the one asked for.
const MAX_COLLECTIONS: usize = 10;

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
    if !collection.is_empty() && !references.iter().any(|reference| is_tagged(reference, &collection)) {
        warn_of_no_collection(&collection, &references);
    }
    references.retain(|reference| collection.is_empty() || is_tagged(reference, &collection));
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

/// Whether a paper is in one of these collections or below one of them.
fn is_tagged(reference: &BibReference, collections: &[String]) -> bool {
    reference.tags.iter().any(|tag| is_in_any(tag, collections))
}

/// Says that no paper is in the collections that were asked for, and which collections there are.
fn warn_of_no_collection(asked: &[String], references: &[BibReference]) {
    let names: BTreeSet<&str> = references.iter().flat_map(|reference| &reference.tags).map(String::as_str).collect();
    let mut known: Vec<&str> = names.iter().copied().take(MAX_COLLECTIONS).collect();
    if names.len() > known.len() {
        known.push("...");
    }
    let known = if known.is_empty() {
        "there are no collections or tags".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    let message = format!("no paper is in the collection or tag {}: {known}", asked.join(", "));
    output::diagnostic(Severity::Warning, &message);
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
