//! Which papers have an author, a word or a phrase: found by terms, then compared with what the papers say.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;

use super::Library;
use super::term_index::author_term;
use crate::error::Result;
use crate::lexical::postings::{self, BLOCK_KEYS};
use crate::lexical::{TermCounts, word_sequence};
use crate::paper::{document, is_same_person, title_key};

/// What has to have a word or a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextScope {
    /// The title.
    Title,
    /// Title or abstract.
    Document,
}

impl Library {
    /// Keys of the papers with an author of this name, ascending. Case and accents do not count, given names may be initials or missing.
    pub fn keys_by_author(&self, name: &str) -> Result<Vec<i64>> {
        let keys = self.keys_with_term(&author_term(name))?;
        let read = || -> rusqlite::Result<Vec<i64>> {
            let mut select = self.db.prepare_cached("SELECT authors FROM paper WHERE row = ?")?;
            let mut is_by = |key: &i64| -> rusqlite::Result<bool> {
                let authors: Option<String> = select.query_row([key], |row| row.get(0)).optional()?;
                let authors: Vec<String> =
                    authors.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
                Ok(authors.iter().any(|author| is_same_person(name, author)))
            };
            keys.into_iter().filter_map(|key| is_by(&key).map(|is| is.then_some(key)).transpose()).collect()
        };
        read().map_err(self.failed("read authors"))
    }

    /// Keys of the papers that have the words of a text one after the other, ascending. Case, accents and plurals do not
    /// matter. A text without words is nowhere.
    pub fn keys_with_phrase(&self, phrase: &str, scope: TextScope) -> Result<Vec<i64>> {
        let words = word_sequence(phrase);
        let mut found = Vec::new();
        for key in self.keys_with_terms(&TermCounts::from_text(phrase))? {
            self.check_canceled()?;
            let paper = self.paper_at(key)?.paper;
            let text = match scope {
                TextScope::Title => paper.title,
                TextScope::Document => document(&paper.title, &paper.abstract_text),
            };
            if word_sequence(&text).windows(words.len().max(1)).any(|window| window == words) {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// Titles that begin with a text, but for case, punctuation and white space, with the papers' keys.
    pub fn titles_with_prefix(&self, text: &str) -> Result<Vec<(i64, String)>> {
        let key = title_key(text);
        let joined = key.replace(' ', "");
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            // A range of the index.
            let select = "SELECT row, title FROM paper WHERE title_key BETWEEN ?1 AND ?1 || char(1114111) \
                          OR title_key BETWEEN ?2 AND ?2 || char(1114111) ORDER BY row";
            let mut statement = self.db.prepare_cached(select)?;
            statement.query_map([&key, &joined], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        if key.is_empty() { Ok(Vec::new()) } else { read().map_err(self.failed("read the titles")) }
    }

    /// The titles of the papers that have all of these terms in title or abstract, with the papers' keys; without terms,
    /// none.
    pub fn titles_with_terms(&self, terms: &TermCounts) -> Result<Vec<(i64, String)>> {
        let keys = self.keys_with_terms(terms)?;
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut select = self.db.prepare_cached("SELECT title FROM paper WHERE row = ?")?;
            keys.into_iter().map(|key| Ok((key, select.query_row([key], |row| row.get(0))?))).collect()
        };
        read().map_err(self.failed("read the titles"))
    }

    /// Keys of the papers with all of these terms, ascending; without terms, none.
    fn keys_with_terms(&self, terms: &TermCounts) -> Result<BTreeSet<i64>> {
        let mut keys: Option<BTreeSet<i64>> = None;
        for (term, _) in terms.counts() {
            let with_term: BTreeSet<i64> = self.keys_with_term(term)?.into_iter().collect();
            keys = Some(match keys {
                Some(keys) => &keys & &with_term,
                None => with_term,
            });
        }
        Ok(keys.unwrap_or_default())
    }

    /// Keys of the papers with a term, ascending.
    pub fn keys_with_term(&self, term: &str) -> Result<Vec<i64>> {
        let of_block = |(block, bytes): (i64, Vec<u8>)| -> Vec<i64> {
            postings::read(&bytes).map(|(row, _)| block * BLOCK_KEYS + i64::from(row)).collect()
        };
        Ok(self.postings(term)?.into_iter().flat_map(of_block).collect())
    }
}
