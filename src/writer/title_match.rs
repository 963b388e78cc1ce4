//! Titles that are nearly the same: found among all titles of a library, and told apart.

use std::collections::HashMap;

use crate::paper::{Paper, title_key};

/// Titles of fewer words are compared as they are only.
const MIN_TITLE_WORDS: usize = 4;
/// Words of a title that are spelt otherwise, at most.
const MAX_SPELLING_DIFFERENCES: usize = 2;
/// Words of a title by which others are looked for: its rarest.
const RAREST_WORDS: usize = 3;
/// Titles that one word leads to, at most: a word of more says nothing.
const MAX_TITLES_PER_WORD: usize = 2_000;
/// Years between two records of one paper, at most.
const MAX_YEAR_DIFFERENCE: i16 = 1;

/// All titles of a library by their words.
pub(super) struct TitleIndex {
    titles: Vec<(i64, String)>,
    by_word: HashMap<u32, Vec<u32>>,
}

impl TitleIndex {
    /// Titles as [`crate::library::Library::titles`] has them.
    pub(super) fn new(titles: Vec<(i64, String)>) -> TitleIndex {
        let mut by_word: HashMap<u32, Vec<u32>> = HashMap::new();
        for (place, (_, title)) in (0..).zip(&titles) {
            for word in title.split(' ') {
                by_word.entry(crc32fast::hash(word.as_bytes())).or_default().push(place);
            }
        }
        TitleIndex { titles, by_word }
    }

    /// Keys of the papers whose titles are nearly this one.
    pub(super) fn near(&self, title: &str) -> Vec<i64> {
        let title = title_key(title);
        let mut words: Vec<&Vec<u32>> =
            title.split(' ').filter_map(|word| self.by_word.get(&crc32fast::hash(word.as_bytes()))).collect();
        words.sort_by_key(|places| places.len());
        let mut places: Vec<u32> = words
            .into_iter()
            .take(RAREST_WORDS)
            .filter(|places| places.len() <= MAX_TITLES_PER_WORD)
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        let others = places.into_iter().map(|place| &self.titles[place as usize]);
        others.filter(|(_, other)| are_near_titles(&title, other)).map(|(key, _)| *key).collect()
    }
}

/// Whether two normal titles are the same but for spelling and hyphens.
fn are_near_titles(one: &str, other: &str) -> bool {
    let (words, others): (Vec<&str>, Vec<&str>) = (one.split(' ').collect(), other.split(' ').collect());
    if words.len() < MIN_TITLE_WORDS || others.len() < MIN_TITLE_WORDS || numbering(&words) != numbering(&others) {
        return false;
    }
    let differ = || words.iter().zip(&others).filter(|(one, other)| one != other);
    words.concat() == others.concat()
        || words.len() == others.len()
            && differ().count() <= MAX_SPELLING_DIFFERENCES
            && differ().all(|(one, other)| is_spelling(one, other))
}

/// Whether two words are spellings of one, of which both are in use. Letters that are only nearly the same are not
/// enough: `content` is not `context`, and `neural` is not `neutral`.
fn is_spelling(one: &str, other: &str) -> bool {
    normalize_spelling(one) == normalize_spelling(other)
}

/// A word in one of its spellings: American, and singular.
fn normalize_spelling(word: &str) -> String {
    const SPELLINGS: [(&str, &str); 6] =
        [("our", "or"), ("is", "iz"), ("ys", "yz"), ("ae", "e"), ("ll", "l"), ("ogue", "og")];
    let word = word.strip_suffix('s').filter(|stem| stem.len() > 3).unwrap_or(word);
    let word = word.strip_suffix("tre").map_or(word.to_owned(), |stem| format!("{stem}ter"));
    SPELLINGS.iter().fold(word, |word, (from, to)| word.replace(from, to))
}

/// What parts of a series and versions differ in: numbers, also Roman ones, and letters that number; in their order.
fn numbering<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let counts = |word: &&&str| {
        let digit = word.bytes().any(|byte| byte.is_ascii_digit());
        digit || word.len() == 1 || word.bytes().all(|byte| b"ivx".contains(&byte))
    };
    words.iter().filter(counts).copied().collect()
}

/// Whether authors and years of two records with the same title speak for one paper, against it, or say nothing.
pub(super) fn authors_and_years_agree(one: &Paper, other: &Paper) -> Option<bool> {
    let year = |paper: &Paper| paper.published.or(paper.listed).map(|day| day.year());
    if year(one).zip(year(other)).is_some_and(|(one, other)| (one - other).abs() > MAX_YEAR_DIFFERENCE) {
        return Some(false);
    }
    (!one.authors.is_empty() && !other.authors.is_empty()).then(|| one.has_author_of(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_are_one_and_titles_that_are_not() {
        let table = [
            ("Walking Robots on Soft Ground", "Walking robots on soft grounds", true),
            ("A survey of behaviour in soft robots", "A Survey of Behavior in Soft Robots", true),
            ("Pre-training of robots that walk", "Pretraining of Robots That Walk", true),
            ("Walking robots on soft ground, part I", "Walking robots on soft ground, part II", false),
            ("Walking robots on soft ground 2.0", "Walking robots on soft ground 2.1", false),
            ("Robots that walk on soft ground", "Robots that work on soft ground", false),
            ("Why robots should walk on ground", "Why robots should not walk on ground", false),
            ("Soft ground", "Soft grounds", false),
            ("Supervised steps on soft ground", "Unsupervised steps on soft ground", false),
            ("A study of content for robots that walk", "A study of context for robots that walk", false),
            ("Neural control of robots that walk", "Neutral control of robots that walk", false),
            ("Walking with lidar on soft ground", "Walking with radar on soft ground", false),
        ];
        for (one, other, expected) in table {
            let titles = TitleIndex::new(vec![(7, title_key(other)), (8, title_key("Another title of no kin"))]);
            assert_eq!(titles.near(one) == [7], expected, "{one} / {other}");
        }
    }
}
