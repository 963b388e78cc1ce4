//! The phrases of a text: what a label can be made of.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::text_hash::{EMPTY, extended};
use crate::lexical::{is_stop_word, word_sequence};

/// Words of a phrase, at most.
pub(super) const MAX_WORDS: usize = 4;
/// Longer words, in bytes, are addresses and formulas.
const MAX_WORD_BYTES: usize = 40;
/// Words that papers have for being papers, and more stop words: no label begins or ends with them.
const PAPER_WORDS: &str = "
    ability able accurate achieve achieving across additional address against aim allow allowing among analyze apply approach
    aspect assess automated automatic available average based become being best better beyond build capability
    carefully caused challenge challenging code combine compared complex comprehensive consistently construct critical
    crucial curated current define degrade demonstrate demonstrating designed despite develop different diverse domain
    done effective effectively employ enabling end enhance enhanced enhancing ensure ensuring establish evaluating even
    every examine existing experiment experimental exploration explore exploring extend extensive facilitate find
    finding first focus formulate framework gain general give given good handle help high highquality however identify
    importance important improve improved improvement improving including incorporate increasingly initial inspired
    integrating interesting interplay introduce investigate issue key lack large leading learn led leverage leveraging
    limited low made make many method mitigate mitigating multiple need new novel obtain often opensource outperform
    overall own paper particular per perform performance potential powerful present preserve problem produce progress
    promising propose proposed provide range recent recently reduce reducing reinforce remain require requiring result
    reveal right scalable show shown significant significantly simple solution solve solving stateoftheart step still
    strong stronger study substantial suffer superior tackle take task toward towards understand unleashing updated use
    used using utilize utilizing validate various via way well what whether who whom whose why wide within without work
    yet
";

/// Words between phrases, beside stop words: `domains like mathematics` is two.
const CLAUSE_WORDS: [&str; 9] = ["during", "like", "than", "through", "using", "via", "when", "while", "without"];
/// How adverbs end, but not `anomaly` or `family`.
const ADVERB_ENDINGS: [&str; 11] =
    ["ally", "antly", "arly", "edly", "ently", "fully", "ghly", "ingly", "ively", "ously", "sely"];
/// Letters of an adverb, at least: `early` is often an adjective.
const SHORTEST_ADVERB: usize = 6;

/// Stop words that a phrase can have within: `chain of thought`, but no clause.
const INNER_WORDS: [&str; 5] = ["and", "from", "in", "of", "with"];

/// A phrase of one to four words, as a number: equal for spellings that differ in case, accents, plurals and hyphens.
pub(super) type PhraseKey = u64;

/// Whether this is the key of one of [`PAPER_WORDS`].
fn is_paper_word(key: &str) -> bool {
    static SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| PAPER_WORDS.split_whitespace().collect());
    SET.contains(key)
}

/// A phrase where it occurs.
pub(super) struct Phrase<'t> {
    pub(super) key: PhraseKey,
    /// How many words.
    pub(super) words: usize,
    /// As it is written.
    pub(super) text: &'t str,
}

/// A word where it occurs.
struct Token<'t> {
    text: &'t str,
    start: usize,
    key: String,
    /// Whether a phrase can begin or end with it.
    is_content: bool,
    /// Whether a phrase can have it in its middle.
    is_inner: bool,
    /// Whether it follows on the word before, with only a space between.
    follows: bool,
}

/// Hands over each phrase of a text, as often as it occurs. A phrase is within a clause, and neither begins nor ends with a
/// stop word, a number, or a word such as `propose`.
pub(super) fn for_each_phrase<'t>(text: &'t str, mut take: impl FnMut(Phrase<'t>)) {
    let tokens = tokens(text);
    for (first, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_content) {
        let mut key = EMPTY;
        for (index, last) in tokens[first..].iter().enumerate().take(MAX_WORDS) {
            if index > 0 && !(last.follows && last.is_inner) {
                break;
            }
            key = extended(extended(key, " "), &last.key);
            if last.is_content {
                let text = &text[token.start..last.start + last.text.len()];
                take(Phrase { key, words: index + 1, text });
            }
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut end = 0;
    let mut in_formula = false;
    while let Some(from) = text[end..].find(char::is_alphanumeric) {
        let start = end + from;
        let gap = &text[end..start];
        in_formula ^= gap.matches('$').count() % 2 == 1;
        let word = &text[start..start + word_length(&text[start..])];
        end = start + word.len();
        if in_formula || word.len() > MAX_WORD_BYTES {
            continue;
        }
        let key = word_sequence(word).concat();
        let lower = word.to_lowercase();
        let is_stop = is_stop_word(&lower) || is_stop_word(&key);
        // `v1` is what a version is cut to.
        let is_version = key.strip_prefix('v').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
        let is_word = key.chars().nth(1).is_some() && key.contains(char::is_alphabetic) && !is_version;
        let is_stop = is_stop || CLAUSE_WORDS.contains(&lower.as_str());
        let is_content = is_word && !is_stop && !is_paper_word(&key) && !is_adverb(&lower);
        let is_inner = !is_stop || INNER_WORDS.contains(&lower.as_str());
        let follows = gap == " " && !tokens.is_empty();
        tokens.push(Token { text: word, start, key, is_content, is_inner, follows });
    }
    tokens
}

fn is_adverb(word: &str) -> bool {
    word.len() >= SHORTEST_ADVERB && ADVERB_ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// The bytes of the word that a text begins with: letters and digits, and hyphens between them.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let is_hyphen = matches!(character, '-' | '\u{2010}' | '\u{2011}' | '\'' | '\u{2019}');
        let joins = is_hyphen && characters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !(character.is_alphanumeric() || joins) {
            return start;
        }
    }
    text.len()
}

/// How often each spelling of some phrases occurs.
#[derive(Default)]
pub(super) struct Spellings<'t>(FxHashMap<PhraseKey, FxHashMap<&'t str, u32>>);

impl<'t> Spellings<'t> {
    /// Of these phrases.
    pub(super) fn of(keys: impl Iterator<Item = PhraseKey>) -> Spellings<'t> {
        Spellings(keys.map(|key| (key, FxHashMap::default())).collect())
    }

    /// Counts the phrases of a text.
    pub(super) fn count(&mut self, text: &'t str) {
        for_each_phrase(text, |phrase| {
            if let Some(spellings) = self.0.get_mut(&phrase.key) {
                *spellings.entry(phrase.text).or_default() += 1;
            }
        });
    }

    /// Adds the counts of others.
    pub(super) fn merge(mut self, other: Spellings<'t>) -> Spellings<'t> {
        for (key, spellings) in other.0 {
            let all = self.0.entry(key).or_default();
            spellings.into_iter().for_each(|(text, count)| *all.entry(text).or_default() += count);
        }
        self
    }

    /// The usual spelling of a phrase: the most frequent, but the one in lower case unless that is rare, as titles and
    /// sentences begin with capitals.
    pub(super) fn usual(&self, key: PhraseKey) -> Option<String> {
        let spellings = self.0.get(&key)?;
        let total: u32 = spellings.values().sum();
        let is_lower = |text: &str| !text.contains(char::is_uppercase);
        let lower: u32 = spellings.iter().filter(|(text, _)| is_lower(text)).map(|(_, count)| count).sum();
        let prefers_lower = lower * 5 >= total;
        let candidates = spellings.iter().filter(|(text, _)| !prefers_lower || is_lower(text));
        let best = candidates.max_by(|(one, count), (other, others)| count.cmp(others).then(other.cmp(one)));
        best.map(|(text, _)| (*text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for_each_phrase(text, |phrase| found.push(phrase.text));
        found
    }

    #[test]
    fn phrases_are_within_clauses_and_have_no_stop_words_at_their_ends() {
        let table: [(&str, &[&str]); 8] = [
            ("models of rain", &["models", "models of rain", "rain"]),
            ("boats are fast", &["boats", "fast"]),
            ("We propose kites, then boats", &["kites", "boats"]),
            ("fine-tuning $x_i$ GPT-4o", &["fine-tuning", "GPT-4o"]),
            ("2024 1 a -", &[]),
            ("carefully curated domains like mathematics", &["mathematics"]),
            ("boats found using radar", &["boats", "boats found", "found", "radar"]),
            ("boat engine noise", &["boat", "boat engine", "boat engine noise", "engine", "engine noise", "noise"]),
        ];
        for (text, expected) in table {
            assert_eq!(phrases(text), expected, "{text}");
        }
    }

    fn keys(text: &str) -> Vec<(usize, PhraseKey)> {
        let mut keys = Vec::new();
        for_each_phrase(text, |phrase| keys.push((phrase.words, phrase.key)));
        keys
    }

    #[test]
    fn spellings_of_one_phrase_have_one_key() {
        assert_eq!(keys("Boat Engines"), keys("boat engine"));
        assert_ne!(keys("boat engine")[1], keys("engine boat")[1]);
    }

    #[test]
    fn the_usual_spelling() {
        let texts = ["Boat engines hum. GANs and boat engines", "Boat Engines; GANs; Gans", "a GAN"];
        let (boat, gan) = (keys("boat engine")[1].1, keys("gan")[0].1);
        let mut spellings = Spellings::of([boat, gan].into_iter());
        texts.iter().for_each(|text| spellings.count(text));
        assert_eq!(spellings.usual(boat).as_deref(), Some("boat engines"));
        assert_eq!(spellings.usual(gan).as_deref(), Some("GANs"));
        assert_eq!(spellings.usual(1), None);
    }
}
