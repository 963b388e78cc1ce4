//! Fields that an entry takes from another: `crossref` of BibTeX (btxdoc, section 2.1) and of biblatex, whose rules
//! (manual, appendix B) say under which name a field is taken, and `xdata` of biblatex.
//!
//! BibTeX wants the other entry behind those that name it, so these wait for it. What waits and what may be taken is
//! held in memory up to a limit.

use std::collections::{HashMap, HashSet};

use super::fields::BibtexFields;
use crate::formats::common::input::MAX_RECORD;

/// Kinds of entries that others take fields from. One of another kind is remembered if something waits for it.
const PARENTS: [&str; 12] = [
    "proceedings",
    "book",
    "collection",
    "reference",
    "periodical",
    "conference",
    "mvproceedings",
    "mvbook",
    "mvcollection",
    "mvreference",
    "journal",
    "xdata",
];
/// The fields that are taken: where and when something appeared. Titles get another name.
const TAKEN: [&str; 13] = [
    "booktitle",
    "date",
    "day",
    "journal",
    "journaltitle",
    "maintitle",
    "month",
    "number",
    "series",
    "shortjournal",
    "volume",
    "year",
    "title",
];
/// The fields that say when something appeared: of one entry or of the other, never of both.
const DATES: [&str; 4] = ["date", "year", "month", "day"];
/// The fields of `xdata` entries that stay theirs.
const OWN: [&str; 2] = ["xdata", "crossref"];
/// Longest chain of entries that is followed.
const MAX_CHAIN: usize = 8;

/// An entry with its fields.
pub(super) struct ReadEntry {
    pub(super) line: u64,
    /// In lower case.
    pub(super) kind: String,
    pub(super) fields: BibtexFields,
    /// Whether it ends where it is closed.
    pub(super) is_closed: bool,
}

impl ReadEntry {
    /// Returns the keys of the entries that it takes fields from, the first one's fields first.
    fn parents(&self) -> Vec<String> {
        parents(&self.fields.values)
    }
}

/// The entries that others take fields from, and those that wait for them.
#[derive(Default)]
pub(super) struct CrossReferences {
    parents: HashMap<String, ParentEntry>,
    /// By the key that they wait for.
    waiting: HashMap<String, Vec<ReadEntry>>,
    /// How many bytes all of these have.
    held: usize,
}

struct ParentEntry {
    kind: String,
    values: Vec<(String, String)>,
}

impl CrossReferences {
    /// Returns the entries that can be read now: this one, if it need not wait, and those that waited for it.
    pub(super) fn add(&mut self, entry: ReadEntry) -> Vec<ReadEntry> {
        let key = entry.fields.key.to_lowercase();
        let waited = if self.waiting.is_empty() { None } else { self.waiting.remove(&key) };
        if waited.is_some() || PARENTS.contains(&entry.kind.as_str()) {
            self.remember(&key, &entry);
        }
        let mut ready = Vec::new();
        self.settle(entry, &mut ready);
        for entry in waited.into_iter().flatten() {
            self.held -= entry.fields.size().min(self.held);
            self.settle(entry, &mut ready);
        }
        ready
    }

    /// Returns the entries whose parents did not come, in their order.
    pub(super) fn rest(&mut self) -> Vec<ReadEntry> {
        let mut rest: Vec<ReadEntry> = Vec::new();
        for (key, entries) in self.waiting.drain() {
            let is_circular = entries.iter().any(|entry| entry.fields.key.to_lowercase() == key);
            let reason = if is_circular { circular(&key) } else { format!("no entry has the key `{key}`") };
            rest.extend(entries.into_iter().map(|mut entry| {
                let name = entry.fields.values.iter().find(|(name, _)| OWN.contains(&name.as_str()));
                let name = name.map_or_else(|| "crossref".to_owned(), |(name, _)| name.clone());
                entry.fields.dropped.push((name, reason.clone()));
                entry
            }));
        }
        rest.sort_by_key(|entry| entry.line);
        rest.iter_mut().for_each(|entry| self.complete(entry));
        rest
    }

    fn remember(&mut self, key: &str, entry: &ReadEntry) {
        let is_taken = |name: &str| {
            let is_of_books = matches!(entry.kind.as_str(), "book" | "mvbook") && name == "author";
            entry.kind == "xdata" || is_of_books || TAKEN.contains(&name) || OWN.contains(&name)
        };
        let values: Vec<_> = entry.fields.values.iter().filter(|(name, _)| is_taken(name)).cloned().collect();
        let size = key.len() + values.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if !key.is_empty() && !self.parents.contains_key(key) && self.held + size <= MAX_RECORD {
            self.held += size;
            self.parents.insert(key.to_owned(), ParentEntry { kind: entry.kind.clone(), values });
        }
    }

    /// Completes an entry, or lets it wait.
    fn settle(&mut self, mut entry: ReadEntry, ready: &mut Vec<ReadEntry>) {
        let size = entry.fields.size();
        match self.missing(&entry.parents()) {
            Some(key) if self.held + size <= MAX_RECORD => {
                self.held += size;
                self.waiting.entry(key).or_default().push(entry);
                return;
            }
            Some(_) => {
                let reason = format!("more than {} MB of entries wait for others", MAX_RECORD >> 20);
                entry.fields.dropped.push(("crossref".to_owned(), reason));
            }
            None if self.is_circular(&entry) => {
                let reason = circular(&entry.fields.key);
                entry.fields.dropped.push(("crossref".to_owned(), reason));
            }
            None => {}
        }
        self.complete(&mut entry);
        ready.push(entry);
    }

    /// Returns the first key that no entry so far has, of some parents and theirs.
    fn missing(&self, keys: &[String]) -> Option<String> {
        let mut keys = keys.to_vec();
        for _ in 0..MAX_CHAIN {
            if keys.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for key in keys {
                match self.parents.get(&key) {
                    Some(parent) => next.extend(parents(&parent.values)),
                    None => return Some(key),
                }
            }
            next.truncate(MAX_CHAIN);
            keys = next;
        }
        None
    }

    /// Whether an entry is among its parents or theirs.
    fn is_circular(&self, entry: &ReadEntry) -> bool {
        let own = entry.fields.key.to_lowercase();
        let mut keys = entry.parents();
        for _ in 0..MAX_CHAIN {
            if keys.contains(&own) {
                return true;
            }
            let found = keys.iter().filter_map(|key| self.parents.get(key));
            keys = found.flat_map(|parent| parents(&parent.values)).take(MAX_CHAIN).collect();
        }
        false
    }

    /// Gives an entry the fields that it lacks, from its parents and from theirs.
    fn complete(&self, entry: &mut ReadEntry) {
        let mut keys = entry.parents();
        for _ in 0..MAX_CHAIN {
            let found: Vec<&ParentEntry> = keys.iter().filter_map(|key| self.parents.get(key)).collect();
            found.iter().for_each(|parent| parent.give(&entry.kind, &mut entry.fields.values));
            keys = found.iter().flat_map(|parent| parents(&parent.values)).take(MAX_CHAIN).collect();
        }
    }
}

fn circular(key: &str) -> String {
    format!("the cross-reference to `{key}` is circular")
}

impl ParentEntry {
    fn give(&self, kind: &str, values: &mut Vec<(String, String)>) {
        let mut known: HashSet<String> = values.iter().map(|(name, _)| name.clone()).collect();
        let has_date = known.contains("date") || known.contains("year");
        let has_book_title = self.values.iter().any(|(name, _)| name == "booktitle");
        for (name, value) in &self.values {
            let name = match name.as_str() {
                name if OWN.contains(&name) => continue,
                name if DATES.contains(&name) && has_date => continue,
                name if self.kind == "xdata" => name,
                "author" if !matches!(kind, "book" | "inbook" | "bookinbook" | "suppbook") => continue,
                // The title of the whole, never of the part.
                "title" if self.kind.starts_with("mv") => "maintitle",
                "title" if self.kind == "periodical" || kind == "article" => "journaltitle",
                "title" if has_book_title => continue,
                "title" => "booktitle",
                name => name,
            };
            if known.insert(name.to_owned()) {
                values.push((name.to_owned(), value.clone()));
            }
        }
    }
}

/// Returns the keys of the entries that fields are taken from. `xref` takes none.
fn parents(values: &[(String, String)]) -> Vec<String> {
    let of = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let keys = of("xdata").into_iter().flat_map(|keys| keys.split(',')).take(MAX_CHAIN).chain(of("crossref"));
    keys.map(|key| key.trim().to_lowercase()).filter(|key| !key.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: u64, kind: &str, body: &str) -> ReadEntry {
        let fields = BibtexFields::read(body, |_| None);
        ReadEntry { line, kind: kind.to_owned(), fields, is_closed: true }
    }

    /// Adds entries of kind and body; returns the lines of those that come out, and the fields of each.
    fn all(entries: &[(&str, &str)]) -> Vec<(u64, String)> {
        let mut cross_references = CrossReferences::default();
        let mut found = Vec::new();
        for (line, (kind, body)) in (1..).zip(entries) {
            found.extend(cross_references.add(entry(line, kind, body)));
        }
        found.extend(cross_references.rest());
        let tell = |entry: ReadEntry| {
            let values = entry.fields.values.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            let values: Vec<String> = values.map(|(name, value)| format!("{name}={value}")).collect();
            let dropped = entry.fields.dropped.into_iter().map(|(_, reason)| reason);
            (entry.line, values.into_iter().chain(dropped).collect::<Vec<_>>().join(" "))
        };
        found.into_iter().map(tell).collect()
    }

    #[test]
    fn fields_of_other_entries() {
        for (child, parent, expect) in [
            (
                ("inproceedings", "a, title = 1, crossref = {P}"),
                ("proceedings", "p, title = 2, year = 3, month = 4, doi = 5, url = 6, editor = 7, author = 8"),
                "title=1 booktitle=2 year=3 month=4",
            ),
            (
                ("inproceedings", "a, title = 1, year = 9, crossref = p"),
                ("proceedings", "p, title = 2, booktitle = 0, year = 3, month = 4"),
                "title=1 year=9 booktitle=0",
            ),
            (
                ("inbook", "a, title = 1, crossref = p"),
                ("book", "p, title = 2, author = 8, date = {2004-05}"),
                "title=1 booktitle=2 author=8 date=2004-05",
            ),
            (("incollection", "a, crossref = p"), ("collection", "p, title = 2, author = 8"), "booktitle=2"),
            (
                ("book", "a, volume = 1, crossref = p"),
                ("mvbook", "p, title = 2, author = 8"),
                "volume=1 maintitle=2 author=8",
            ),
            (("article", "a, crossref = p"), ("periodical", "p, title = 2, volume = 3"), "journaltitle=2 volume=3"),
            (
                ("book", "a, xdata = {q, p}"),
                ("xdata", "p, title = 2, author = 8, doi = 5"),
                "title=2 author=8 doi=5 no entry has the key `q`",
            ),
            (("book", "a, xref = p"), ("book", "p, year = 2"), "xref=p"),
        ] {
            assert!(all(&[child, parent]).contains(&(1, expect.to_owned())), "{child:?}: {:?}", all(&[child, parent]));
            assert!(all(&[parent, child]).contains(&(2, expect.to_owned())), "{child:?}: {:?}", all(&[parent, child]));
        }
    }

    #[test]
    fn whatever_is_waited_for_is_remembered() {
        let found = all(&[("article", "a, crossref = p"), ("article", "p, journal = 2, number = 3")]);
        assert_eq!(found[1], (1, "journal=2 number=3".to_owned()));
    }

    #[test]
    fn chains_and_circles() {
        let chain = [
            ("inbook", "a, title = 1, crossref = b"),
            ("book", "b, title = 2, crossref = c"),
            ("misc", "x, title = 3"),
            ("mvbook", "c, title = 4, year = 5"),
        ];
        let expect =
            ["title=3", "title=4 year=5", "title=2 maintitle=4 year=5", "title=1 booktitle=2 maintitle=4 year=5"];
        let found: Vec<String> = all(&chain).into_iter().map(|(_, values)| values).collect();
        assert_eq!(found, expect);
        for kind in ["book", "misc"] {
            let circle = all(&[(kind, "a, year = 1, crossref = b"), (kind, "B, number = 2, crossref = A")]);
            assert_eq!(circle.len(), 2);
            assert!(circle.iter().all(|(_, told)| told.ends_with("` is circular")), "{circle:?}");
            let expect = (1, "year=1 the cross-reference to `a` is circular".to_owned());
            assert_eq!(all(&[(kind, "a, year = 1, crossref = a")]), [expect]);
        }
        assert_eq!(all(&[("misc", "a, crossref = b"), ("misc", "c, crossref = d"), ("misc", "e")]).len(), 3);
    }

    #[test]
    fn what_waits_has_a_limit() {
        let mut cross_references = CrossReferences::default();
        let long = format!("k, title = {{{}}}, crossref = p", "x".repeat(MAX_RECORD / 2));
        assert_eq!(cross_references.add(entry(1, "misc", &long)).len(), 0);
        let ready = cross_references.add(entry(2, "misc", &long));
        assert_eq!(ready[0].fields.dropped[0].1, "more than 16 MB of entries wait for others");
        assert_eq!(cross_references.add(entry(3, "misc", "p, year = 1")).len(), 2);
    }
}
