//! `paperkin profile NAME import`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use super::zotero;
use crate::cli::args::{ImportArgs, TagMapping};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, ImportItem, ImportOptions, ImportSummary, check_weight};
use crate::error::{Error, Result};
use crate::formats::{BibReference, ReadOptions, is_at_or_below};
use crate::import::{self, ImportedHistory, ImportedPaper};
use crate::text::{similar_names, visible};

/// Records that cannot be read and profiles that are shown without `--details`.
const MAX_SHOWN: usize = 5;
/// Collections that are named when none is the one asked for.
const MAX_COLLECTIONS: usize = 10;

pub(super) fn run(engine: &mut Engine, name: &str, args: ImportArgs) -> Result<CommandOutcome> {
    let ImportArgs {
        files,
        encoding,
        kind,
        weight,
        collection,
        tags_as,
        dry_run,
        yes,
        details,
        zotero: server,
        format,
    } = args;
    check_weight(weight)?;
    let reading = ReadOptions { encoding, ..ReadOptions::default() };
    let (mut papers, mut outcome) = (Vec::new(), CommandOutcome::Complete);
    for file in &files {
        let read = match zotero::named_library(file) {
            Some(library) => zotero::read(&server, library)?,
            None => import::read(file, &reading)?,
        };
        report_unread(&read, &file.display().to_string(), details);
        outcome = outcome.and(CommandOutcome::complete_if(read.errors.is_empty()));
        papers.extend(read.papers);
    }
    if !collection.is_empty() && !papers.iter().any(|paper| is_tagged(paper, &collection)) {
        warn_of_no_collection(&collection, &papers);
    }
    papers.retain(|paper| collection.is_empty() || is_tagged(paper, &collection));
    let by_profile = by_profile(name, papers, &collection, tags_as);
    let options = ImportOptions { kind, weight, at: engine.today(), dry_run, library_only: false };
    if !(dry_run || yes) {
        let preview = import_all(engine, &by_profile, ImportOptions { dry_run: true, ..options })?;
        confirm(engine, &preview)?;
    }
    let summaries = import_all(engine, &by_profile, options)?;
    output::print_summary(format, &summaries, |out, summaries| table(out, summaries, dry_run, details))?;
    Ok(outcome)
}

/// Says what of a file could not be read.
fn report_unread(ImportedHistory { errors, dropped, .. }: &ImportedHistory, file: &str, details: bool) {
    let shown = if details { errors.len() } else { MAX_SHOWN };
    errors.iter().take(shown).for_each(output::reject);
    if let Some(more @ 1..) = errors.len().checked_sub(shown) {
        let message = format!("{file}: {more} more records could not be read: --details lists them");
        output::diagnostic(Severity::Error, &message);
    }
    match details {
        true => output::warn_of_dropped(dropped, file),
        false => output::count_dropped(dropped, file),
    }
}

/// Imports into each profile.
fn import_all(
    engine: &mut Engine,
    by_profile: &BTreeMap<String, Vec<ImportItem>>,
    options: ImportOptions,
) -> Result<BTreeMap<String, ImportSummary>> {
    let import = |(profile, papers): (&String, &Vec<ImportItem>)| {
        Ok((profile.clone(), engine.import(profile, papers, options)?))
    };
    by_profile.iter().map(import).collect()
}

/// Asks before an import that is large beside a history.
///
/// # Errors
/// [`Error::BadRequest`] when the answer is no, or nobody can be asked.
fn confirm(engine: &Engine, summaries: &BTreeMap<String, ImportSummary>) -> Result<()> {
    let names = engine.profile_names()?;
    let mut reasons = Vec::new();
    for (profile, summary) in summaries {
        let history = if names.contains(profile) { engine.profile(profile)?.history.len() } else { 0 };
        reasons.extend(summary.reason_to_confirm(history).map(|reason| format!("{profile}: {reason}")));
    }
    let more = reasons.len().saturating_sub(MAX_SHOWN);
    reasons.truncate(MAX_SHOWN);
    let mut reason = reasons.join("; ");
    if more > 0 {
        let _ = write!(reason, "; and {more} more profiles");
    }
    if reason.is_empty() {
        return Ok(());
    }
    if output::confirm(&format!("{reason}. Import them?"))? {
        return Ok(());
    }
    let reason = format!("{reason}: look at it with --dry-run, and import it with --yes");
    Err(Error::BadRequest { field: "import", reason })
}

fn table(
    out: &mut dyn io::Write,
    summaries: &BTreeMap<String, ImportSummary>,
    dry_run: bool,
    details: bool,
) -> io::Result<()> {
    let shown = if details { summaries.len() } else { MAX_SHOWN };
    for (profile, summary) in summaries.iter().take(shown) {
        let ImportSummary { import, matched, already_in_history, unmatched } = summary;
        let added = if dry_run { "would be added" } else { "added" };
        let stored = summary.added() - matched;
        let missing = unmatched.len() - stored;
        writeln!(
            out,
            "{profile}: {} {added} ({matched} in the library, {stored} by their text), {already_in_history} already in \
             history, {missing} not found",
            summary.added()
        )?;
        if let Some(number) = import {
            writeln!(out, "  to take it back: paperkin profile {} undo-import {number}", shell_word(profile))?;
        }
        if details {
            unmatched
                .iter()
                .try_for_each(|paper| writeln!(out, "  {}", visible(&format!("{}: {}", paper.name, paper.reason))))?;
        }
    }
    if let Some(more @ 1..) = summaries.len().checked_sub(shown) {
        writeln!(out, "and {more} more profiles: --details lists them")?;
    }
    if !details && summaries.values().any(|summary| !summary.unmatched.is_empty()) {
        writeln!(out, "--details lists the papers that are not in the library")?;
    }
    Ok(())
}

/// A name as a word of a command.
fn shell_word(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
    if is_plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

/// Whether a paper is in one of these collections or below one of them.
fn is_tagged(paper: &ImportedPaper, collections: &[String]) -> bool {
    paper.reference.tags.iter().any(|tag| is_in_any(tag, collections))
}

/// Says that no paper is in the collections that were asked for, and which collections there are.
fn warn_of_no_collection(asked: &[String], papers: &[ImportedPaper]) {
    let names: BTreeSet<&str> = papers.iter().flat_map(|paper| &paper.reference.tags).map(String::as_str).collect();
    let mut known = similar_names(&asked[0], names.iter().copied(), MAX_COLLECTIONS);
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
    paths.iter().any(|path| is_at_or_below(tag, path))
}

/// Returns the papers to enter into each profile.
fn by_profile(
    name: &str,
    papers: Vec<ImportedPaper>,
    collection: &[String],
    tags_as: Option<TagMapping>,
) -> BTreeMap<String, Vec<ImportItem>> {
    let mut profiles: BTreeMap<String, Vec<ImportItem>> = BTreeMap::new();
    for ImportedPaper { reference: BibReference { raw_paper, added, mut tags, .. }, kind, weight, interest } in papers {
        tags.retain(|tag| collection.is_empty() || is_in_any(tag, collection));
        let item = |interest| ImportItem { paper: raw_paper.clone(), added, interest, kind, weight };
        match tags_as {
            Some(TagMapping::Profiles) if !tags.is_empty() => {
                let mut enter = |tag| profiles.entry(format!("{name}/{tag}")).or_default().push(item(interest.clone()));
                tags.iter().for_each(&mut enter);
            }
            Some(TagMapping::Interests) => {
                profiles.entry(name.to_owned()).or_default().push(item(interest.or(tags.into_iter().next())));
            }
            _ => profiles.entry(name.to_owned()).or_default().push(item(interest)),
        }
    }
    profiles
}
