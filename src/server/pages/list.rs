//! Lists of papers as people keep them: ids and titles, BibTeX, JSON lines.

use std::io::Cursor;

use jiff::civil::Date;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::{Error, Fault, Result};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::{Paper, PaperId};
use crate::sources;

/// Names that are said when they are not found.
const SAID: usize = 20;
/// Most papers of one list.
const MOST: usize = 10_000;

/// What became of a list.
pub(super) struct Imported {
    /// Papers that were entered.
    pub entered: usize,
    /// As what.
    pub kind: HistoryKind,
    /// Papers that were given whole.
    pub added: usize,
    /// How many were not found.
    pub missing: usize,
    /// The first of those.
    pub missed: Vec<String>,
}

/// A name of a list: any of these finds the paper.
type Names = Vec<String>;

/// Enters the papers of a list into a history. Papers that are given whole are added to the library first.
pub(super) fn import(engine: &mut Engine, profile: &str, text: &str, kind: HistoryKind, at: Date) -> Result<Imported> {
    let (names, papers) = read(text);
    let added = papers.len();
    if !papers.is_empty() {
        engine.add(papers.into_iter().map(Ok), &|_| ())?;
    }
    let (mut entries, mut missed) = (Vec::new(), Vec::new());
    for names in names.into_iter().take(MOST) {
        match find(engine, &names)? {
            Some(id) => entries.push(HistoryEntry { id, kind, weight: 1.0, at }),
            None => missed.push(names.first().map(|name| name.chars().take(200).collect()).unwrap_or_default()),
        }
    }
    engine.library_mut().remember(profile, &entries)?;
    let (entered, missing) = (entries.len(), missed.len());
    missed.truncate(SAID);
    Ok(Imported { entered, kind, added, missing, missed })
}

/// The first paper that one of the names finds.
fn find(engine: &Engine, names: &Names) -> Result<Option<PaperId>> {
    for name in names {
        match engine.find(name) {
            Ok(stored) => return Ok(Some(stored.paper.id)),
            Err(error) if error.fault() == Fault::Missing => {}
            Err(Error::BadRequest { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Names of a text, and the papers that it has whole.
fn read(text: &str) -> (Vec<Names>, Vec<Paper>) {
    let text = text.trim();
    if text.starts_with('@') || text.contains("\n@") {
        return (bibtex_names(text), Vec::new());
    }
    if !text.starts_with(['{', '[']) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        return (lines.map(|line| vec![line.to_owned()]).collect(), Vec::new());
    }
    let (mut names, mut papers) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| line.trim_start().starts_with('{')) {
        let id = || serde_json::from_str::<Value>(line).ok()?["id"].as_str().map(str::to_owned);
        match sources::record(line.as_bytes()) {
            Ok(paper) => {
                names.push(vec![paper.id.to_string()]);
                papers.push(paper);
            }
            Err(_) => names.push(vec![id().unwrap_or_else(|| line.to_owned())]),
        }
    }
    if names.is_empty() {
        let read = sources::read(Cursor::new(text.to_owned()), "the file", None);
        papers = read.into_iter().flatten().filter_map(Result::ok).take(MOST).collect();
        names = papers.iter().map(|paper| vec![paper.id.to_string()]).collect();
    }
    (names, papers)
}

/// For each entry of BibTeX what may name its paper: eprint, DOI, address, title.
fn bibtex_names(text: &str) -> Vec<Names> {
    let mut entries = Vec::new();
    for entry in text.split('@').skip(1).filter(|entry| entry.contains('{') && entry.contains('=')) {
        let names: Names =
            ["eprint", "doi", "url", "title"].iter().filter_map(|field| field_of(entry, field)).collect();
        if !names.is_empty() {
            entries.push(names);
        }
    }
    entries
}

/// The value of a field, without braces.
fn field_of(entry: &str, name: &str) -> Option<String> {
    let lower = entry.to_ascii_lowercase();
    let mut places = lower.match_indices(name).map(|(place, _)| place);
    let start = places.find(|place| {
        let is_word = lower[..*place].ends_with(|c: char| c.is_whitespace() || c == ',');
        is_word && lower[place + name.len()..].trim_start().starts_with('=')
    })?;
    let value = entry[start + name.len()..].trim_start().trim_start_matches('=').trim_start();
    let (mut depth, mut text) = (0, String::new());
    for (place, c) in value.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => break,
            '}' => depth -= 1,
            '"' if depth == 0 && place > 0 => break,
            '"' if depth == 0 => {}
            ',' | '\n' if depth == 0 && !value.starts_with('"') => break,
            c => text.push(c),
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_their_forms() {
        let bibtex = "@article{a, title = {The {BERT} Paper},\n eprint={2401.00001}}\n@misc{b,\n TITLE = \"Another, one\",year=2020}";
        let table: [(&str, &[&[&str]]); 5] = [
            ("2401.00001\n\n# note\nA title", &[&["2401.00001"], &["A title"]]),
            (bibtex, &[&["2401.00001", "The BERT Paper"], &["Another, one"]]),
            ("{\"id\":\"2401.00001\",\"kind\":\"like\"}", &[&["2401.00001"]]),
            ("{\"id\":\"x\",\"title\":\"T\",\"abstract\":\"A\"}", &[&["x"]]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).0, expected, "{text}");
        }
        assert_eq!(read(table[3].0).1.len(), 1);
    }
}
