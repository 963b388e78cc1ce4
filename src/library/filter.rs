//! Which papers may answer: dates, categories, sources, authors, words.

use std::collections::HashMap;

use jiff::civil::Date;

use super::Library;
use super::database::{self, Value};
use super::stored_value::{damaged_in, key, optional_date, value};
use super::text_filter::TextScope;
use crate::error::Result;
use crate::paper::PaperMetadata;

/// Conditions that a paper has to meet; the default lets all pass. A paper without a date never passes a condition
/// on dates.
///
/// ```
/// use paperkin::library::{Library, PaperFilter};
///
/// let library = Library::in_memory().unwrap();
/// assert_eq!(library.matching_keys(&PaperFilter::default()).unwrap(), None, "all papers match");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaperFilter {
    /// Published (or, where that is not known, listed) on this day or later.
    pub published_after: Option<Date>,
    /// Published (or listed) on this day or before.
    pub published_before: Option<Date>,
    /// Has one of these categories: `cs.CL`, or `cs` for `cs.CL`, `cs.LG`, ...; none given: any.
    pub categories: Vec<String>,
    /// Comes from one of these sources; none given: any.
    pub sources: Vec<String>,
    /// Added after this generation of the library.
    pub added_after: Option<u64>,
    /// Has an author of one of these names: see [`Library::keys_by_author`]; none given: any.
    pub authors: Vec<String>,
    /// Has all of these phrases in its title.
    pub titles: Vec<String>,
    /// Has all of these phrases in its title or its abstract.
    pub phrases: Vec<String>,
    /// Has none of these words and phrases.
    pub without: Vec<String>,
}

impl Library {
    /// Keys of the papers that pass, in the order of addition; `None` when the filter lets all pass.
    pub fn matching_keys(&self, filter: &PaperFilter) -> Result<Option<Vec<i64>>> {
        if *filter == PaperFilter::default() {
            return Ok(None);
        }
        let (mut conditions, values) = conditions(filter);
        conditions.push("TRUE".to_owned());
        // Sorted here: with ORDER BY, SQLite reads whole papers instead of the index `paper_facts`.
        let select = format!("SELECT row FROM paper WHERE {}", conditions.join(" AND "));
        let read = || -> database::Result<Vec<i64>> {
            let mut statement = self.db.prepare(&select)?;
            statement.query_map(values, |row| row.get(0))?.collect()
        };
        let mut keys = read().map_err(self.failed("select papers"))?;
        keys.sort_unstable();
        if !filter.authors.is_empty() {
            let by = filter.authors.iter().map(|name| self.keys_by_author(name));
            let mut by = by.collect::<Result<Vec<_>>>()?.concat();
            by.sort_unstable();
            keys.retain(|key| by.binary_search(key).is_ok());
        }
        let titles = filter.titles.iter().map(|phrase| (phrase, TextScope::Title));
        for (phrase, scope) in titles.chain(filter.phrases.iter().map(|phrase| (phrase, TextScope::Document))) {
            let with_phrase = self.keys_with_phrase(phrase, scope)?;
            keys.retain(|key| with_phrase.binary_search(key).is_ok());
        }
        for phrase in &filter.without {
            let with_phrase = self.keys_with_phrase(phrase, TextScope::Document)?;
            keys.retain(|key| with_phrase.binary_search(key).is_err());
        }
        Ok(Some(keys))
    }

    /// Keys of the papers by any of these authors, in the order of addition. Names are compared as they are written, but
    /// for the case of Latin letters.
    pub fn papers_by(&self, authors: &[String]) -> Result<Vec<i64>> {
        // One parameter, however many names there are.
        let names: Vec<String> = authors.iter().map(|name| name.to_ascii_lowercase()).collect();
        let names = serde_json::to_string(&names).expect("names are JSON");
        let select = "SELECT row FROM paper WHERE EXISTS (SELECT 1 FROM json_each(authors) \
                      WHERE lower(value) IN (SELECT value FROM json_each(?))) ORDER BY row";
        let read = || -> database::Result<Vec<_>> {
            let mut statement = self.db.prepare(select)?;
            statement.query_map([names], |row| row.get(0))?.collect()
        };
        read().map_err(self.failed("read authors"))
    }

    /// What is known of every paper beside its text, by its key.
    pub fn paper_metadata(&self) -> Result<HashMap<i64, PaperMetadata>> {
        let read = || -> database::Result<HashMap<_, _>> {
            let mut statement =
                self.db.prepare("SELECT row, coalesce(listed, published) AS listed, votes FROM paper")?;
            let facts = statement.query_map([], |row| {
                let read = || Ok(PaperMetadata { date: optional_date(row, 1)?, votes: value(row, 2)? });
                let key = key(row, 0)?;
                Ok((key, read().map_err(damaged_in(|| format!("the paper in row {key}")))?))
            })?;
            facts.collect()
        };
        read().map_err(self.failed("read dates and votes"))
    }
}

fn conditions(filter: &PaperFilter) -> (Vec<String>, Vec<Value>) {
    let (mut conditions, mut values) = (Vec::new(), Vec::<Value>::new());
    let mut date = |comparison: &str, date: Option<Date>| {
        if let Some(date) = date {
            conditions.push(format!("coalesce(published, listed) {comparison} ?"));
            values.push(date.to_string().into());
        }
    };
    date(">=", filter.published_after);
    date("<=", filter.published_before);
    if let Some(generation) = filter.added_after {
        conditions.push("added > ?".to_owned());
        values.push((generation as i64).into());
    }
    if !filter.categories.is_empty() {
        let one = "lower(value) = ? OR instr(lower(value), ?) = 1";
        let any = vec![one; filter.categories.len()].join(" OR ");
        conditions.push(format!("EXISTS (SELECT 1 FROM json_each(categories) WHERE {any})"));
        for category in filter.categories.iter().map(|category| category.to_ascii_lowercase()) {
            let sections = format!("{category}.");
            values.extend([category.into(), sections.into()]);
        }
    }
    if !filter.sources.is_empty() {
        conditions.push(format!("source IN ({})", vec!["?"; filter.sources.len()].join(", ")));
        values.extend(filter.sources.iter().cloned().map(Value::from));
    }
    (conditions, values)
}
