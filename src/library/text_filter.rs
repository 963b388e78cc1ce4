//! Which papers have an author, a word or a phrase: found by terms, then compared with what the papers say.

use std::collections::BTreeSet;

use super::batch::{BATCH_ROWS, LISTED_KEYS, key_list};
use super::database;
use super::filter::union;
use super::term_index::{author_term, category_term, facet_start};
use super::{Library, StoredPaper};
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
        self.keys_with_author(name, |author| is_same_person(name, author))
    }

    /// Keys of the papers by any of these authors, ascending. Names are compared as they are written, but for the case of Latin
    /// letters.
    pub fn papers_by(&self, authors: &[String]) -> Result<Vec<i64>> {
        let by = |name: &String| self.keys_with_author(name, |author| author.eq_ignore_ascii_case(name));
        Ok(union(&authors.iter().map(by).collect::<Result<Vec<_>>>()?))
    }

    /// Keys of the papers with an author who is meant, of those with one of this family name, ascending.
    fn keys_with_author(&self, name: &str, is_meant: impl Fn(&str) -> bool) -> Result<Vec<i64>> {
        let keys = self.keys_with_term(&author_term(name))?;
        let read = || -> database::Result<Vec<i64>> {
            let mut found = Vec::new();
            let mut select = self.db.prepare(&of_listed("authors"))?;
            for keys in keys.chunks(BATCH_ROWS) {
                let mut rows = select.query([key_list(keys)])?;
                while let Some(row) = rows.next()? {
                    let authors: Vec<String> = serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap_or_default();
                    if authors.iter().any(|author| is_meant(author)) {
                        found.push(row.get(0)?);
                    }
                }
            }
            Ok(found)
        };
        read().map_err(self.failed("read authors"))
    }

    /// Keys of the papers of any of these categories, or of their parts, ascending. The case of Latin letters does not count.
    pub(super) fn keys_by_category(&self, categories: &[String]) -> Result<Vec<i64>> {
        let of_each = categories.iter().map(|category| self.keys_with_term(&category_term(category)));
        let mut keys = union(&of_each.collect::<Result<Vec<_>>>()?);
        if categories.iter().any(|category| facet_start(category) != category) {
            let papers = self.papers_at(&keys)?;
            keys = papers.iter().filter(|stored| stored.paper.is_of_any(categories)).map(|stored| stored.key).collect();
        }
        Ok(keys)
    }

    /// Keys of the papers that have the words of a text one after the other, ascending. Case, accents and plurals do not
    /// matter. A text without words is nowhere.
    pub fn keys_with_phrase(&self, phrase: &str, scope: TextScope) -> Result<Vec<i64>> {
        let words = word_sequence(phrase);
        let mut found = Vec::new();
        let keys: Vec<i64> = self.keys_with_terms(&TermCounts::from_text(phrase))?.into_iter().collect();
        self.for_each_paper_at(&keys, |StoredPaper { key, paper }| {
            self.check_canceled()?;
            let text = match scope {
                TextScope::Title => paper.title,
                TextScope::Document => document(&paper.title, &paper.abstract_text),
            };
            if word_sequence(&text).windows(words.len().max(1)).any(|window| window == words) {
                found.push(key);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Titles that begin with a text, but for case, punctuation and white space, with the papers' keys.
    pub fn titles_with_prefix(&self, text: &str) -> Result<Vec<(i64, String)>> {
        let key = title_key(text);
        let joined = key.replace(' ', "");
        let read = || -> database::Result<Vec<(i64, String)>> {
            // A range of the index.
            let select = "SELECT row, title FROM paper WHERE title_key BETWEEN ?1 AND ?2 \
                          OR title_key BETWEEN ?3 AND ?4 ORDER BY row";
            let mut statement = self.db.prepare(select)?;
            let ends = [&key, &joined].map(|start| format!("{start}{}", char::MAX));
            let values = [&key, &ends[0], &joined, &ends[1]];
            statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        if key.is_empty() { Ok(Vec::new()) } else { read().map_err(self.failed("read the titles")) }
    }

    /// The titles of the papers that have all of these terms in title or abstract, with the papers' keys; without terms,
    /// none.
    pub fn titles_with_terms(&self, terms: &TermCounts) -> Result<Vec<(i64, String)>> {
        let keys: Vec<i64> = self.keys_with_terms(terms)?.into_iter().collect();
        let read = || -> database::Result<Vec<(i64, String)>> {
            let mut titles = Vec::with_capacity(keys.len());
            let mut select = self.db.prepare(&of_listed("title"))?;
            for keys in keys.chunks(BATCH_ROWS) {
                let mut rows = select.query([key_list(keys)])?;
                while let Some(row) = rows.next()? {
                    titles.push((row.get(0)?, row.get(1)?));
                }
            }
            Ok(titles)
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

/// A query for a column of the papers of a [`key_list`], after their keys, ascending.
fn of_listed(column: &str) -> String {
    format!("SELECT row, {column} FROM paper WHERE row IN ({LISTED_KEYS}) ORDER BY row")
}
