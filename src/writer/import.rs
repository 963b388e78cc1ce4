//! Reading histories from elsewhere: which papers of the library they are, and which it does not have.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::Serialize;

use super::Writer;
use super::title_match::{TitleIndex, authors_and_years_agree};
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryKind, Library, StoredPaper};
use crate::paper::{Paper, PaperId, RawPaper};

/// What the papers of an import are to a person.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// What was done with them.
    pub kind: HistoryKind,
    /// How much each counts.
    pub weight: f64,
    /// The day of those that have none of their own.
    pub at: Date,
    /// Find out what would be entered, and enter nothing.
    pub dry_run: bool,
}

/// A paper that somebody entered elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportItem {
    /// The paper, unchecked.
    pub paper: RawPaper,
    /// When.
    pub added: Option<Date>,
    /// The interest that it is of.
    pub interest: Option<String>,
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ImportSummary {
    /// Papers of the library that were entered.
    pub matched: usize,
    /// Papers that were in the history before.
    pub already_in_history: usize,
    /// What the library does not have.
    pub unmatched: Vec<UnmatchedItem>,
}

/// A paper of an import that is not in the library.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnmatchedItem {
    /// What it is called.
    pub name: String,
    /// Why it is no paper of the library.
    pub reason: String,
    /// Whether it is kept in the history with its own text.
    pub stored: bool,
}

/// A paper of the library, or why there is none.
type MatchResult = std::result::Result<StoredPaper, String>;

/// Enters papers into a profile's history, each with its day if it has one. They are found by their ids and other
/// names, then by their titles; a title that is only nearly the same counts when an author agrees. What is not found
/// is kept with its own text, if it has one, and counts by it until the paper comes.
///
/// # Errors
/// Those of the library's file.
pub(crate) fn import(
    writer: &mut Writer<'_>,
    profile: &str,
    papers: &[ImportItem],
    entry: ImportOptions,
) -> Result<ImportSummary> {
    let before = match writer.library.profile_names()?.iter().any(|name| name == profile) {
        true => writer.library.profile(profile)?.history,
        false => Vec::new(),
    };
    let mut known: HashSet<PaperId> = before.into_iter().map(|entry| entry.id).collect();
    let (mut imported, mut entries, mut wanted) = (ImportSummary::default(), Vec::new(), Vec::new());
    let mut titles = None;
    for ImportItem { paper: draft, added, interest } in papers {
        let at = added.unwrap_or(entry.at);
        let line = |id| HistoryEntry {
            weight: entry.weight,
            interest: interest.clone(),
            ..HistoryEntry::new(id, entry.kind, at)
        };
        let paper = draft.clone().validate();
        let reason = match match_item(writer.library, draft, paper.as_ref().ok(), &mut titles)? {
            Ok(stored) if known.contains(&stored.paper.id) => {
                imported.already_in_history += 1;
                continue;
            }
            Ok(stored) => {
                imported.matched += 1;
                known.insert(stored.paper.id.clone());
                entries.push(line(stored.paper.id));
                continue;
            }
            Err(reason) => reason,
        };
        let name = [&draft.title, draft.id.as_deref().unwrap_or_default()].into_iter().find(|name| !name.is_empty());
        let name = name.map_or_else(|| "the record has no id or title".to_owned(), str::to_owned);
        if let Ok(paper) = &paper {
            if known.insert(paper.id.clone()) {
                entries.push(line(paper.id.clone()));
                wanted.push(paper.clone());
            } else {
                imported.already_in_history += 1;
                continue;
            }
        }
        imported.unmatched.push(UnmatchedItem { name, reason, stored: paper.is_ok() });
    }
    if !(entry.dry_run || entries.is_empty()) {
        writer.library.add_unresolved(profile, &entries, &wanted)?;
    }
    Ok(imported)
}

/// The paper of the library that a record is of.
fn match_item(
    library: &Library,
    draft: &RawPaper,
    paper: Option<&Paper>,
    titles: &mut Option<TitleIndex>,
) -> Result<MatchResult> {
    let names = draft.id.iter().chain(&draft.aliases);
    for name in names.filter_map(|name| PaperId::parse(name).ok()) {
        if let Some(stored) = library.paper(&name)? {
            return Ok(Ok(stored));
        }
    }
    let Some(paper) = paper.filter(|paper| !paper.title.is_empty()) else {
        return Ok(Err("no paper with this id in the library".to_owned()));
    };
    let same = library.papers_titled(&paper.title)?;
    let fitting: Vec<&StoredPaper> =
        same.iter().filter(|stored| authors_and_years_agree(paper, &stored.paper) != Some(false)).collect();
    match (fitting.as_slice(), same.first()) {
        ([only], _) => return Ok(Ok((*only).clone())),
        ([], Some(other)) => {
            return Ok(Err(format!("{} has the same title, but different authors or year", other.paper.id)));
        }
        ([first, second, ..], _) => {
            let (first, second) = (&first.paper.id, &second.paper.id);
            return Ok(Err(format!("several papers have this title: {first}, {second}")));
        }
        ([], None) => {}
    }
    if titles.is_none() {
        *titles = Some(TitleIndex::new(library.titles()?));
    }
    let near = titles.as_ref().map(|titles| titles.near(&paper.title)).unwrap_or_default();
    let near = near.into_iter().map(|key| library.paper_at(key)).collect::<Result<Vec<StoredPaper>>>()?;
    let sure: Vec<&StoredPaper> =
        near.iter().filter(|stored| authors_and_years_agree(paper, &stored.paper) == Some(true)).collect();
    Ok(match (sure.as_slice(), near.first()) {
        ([only], _) => Ok((*only).clone()),
        ([], None) => Err("no paper with this title in the library".to_owned()),
        (_, Some(near)) => Err(format!("only similar to the title of {}: `{}`", near.paper.id, near.paper.title)),
        (_, None) => Err("several papers have similar titles".to_owned()),
    })
}
