//! Which papers may answer: dates, categories, sources, authors, words.

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
        let mut passing: Option<Vec<i64>> = None;
        let mut keep = |keys: Vec<i64>| {
            passing = Some(match passing.take() {
                Some(passing) => intersection(&passing, &keys),
                None => keys,
            });
        };
        let (conditions, values) = conditions(filter);
        if !conditions.is_empty() {
            keep(self.keys_where(&conditions.join(" AND "), values)?);
        }
        if !filter.categories.is_empty() {
            keep(self.keys_by_category(&filter.categories)?);
        }
        if !filter.authors.is_empty() {
            let by = filter.authors.iter().map(|name| self.keys_by_author(name));
            keep(union(&by.collect::<Result<Vec<_>>>()?));
        }
        let titles = filter.titles.iter().map(|phrase| (phrase, TextScope::Title));
        for (phrase, scope) in titles.chain(filter.phrases.iter().map(|phrase| (phrase, TextScope::Document))) {
            keep(self.keys_with_phrase(phrase, scope)?);
        }
        if filter.without.is_empty() {
            return Ok(passing);
        }
        let mut keys = match passing {
            Some(keys) => keys,
            None => self.keys_where("TRUE", Vec::new())?,
        };
        for phrase in &filter.without {
            let with_phrase = self.keys_with_phrase(phrase, TextScope::Document)?;
            keys.retain(|key| with_phrase.binary_search(key).is_err());
        }
        Ok(Some(keys))
    }

    /// Keys of the papers that meet a condition, ascending.
    fn keys_where(&self, condition: &str, values: Vec<Value>) -> Result<Vec<i64>> {
        // Sorted here: with ORDER BY, SQLite reads whole papers instead of the index `paper_facts`.
        let select = format!("SELECT row FROM paper WHERE {condition}");
        let mut keys = self.db.keys(&select, values).map_err(self.failed("select papers"))?;
        keys.sort_unstable();
        Ok(keys)
    }

    /// What is known of every paper beside its text, in the order of their keys.
    pub fn paper_metadata(&self) -> Result<Vec<(i64, PaperMetadata)>> {
        let read = || -> database::Result<Vec<_>> {
            let mut statement =
                self.db.prepare("SELECT row, coalesce(listed, published) AS listed, votes FROM paper")?;
            let facts = statement.query_map([], |row| {
                let read = || Ok(PaperMetadata { date: optional_date(row, 1)?, votes: value(row, 2)? });
                let key = key(row, 0)?;
                Ok((key, read().map_err(damaged_in(|| format!("the paper in row {key}")))?))
            })?;
            facts.collect()
        };
        let mut papers = read().map_err(self.failed("read dates and votes"))?;
        // Sorted here: with ORDER BY, SQLite reads whole papers instead of the index `paper_facts`.
        papers.sort_unstable_by_key(|(key, _)| *key);
        Ok(papers)
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
    if !filter.sources.is_empty() {
        conditions.push(format!("source IN ({})", vec!["?"; filter.sources.len()].join(", ")));
        values.extend(filter.sources.iter().cloned().map(Value::from));
    }
    (conditions, values)
}

/// The keys in both of two ascending lists.
fn intersection(one: &[i64], other: &[i64]) -> Vec<i64> {
    let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    few.iter().copied().filter(|key| many.binary_search(key).is_ok()).collect()
}

/// The keys in any of some lists, ascending.
pub(super) fn union(lists: &[Vec<i64>]) -> Vec<i64> {
    let mut keys = lists.concat();
    keys.sort_unstable();
    keys.dedup();
    keys
}
