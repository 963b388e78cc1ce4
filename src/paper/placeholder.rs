//! Values that say that there is no value: `[No abstract available]`, `N/A`, `nan`.
//!
//! Papers that have such a text in common would look alike, and be taken for copies of each other. Only a whole value is
//! a placeholder, whatever its case, with or without brackets and a period.

/// Some whole values that are placeholders, in lower case, without brackets and period.
struct PlaceholderList {
    words: &'static [&'static str],
    /// Bytes of the longest with brackets, a period and white space.
    longest: usize,
    /// A bit for each length in bytes and one for each first byte that a word has: most texts have neither.
    lengths: u128,
    first_bytes: u128,
}

/// Bytes around a placeholder, at most: brackets, periods, white space.
const MAX_AROUND: usize = 8;

/// What tables and databases write in empty cells: Python, R, SQL, Excel and people.
const MISSING: PlaceholderList = PlaceholderList::new(&[
    "nan",
    "nat",
    "none",
    "null",
    "nil",
    "na",
    "n/a",
    "#n/a",
    "n.a",
    "\\n",
    "undefined",
    "missing",
    "not available",
    "not applicable",
    "not provided",
    "unavailable",
]);
/// What stands for an abstract: Scopus (`[No abstract available]`), PubMed and Embase (`No abstract available.`,
/// `An abstract is unavailable.`), Cambridge Core, Wiley (`Click on the article title to read more.`).
const NO_ABSTRACT: PlaceholderList = PlaceholderList::new(&[
    "no abstract",
    "no abstract available",
    "no abstract is available",
    "no abstract available for this article",
    "no abstract is available for this article",
    "there is no abstract available for this article",
    "there is no abstract for this article",
    "no abstract provided",
    "no abstract was provided",
    "no abstract found",
    "no abstract listed",
    "no abstract text",
    "no abstract text available",
    "no summary",
    "no summary available",
    "no description",
    "no description available",
    "none available",
    "none provided",
    "abstract",
    "abstract not available",
    "abstract is not available",
    "abstract not available for this article",
    "abstract unavailable",
    "abstract not provided",
    "abstract missing",
    "an abstract is not available",
    "an abstract is unavailable",
    "an abstract is not available for this content so a preview has been provided",
    "this article has no abstract",
    "this article does not have an abstract",
    "click on the article title to read more",
]);
/// What stands for a title: Scopus, PubMed (`[Not Available].`), Mendeley (`No Title`). `None` and `Missing` are titles.
const NO_TITLE: PlaceholderList = PlaceholderList::new(&[
    "no title",
    "no title available",
    "no title provided",
    "no title found",
    "title not available",
    "title unavailable",
    "title missing",
    "not available",
    "n/a",
    "#n/a",
]);
/// What stands for the name of an author: Scopus (`[No author name available]`), PubMed (`[No authors listed]`), Web of
/// Science (`[Anonymous]`).
const NO_AUTHOR: PlaceholderList = PlaceholderList::new(&[
    "no author",
    "no authors",
    "no author name",
    "no author name available",
    "no author names available",
    "no author available",
    "no authors available",
    "no author listed",
    "no authors listed",
    "no author given",
    "no authors given",
    "no author information",
    "author not available",
    "authors not available",
    "author unknown",
    "unknown author",
    "unknown authors",
    "unknown",
    "anonymous",
    "anonymous author",
    "anonymous authors",
    "anon",
    "various",
    "various authors",
    "others",
    "and others",
    "et al",
    "nan",
    "none",
    "null",
    "n/a",
    "n.a",
    "n.n",
    "not available",
    "not applicable",
    "not provided",
    "undefined",
]);

/// Whether a whole value says that it is missing.
pub(crate) fn is_missing_word(text: &str) -> bool {
    MISSING.has(text) || text.len() <= MISSING.longest && is_dashes(text)
}

/// Whether an abstract says that there is none.
pub(super) fn is_no_abstract(text: &str) -> bool {
    NO_ABSTRACT.has(text) || is_missing_word(text)
}

/// Whether a title says that there is none.
pub(super) fn is_no_title(text: &str) -> bool {
    NO_TITLE.has(text)
}

/// Whether the name of an author says that there is none, or has no letter. `Na` is a name, and `NA` is what R writes.
pub(crate) fn is_no_author(name: &str) -> bool {
    NO_AUTHOR.has(name) || name == "NA" || !name.contains(char::is_alphabetic)
}

fn is_dashes(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '-' | '–' | '—' | '.' | '…' | '_' | '?') || c.is_whitespace())
}

impl PlaceholderList {
    const fn new(words: &'static [&'static str]) -> PlaceholderList {
        let (mut longest, mut lengths, mut first_bytes) = (0, 0, 0);
        let mut at = 0;
        while at < words.len() {
            if words[at].len() > longest {
                longest = words[at].len();
            }
            lengths |= 1 << words[at].len();
            first_bytes |= 1 << words[at].as_bytes()[0];
            at += 1;
        }
        PlaceholderList { words, longest: longest + MAX_AROUND, lengths, first_bytes }
    }

    fn has(&self, text: &str) -> bool {
        if text.len() > self.longest {
            return false;
        }
        let bare = bare(text);
        let has_bit = |bits: u128, at: usize| at < 128 && bits >> at & 1 == 1;
        let first_byte = bare.bytes().next().unwrap_or_default().to_ascii_lowercase();
        if !has_bit(self.lengths, bare.len()) || !has_bit(self.first_bytes, first_byte.into()) {
            return false;
        }
        self.words.iter().any(|word| word.eq_ignore_ascii_case(bare))
    }
}

/// A text without the brackets around it, and without the period at its end.
fn bare(text: &str) -> &str {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    if ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric())) {
        return text;
    }
    let text = text.trim().trim_end_matches('.').trim_end();
    let inside = [('[', ']'), ('(', ')'), ('<', '>'), ('{', '}')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    inside.unwrap_or(text).trim().trim_end_matches('.').trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_abstracts() {
        for text in [
            "[No abstract available]",
            "[No abstract available].",
            "No abstract available.",
            "NO ABSTRACT AVAILABLE",
            "No Abstract",
            "(no abstract)",
            "Abstract not available",
            "[Abstract not available].",
            "An abstract is unavailable.",
            "Abstract",
            "[Not Available].",
            "N/A",
            "n.a.",
            "nan",
            "<NA>",
            "None",
            "\\N",
            "-",
            "...",
            "—",
        ] {
            assert!(is_no_abstract(text), "{text}");
        }
        for text in [
            "No abstract available strategies win this game.",
            "Abstract interpretation of lamps.",
            "[No abstract available] in 2 of 69 rows.",
            "Nano",
            "1",
            "灯",
            "x",
            "",
        ] {
            assert!(!is_no_abstract(text), "{text}");
        }
    }

    #[test]
    fn placeholders_of_titles() {
        for text in ["[No title available]", "[Not Available].", "[no title]", "No Title", "N/A"] {
            assert!(is_no_title(text), "{text}");
        }
        for text in ["None", "Null", "Missing", "Unknown", "Anonymous", "Abstract", "NA", "?", "No title, no fame", ""]
        {
            assert!(!is_no_title(text), "{text}");
        }
    }

    #[test]
    fn placeholders_of_authors() {
        for name in [
            "[No author name available]",
            "[No authors listed]",
            "[Anonymous]",
            "Anonymous",
            "anon.",
            "Unknown",
            "et al.",
            "others",
            "n/a",
            "NA",
            "nan",
            "N.N.",
            "-",
            "...",
            "12",
        ] {
            assert!(is_no_author(name), "{name}");
        }
        for name in ["Na", "Ada Null", "Anonymous Lamp", "No, Ada", "Unknown Pleasures Lab", "Ó", "李"] {
            assert!(!is_no_author(name), "{name}");
        }
    }

    #[test]
    fn missing_words() {
        for text in ["nan", "NaT", "None", " null ", "NA", "#N/A", "<NA>", "-", "?", "\\N"] {
            assert!(is_missing_word(text), "{text}");
        }
        for text in ["", "0", "nanometer", "no", "a-b"] {
            assert!(!is_missing_word(text), "{text}");
        }
    }
}
