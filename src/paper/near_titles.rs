//! Titles that are the same but for spelling and hyphens.

/// Titles of fewer words are compared exactly.
const MIN_TITLE_WORDS: usize = 4;
/// Words of a title that may be spelled differently.
const MAX_SPELLING_DIFFERENCES: usize = 2;

/// Whether two title keys are the same but for spelling and hyphens.
pub(crate) fn are_near_titles(one: &str, other: &str) -> bool {
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
