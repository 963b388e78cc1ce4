//! Words of the library that a misspelled word may stand for.

use super::Library;
use super::database::{self, params};
use super::term_index::author_term;
use crate::error::Result;

/// Letters of a word of which one may be wrong, and of a word of which two may be.
const MIN_LETTERS: [usize; 2] = [4, 8];
/// Papers that have a word which is suggested, at least: rarer words may be misspelled themselves.
const MIN_PAPERS: i64 = 3;

impl Library {
    /// The term that differs least from a word in lower case: by one letter, of long words two, that is missing, added,
    /// wrong, or swapped with its neighbor. Of several, the one that most papers have. `None` if there is none.
    pub fn similar_term(&self, word: &str) -> Result<Option<String>> {
        self.most_similar(word, ["a", "z"], MIN_PAPERS)
    }

    /// The last name of an author, in lower case, that differs as little from a name: see [`Library::similar_term`].
    pub fn similar_author(&self, name: &str) -> Result<Option<String>> {
        let similar = self.most_similar(&author_term(name), ["@a", "@z"], 1)?;
        Ok(similar.map(|term| term.trim_start_matches('@').to_owned()))
    }

    /// The most similar of the terms that this many papers have and that begin with texts of a range.
    fn most_similar(&self, word: &str, [first, last]: [&str; 2], min_papers: i64) -> Result<Option<String>> {
        let length = word.chars().count();
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let most = MIN_LETTERS.iter().filter(|least| letters >= **least).count();
        if most == 0 {
            return Ok(None);
        }
        let read = || -> database::Result<Option<String>> {
            // A posting has two bytes or more.
            let select = "SELECT term, sum(length(papers)) / 2 FROM posting \
                          WHERE substr(term, 1, length(?4)) BETWEEN ?4 AND ?5 AND length(term) BETWEEN ?1 AND ?2 GROUP BY term HAVING sum(length(papers)) / 2 >= ?3";
            let mut statement = self.db.prepare(select)?;
            let mut rows =
                statement.query(params![(length - most) as i64, (length + most) as i64, min_papers, first, last])?;
            let mut best: Option<(usize, i64, String)> = None;
            while let Some(row) = rows.next()? {
                let term = row.get_ref(0)?.as_str()?;
                let distance = strsim::osa_distance(word, term);
                let papers: i64 = row.get(1)?;
                let is_better = |(other, count, _): &(usize, i64, String)| (distance, -papers) < (*other, -count);
                if distance <= most && best.as_ref().is_none_or(is_better) {
                    best = Some((distance, papers, term.to_owned()));
                }
            }
            Ok(best.map(|(_, _, term)| term))
        };
        read().map_err(self.failed("read the terms"))
    }

    /// Whether any paper has a term.
    pub fn has_term(&self, term: &str) -> Result<bool> {
        Ok(!self.postings(term)?.is_empty())
    }
}
