//! Imports reading histories: matches their papers with those of the library.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;

use super::Writer;
use super::title_match::TitleIndex;
use crate::embedder::TextEmbeddings;
use crate::encoder::TextSide;
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryKind, Library, Profile, StoredPaper};
use crate::paper::{Paper, PaperId, RawPaper, authors_and_years_agree, title_key};
use crate::vector::Embedding;

/// How the papers of an import are added to a history.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// What the person did with them.
    pub kind: HistoryKind,
    /// How much each counts.
    pub weight: f64,
    /// The day of the import: the date of papers that have none of their own.
    pub at: Date,
    /// Report what would be added, and add nothing.
    pub dry_run: bool,
    /// Leave out papers that are not in the library; else they are stored with their own texts.
    pub library_only: bool,
}

/// A paper of a reading history from elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportItem {
    /// The paper, unchecked.
    pub paper: RawPaper,
    /// The date on which it was added there.
    pub added: Option<Date>,
    /// The interest that it belongs to.
    pub interest: Option<String>,
    /// What the person did with it, where the history says so; else that of the options.
    pub kind: Option<HistoryKind>,
    /// How much it counts, where the history says so; else as the options say.
    pub weight: Option<f64>,
}

/// The result of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ImportSummary {
    /// The number of the import, to take it back; `None` if nothing was added.
    pub import: Option<i64>,
    /// Papers of the library that were added to the history.
    pub matched: usize,
    /// Papers that were in the history already.
    pub already_in_history: usize,
    /// Papers that are not in the library.
    pub unmatched: Vec<UnmatchedItem>,
}

/// More papers than these at once are imported only if their reader confirms it.
const MAX_UNCONFIRMED: usize = 500;
/// An import that makes a history more than so many times as long is confirmed, too.
const MAX_UNCONFIRMED_GROWTH: usize = 10;

impl ImportSummary {
    /// The number of papers that the import adds to the history.
    pub fn added(&self) -> usize {
        self.matched + self.unmatched.iter().filter(|paper| paper.stored).count()
    }

    /// Why the reader of a history of this length should confirm the import first; `None` for an import that is not large.
    ///
    /// ```
    /// use paperkin::engine::ImportSummary;
    ///
    /// let import = |matched| ImportSummary { matched, ..ImportSummary::default() };
    /// assert_eq!(import(30).reason_to_confirm(3), None);
    /// assert!(import(31).reason_to_confirm(3).is_some());
    /// assert_eq!(import(500).reason_to_confirm(0), None);
    /// assert!(import(501).reason_to_confirm(0).is_some());
    /// ```
    pub fn reason_to_confirm(&self, history: usize) -> Option<String> {
        let added = self.added();
        let is_large = added > MAX_UNCONFIRMED || (history > 0 && added > MAX_UNCONFIRMED_GROWTH * history);
        is_large.then(|| format!("{added} papers would be added to a history of {history}"))
    }
}

/// A paper of an import that is not in the library.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnmatchedItem {
    /// Its title, or else its id.
    pub name: String,
    /// Why it was not matched.
    pub reason: String,
    /// Whether it is in the history all the same: with its own text, until the library has it.
    pub stored: bool,
}

/// A paper of the library, or why none matches.
type MatchResult = std::result::Result<StoredPaper, String>;

/// Adds papers to a profile's history, each with its own date if it has one. They are matched by id and alias, then by
/// title; a similar title matches only if an author and the year agree. A paper that is not found is stored with its own
/// text, if it has one, which stands for it until the library has the paper.
///
/// # Errors
/// Those of the library's file.
pub(crate) fn import(
    library: &mut Library,
    profile: &str,
    papers: &[ImportItem],
    options: ImportOptions,
) -> Result<ImportSummary> {
    let (mut known, mut waiting) = (HashSet::new(), UnresolvedTitles::default());
    if library.profile_names()?.iter().any(|name| name == profile) {
        let profile = library.profile(profile)?;
        library.unresolved_papers(&profile)?.into_iter().for_each(|paper| waiting.insert(paper));
        known.extend(profile.history.into_iter().map(|entry| entry.id));
    }
    let (mut imported, mut entries, mut unresolved) = (ImportSummary::default(), Vec::new(), Vec::new());
    let mut titles = None;
    for ImportItem { paper: raw, added, interest, kind, weight } in papers {
        // Nobody read a paper before it was there: a bibliography's day of access can be that of another entry, or a default.
        let day_of = |published: Option<Date>| {
            added.filter(|day| kind.is_some() || published.is_none_or(|published| published <= *day))
        };
        let line = |id, published| HistoryEntry {
            weight: weight.unwrap_or(options.weight),
            interest: interest.clone(),
            ..HistoryEntry::new(id, kind.unwrap_or(options.kind), day_of(published).unwrap_or(options.at))
        };
        let paper = raw.clone().validate();
        let reason = match match_item(library, raw, paper.as_ref().ok(), &mut titles)? {
            Ok(stored) if known.contains(&stored.paper.id) => {
                imported.already_in_history += 1;
                continue;
            }
            Ok(stored) => {
                imported.matched += 1;
                known.insert(stored.paper.id.clone());
                entries.push(line(stored.paper.id, stored.paper.published));
                continue;
            }
            Err(reason) => reason,
        };
        let name = [&raw.title, raw.id.as_deref().unwrap_or_default()].into_iter().find(|name| !name.is_empty());
        let name = name.map_or_else(|| "the record has no id or title".to_owned(), str::to_owned);
        let stored = match &paper {
            _ if options.library_only => false,
            Ok(paper) if !waiting.has(paper) && known.insert(paper.id.clone()) => {
                entries.push(line(paper.id.clone(), paper.published));
                unresolved.push(paper.clone());
                waiting.insert(paper.clone());
                true
            }
            Ok(_) => {
                imported.already_in_history += 1;
                continue;
            }
            // A history says what its reader did with a paper, even if nothing else is known of it.
            Err(_) => match raw.id.as_deref().and_then(|id| PaperId::parse(id).ok()).filter(|_| kind.is_some()) {
                Some(id) if known.insert(id.clone()) => {
                    entries.push(line(id, None));
                    true
                }
                Some(_) => {
                    imported.already_in_history += 1;
                    continue;
                }
                None => false,
            },
        };
        imported.unmatched.push(UnmatchedItem { name, reason, stored });
    }
    if !(options.dry_run || entries.is_empty()) {
        imported.import = Some(library.import_history(profile, &entries, &unresolved, options.at)?);
    }
    Ok(imported)
}

impl Writer<'_> {
    /// The embeddings of papers of a profile's history that are not in the library, by their texts. Those without a stored
    /// embedding are embedded and stored, so that feeds need not: the newest, at most so many.
    ///
    /// # Errors
    /// As [`Embedder::encoder`](crate::embedder::Embedder::encoder); those of reading the library's file.
    pub(crate) fn embed_unresolved(&mut self, profile: &Profile, most: usize) -> Result<TextEmbeddings> {
        if self.library.model()?.is_none() {
            return Ok(TextEmbeddings::default());
        }
        let mut stored = self.library.unresolved_embeddings(profile)?;
        let (mut known, mut missing) = (Vec::new(), Vec::new());
        for paper in self.library.unresolved_papers(profile)? {
            let text = paper.document();
            match stored.remove(&paper.id) {
                Some(embedding) => known.push((text, embedding)),
                None => missing.push((paper.id, text)),
            }
        }
        missing.truncate(most);
        if !missing.is_empty() {
            let (ids, texts): (Vec<PaperId>, Vec<String>) = missing.into_iter().unzip();
            let embeddings = self.encoder()?.encode(TextSide::Document, &texts, &|_| ())?;
            let new: Vec<(PaperId, Embedding)> = ids.into_iter().zip(embeddings.iter().cloned()).collect();
            // On a read-only disk they are computed again next time.
            if let Err(error) = self.library.store_unresolved_embeddings(profile, &new) {
                tracing::debug!("embeddings of papers outside of the library are not stored: {error}");
            }
            known.extend(texts.into_iter().zip(embeddings));
        }
        Ok(known.into_iter().map(|(text, embedding)| (TextSide::Document, text, embedding)).collect())
    }
}

/// Papers of a history that are not in the library, by their titles.
#[derive(Default)]
struct UnresolvedTitles(HashMap<String, Vec<Paper>>);

impl UnresolvedTitles {
    fn insert(&mut self, paper: Paper) {
        self.0.entry(title_key(&paper.title)).or_default().push(paper);
    }

    /// Whether a paper that has no id of its own is one of them, under another id that was made from the same title.
    fn has(&self, paper: &Paper) -> bool {
        let of_title = self.0.get(&title_key(&paper.title)).into_iter().flatten();
        let mut others = of_title.filter(|other| other.id.is_of_title());
        paper.id.is_of_title() && others.any(|other| other.is_copy_of(paper) || other.is_older_form_of(paper))
    }
}

/// The paper of the library that a record is of.
fn match_item(
    library: &Library,
    raw: &RawPaper,
    paper: Option<&Paper>,
    titles: &mut Option<TitleIndex>,
) -> Result<MatchResult> {
    let ids = raw.id.iter().chain(&raw.aliases);
    for id in ids.filter_map(|id| PaperId::parse(id).ok()) {
        if let Some(stored) = library.paper(&id)? {
            return Ok(Ok(stored));
        }
    }
    let Some(paper) = paper.filter(|paper| !paper.title.is_empty()) else {
        return Ok(Err("no paper with this id in the library".to_owned()));
    };
    if paper.id.of_title_alone().is_some()
        && let Some(stored) = library.paper(&paper.id)?
    {
        return Ok(Ok(stored));
    }
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
    let near = library.papers_at(&near)?;
    let sure: Vec<&StoredPaper> =
        near.iter().filter(|stored| authors_and_years_agree(paper, &stored.paper) == Some(true)).collect();
    Ok(match (sure.as_slice(), near.first()) {
        ([only], _) => Ok((*only).clone()),
        ([], None) => Err("no paper with this title in the library".to_owned()),
        (_, Some(near)) => Err(format!("only similar to the title of {}: `{}`", near.paper.id, near.paper.title)),
        (_, None) => Err("several papers have similar titles".to_owned()),
    })
}
