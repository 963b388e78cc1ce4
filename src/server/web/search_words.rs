//! Marks the words of a search in titles and abstracts.

use crate::text::truncate_at_word;

/// Words that are in every text: to mark them says nothing.
const STOP_WORDS: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "how", "in", "into", "is", "it",
    "its", "of", "on", "or", "that", "the", "their", "this", "to", "via", "we", "what", "which", "with", "without",
];
/// Endings that words of the same stem may have.
const ENDINGS: [&str; 5] = ["ing", "ed", "es", "s", "e"];
/// Shortest stem, in letters.
const MIN_STEM: usize = 3;

/// A piece of a text, and whether it is marked.
pub(super) type TextPiece = (String, bool);

/// The words of a search.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchWords(Vec<String>);

impl SearchWords {
    pub(super) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> SearchWords {
        let words = texts.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        let is_telling = |word: &&str| word.chars().count() > 1 && !STOP_WORDS.contains(&word.to_lowercase().as_str());
        SearchWords(words.filter(is_telling).map(stem).collect())
    }

    fn contains(&self, word: &str) -> bool {
        self.0.contains(&stem(word))
    }

    /// Splits a text so that its words of the search are pieces of their own.
    pub(super) fn pieces(&self, text: &str) -> Vec<TextPiece> {
        let mut pieces: Vec<TextPiece> = Vec::new();
        let mut plain = 0;
        for (start, word) in words(text).filter(|(_, word)| self.contains(word)) {
            // What stands between two words of the search is marked with them.
            let between = &text[plain..start];
            match pieces.last_mut() {
                Some((last, true)) if between == " " => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => {
                    pieces.push((between.to_owned(), false));
                    pieces.push((word.to_owned(), true));
                }
            }
            plain = start + word.len();
        }
        pieces.push((text[plain..].to_owned(), false));
        pieces.retain(|(piece, _)| !piece.is_empty());
        pieces
    }

    /// Cuts a text to a length: from its start or, when words of the search come only later, from the sentence with the
    /// first of them.
    pub(super) fn excerpt(&self, text: &str, max_chars: usize) -> String {
        let start = truncate_at_word(text, max_chars);
        let first = words(text).find(|(_, word)| self.contains(word)).map_or(0, |(at, _)| at);
        if first < start.len() {
            return start;
        }
        let sentence = text[..first].rfind(". ").map_or(0, |end| end + 2);
        // A sentence that is longer than the excerpt begins with the word.
        let sentence = if first - sentence > max_chars / 2 { first } else { sentence };
        format!("… {}", truncate_at_word(&text[sentence..], max_chars))
    }
}

/// The words of a text, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// A word in lowercase without an ending.
fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    let stems = ENDINGS.iter().filter_map(|ending| Some((*ending, word.strip_suffix(ending)?)));
    // The last letters of `class` are no ending.
    let is_stem =
        |(ending, stem): &(&str, &str)| stem.chars().count() >= MIN_STEM && !(*ending == "s" && stem.ends_with('s'));
    match stems.into_iter().find(is_stem) {
        Some((_, stem)) => stem.to_owned(),
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(search: &str, text: &str) -> String {
        let pieces = SearchWords::new([search]).pieces(text);
        pieces.into_iter().map(|(piece, marked)| if marked { format!("[{piece}]") } else { piece }).collect()
    }

    #[test]
    fn words_of_the_search_are_marked_in_all_their_forms() {
        for (search, text, expected) in [
            ("walking robots", "A robot walks; Walking Robots walked.", "A [robot walks]; [Walking Robots walked]."),
            ("the art of class", "Of the art in classes", "Of the [art] in [classes]"),
            ("image", "Images of languages", "[Images] of languages"),
            ("3D über", "ÜBER 3d-maps", "[ÜBER 3d]-maps"),
            ("", "Nothing", "Nothing"),
            ("x", "x²", "x²"),
        ] {
            assert_eq!(marked(search, text), expected, "{search}");
        }
    }

    #[test]
    fn an_excerpt_has_a_word_of_the_search() {
        let text = "Lamps shine all night long and longer. Robots walk. They never stop to walk.";
        let of = |search: &str, max| SearchWords::new([search]).excerpt(text, max);
        assert_eq!(of("", 20), "Lamps shine all…");
        assert_eq!(of("robot", 20), "… Robots walk. They…");
        assert_eq!(of("lamps robots", 20), "Lamps shine all…");
        assert_eq!(of("cats", 500), text);
        assert_eq!(of("longer", 12), "… longer.…");
    }
}
