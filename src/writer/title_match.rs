//! Finds similar titles among all titles of a library.

use std::collections::HashMap;

use crate::paper::{are_near_titles, title_key};

/// Words of a title that candidates are looked up by: its rarest.
const RAREST_WORDS: usize = 3;
/// A word of more titles than this is too common to look up candidates by.
const MAX_TITLES_PER_WORD: usize = 2_000;

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

    /// Keys of the papers with a similar title.
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
