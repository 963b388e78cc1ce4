//! Step 2 of a ranking: papers that the text of a request names come before all others.
//!
//! A text can be an id or an address, a title, the name of an author, or the name of a system.

use super::Searcher;
use super::resolve::ResolvedRequest;
use super::retrieve::best_by_terms;
use crate::error::Result;
use crate::lexical::{NamePattern, TermCounts, word_sequence};
use crate::library::Library;
use crate::recommend::NameMatch;
use crate::vector::{RowBitmap, RowId};

/// Papers found by terms of which one may have the text as its title.
const TITLE_CANDIDATES: usize = 20;
/// Texts of fewer words are no titles that are nearly right.
const MIN_TITLE_WORDS: usize = 4;
/// The share of the words that a title and a text nearly like it have in common, of all words of both.
const MIN_COMMON_WORDS: f32 = 0.8;
/// A text of at least so many words that a title begins with is meant for it.
const MIN_BEGINNING_WORDS: usize = 5;
/// Longest name of an author, in words.
const MAX_AUTHOR_WORDS: usize = 4;

/// Papers that a text names, in tiers: all papers of one come before those of the next.
#[derive(Default)]
pub(super) struct KnownItems {
    /// The paper with the id or the title; papers that introduce the system; papers by the author. They are what was asked
    /// for, whatever they are about.
    pub(super) named: RowBitmap,
    /// Papers whose titles begin with the name, have it, or whose abstracts have it.
    mentions: Vec<RowBitmap>,
}

impl KnownItems {
    /// Papers whose titles have the text.
    pub(super) fn from_titles(titled: RowBitmap) -> KnownItems {
        KnownItems { named: RowBitmap::default(), mentions: vec![titled] }
    }

    /// How the text names a paper.
    pub(super) fn name_match(&self, row: RowId) -> NameMatch {
        match () {
            () if self.named.contains(row) => NameMatch::Named,
            () if self.mentions.iter().any(|tier| tier.contains(row)) => NameMatch::Mentioned,
            () => NameMatch::Unnamed,
        }
    }

    /// The tiers, the best first.
    pub(super) fn tiers(&self) -> impl DoubleEndedIterator<Item = &RowBitmap> {
        std::iter::once(&self.named).chain(&self.mentions)
    }
}

/// Looks up what the text of a request names: nothing for a text beside a history.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn add_known_items(
    searcher: &Searcher<'_>,
    resolved: &mut ResolvedRequest<'_>,
    identified: &[RowId],
) -> Result<()> {
    for row in identified {
        resolved.seen.remove(*row);
        resolved.known_items.named.insert(*row);
    }
    let Some(text) = resolved.request.text.as_deref().filter(|_| resolved.request.positive.is_empty()) else {
        return Ok(());
    };
    let lookup = NameLookup { searcher, text };
    let mut named = lookup.titled(resolved)?;
    let mut mentions = lookup.mentions(&mut named)?;
    if named.is_empty() {
        named = lookup.by_author()?;
    }
    let KnownItems { mentions: titled, .. } = std::mem::take(&mut resolved.known_items);
    mentions.extend(titled);
    resolved.known_items = KnownItems { named, mentions };
    Ok(())
}

struct NameLookup<'s, 'a> {
    searcher: &'s Searcher<'a>,
    text: &'s str,
}

impl NameLookup<'_, '_> {
    fn rows(&self, keys: &[i64]) -> RowBitmap {
        self.searcher.snapshot.row_set(keys)
    }

    /// Papers of which the text is, or nearly is, the title.
    fn titled(&self, resolved: &ResolvedRequest<'_>) -> Result<RowBitmap> {
        let exact = self.searcher.library.keys_titled(self.text)?;
        if !exact.is_empty() {
            return Ok(self.rows(&exact));
        }
        let words = word_sequence(self.text);
        let mut rows = RowBitmap::default();
        let [interest] = resolved.queries.as_slice() else { return Ok(rows) };
        if words.len() < MIN_TITLE_WORDS {
            return Ok(rows);
        }
        let texts = usize::from(interest.query.text.is_some());
        let of_text = &interest.term_queries(&resolved.background)[..texts];
        let near = best_by_terms(self.searcher, resolved, of_text, resolved.allowed.as_ref(), TITLE_CANDIDATES)?;
        let keys: Vec<i64> = near.iter().map(|row| self.searcher.snapshot.key(*row)).collect();
        for (row, stored) in near.into_iter().zip(self.searcher.library.papers_at(&keys)?) {
            let title = word_sequence(&stored.paper.title);
            let is_beginning = words.len() >= MIN_BEGINNING_WORDS && title.starts_with(&words);
            if is_beginning || common_words(&words, &title) >= MIN_COMMON_WORDS {
                rows.insert(row);
            }
        }
        Ok(rows)
    }

    /// Adds the papers that introduce the name to `named`. Returns those whose titles begin with it, those whose titles have
    /// it, and those whose abstracts do: of what is no name, none.
    fn mentions(&self, named: &mut RowBitmap) -> Result<Vec<RowBitmap>> {
        let Searcher { library, snapshot, .. } = self.searcher;
        let Some(name) = NamePattern::new(self.text) else { return Ok(Vec::new()) };
        let mut tiers = vec![RowBitmap::default(); 3];
        let mut untitled = Vec::new();
        for (key, title) in self.titles_to_compare(&name)? {
            let Some(row) = snapshot.row(key) else { continue };
            if name.is_introduced_by(&title) {
                named.insert(row);
            } else if !name.is_name_like() {
                continue;
            } else if name.begins(&title) {
                tiers[0].insert(row);
            } else if name.is_in(&title) {
                tiers[1].insert(row);
            } else {
                untitled.push(key);
            }
        }
        library.for_each_paper_at(&untitled, |stored| {
            if name.is_in(&stored.paper.abstract_text) {
                snapshot.row(stored.key).into_iter().for_each(|row| tiers[2].insert(row));
            }
            Ok(())
        })?;
        Ok(tiers)
    }

    /// Titles that can have the name: of a name, those of all papers that have its terms; else those that begin with it.
    fn titles_to_compare(&self, name: &NamePattern) -> Result<Vec<(i64, String)>> {
        let library = self.searcher.library;
        if !name.is_name_like() {
            return library.titles_with_prefix(self.text);
        }
        library.titles_with_terms(&TermCounts::from_text(self.text))
    }

    /// Papers by the author of whom the text is the name. A single word is a last name if more papers are by somebody of
    /// that name than have the word.
    fn by_author(&self) -> Result<RowBitmap> {
        let library = self.searcher.library;
        let keys = author_keys(library, self.text)?;
        if !self.text.trim().contains(char::is_whitespace) {
            let mut with_word = 0;
            for (term, _) in TermCounts::from_text(self.text).counts() {
                with_word = with_word.max(library.keys_with_term(term)?.len());
            }
            if with_word >= keys.len() {
                return Ok(RowBitmap::default());
            }
        }
        Ok(self.rows(&keys))
    }
}

/// Keys of the papers by the author of whom a text is the name, with the last name at the end or at the beginning; none for a
/// text that is no name.
pub(super) fn author_keys(library: &Library, text: &str) -> Result<Vec<i64>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_sign = |c: char| !(c.is_alphabetic() || c.is_whitespace() || matches!(c, '.' | ',' | '-' | '\'' | '’'));
    let longest = words.iter().map(|word| word.chars().filter(|c| c.is_alphabetic()).count()).max();
    if words.len() > MAX_AUTHOR_WORDS || text.contains(is_sign) || longest.unwrap_or(0) < 2 {
        return Ok(Vec::new());
    }
    let keys = library.keys_by_author(text)?;
    match words.as_slice() {
        [last, given] if keys.is_empty() => library.keys_by_author(&format!("{given} {last}")),
        _ => Ok(keys),
    }
}

/// The share of words that two texts have in common, of all words of both.
fn common_words(one: &[String], other: &[String]) -> f32 {
    let [one, other] = [one, other].map(|words| words.iter().collect::<std::collections::HashSet<_>>());
    one.intersection(&other).count() as f32 / one.union(&other).count().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_of_titles() {
        let common = |one: &str, other: &str| common_words(&word_sequence(one), &word_sequence(other));
        assert_eq!(common("Boats on a Lake", "boats, on a lake"), 1.0);
        assert_eq!(common("boats on a lake", "boats on a river"), 0.6);
        assert_eq!(common("", ""), 0.0);
    }
}
