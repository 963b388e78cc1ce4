//! English words that say nothing about a paper's subject.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

const STOP_WORDS: &str = "
    a about all also an and any are as at be been between both but by can could do does each for from further had has
    have how however i if in into is it its may more most much must no not of on one only or other our out over same
    several should show since so some such than that the their them then there therefore these they this those through
    thus to too two under until up used using very via was we were when where which while with would
";

/// Whether a word, in lower case, is one that nearly every text has.
///
/// ```
/// use paperkin::lexical::is_stop_word;
///
/// assert!(is_stop_word("the") && !is_stop_word("transformer"));
/// ```
pub fn is_stop_word(word: &str) -> bool {
    static SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| STOP_WORDS.split_whitespace().collect());
    SET.contains(word)
}
