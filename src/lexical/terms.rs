//! A text's terms: its words, and the names that are made of several.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::is_stop_word;
use crate::text::script::is_unsegmented;

/// Longer terms are left out, in bytes: they are addresses and formulas.
const MAX_TERM: usize = 40;
/// What makes `が` of `か` and `ぱ` of `は`: no accents, but other letters.
const KANA_VOICE_MARKS: [char; 2] = ['\u{3099}', '\u{309a}'];
/// The letters that syllables of Hangul are made of.
const HANGUL_JAMO: RangeInclusive<char> = '\u{1100}'..='\u{11ff}';

/// The terms of a text and how often it has each of them.
///
/// A word is a run of letters and digits, in lower case, without accents, and singular (Harman's S-stemmer). Words that
/// are joined (`TL-Training`, `fine_tuning`), and a word with the number behind it (`SAM 2`), are a term of their own as
/// well, whatever joins them: `GPT-4o`, `GPT 4o` and `gpt4o` all give `gpt` and `gpt4o`. Stop words and single
/// characters are no terms alone.
///
/// In scripts without spaces between words, such as Chinese and Japanese, each two neighboring characters are a term, and
/// so is a character that stands alone (as in Lucene's `CJKBigramFilter`).
///
/// ```
/// let terms = paperkin::lexical::TermCounts::from_text("GPT-4o models the models");
/// let mut found: Vec<(&str, u32)> = terms.counts().collect();
/// found.sort();
/// assert_eq!(found, [("4o", 1), ("gpt", 1), ("gpt4o", 1), ("model", 2)]);
/// assert_eq!(paperkin::lexical::TermCounts::from_text("渡轮推荐").counts().count(), 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermCounts {
    counts: FxHashMap<String, u32>,
    length: u32,
}

/// A word in its text.
struct WordToken<'a> {
    text: &'a str,
    /// Whether the word before belongs to it.
    joined: bool,
}

impl TermCounts {
    /// The terms of a text.
    pub fn from_text(text: &str) -> TermCounts {
        let mut counts: FxHashMap<String, u32> = FxHashMap::default();
        let words = for_each_term(text, |term| match counts.get_mut(term) {
            Some(count) => *count += 1,
            None => {
                counts.insert(term.to_owned(), 1);
            }
        });
        TermCounts { counts, length: words }
    }

    /// The terms and how often each occurs, in no order.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u32)> {
        self.counts.iter().map(|(term, count)| (term.as_str(), *count))
    }

    /// How many words the text has, stop words left out.
    pub fn length(&self) -> u32 {
        self.length
    }
}

/// Hands over every term of a text, as often as it occurs; gives how many words the text has, stop words left out.
///
/// ```
/// let mut terms = Vec::new();
/// let length = paperkin::lexical::for_each_term("fine-tuning of models", |term| terms.push(term.to_owned()));
/// assert_eq!((terms.join(" "), length), ("fine tuning finetuning model".to_owned(), 3));
/// ```
pub fn for_each_term(text: &str, mut take: impl FnMut(&str)) -> u32 {
    let text = fold(text);
    let mut take = |term: &str| {
        if term.len() <= MAX_TERM {
            take(term);
        }
    };
    let (mut count, mut name) = (0, Vec::new());
    for WordToken { text, joined } in words(&text) {
        if !joined {
            for_each_compound_term(&name, &mut take);
            name.clear();
        }
        if text.starts_with(is_unsegmented) {
            count += for_each_pair(text, &mut take);
            continue;
        }
        name.push(text);
        if text.len() > 1 && text.chars().nth(1).is_some() && !is_stop_word(text) {
            count += 1;
            take(&singular(text));
            // `gpt4o` is a `gpt`.
            let letters = text.bytes().position(|byte| byte.is_ascii_digit()).map_or("", |digit| &text[..digit]);
            if letters.len() > 1 {
                take(&singular(letters));
            }
        }
    }
    for_each_compound_term(&name, &mut take);
    count
}

/// The words of a text one after the other: in lower case, without accents, singular, stop words included. What a quoted phrase
/// is looked for in.
///
/// ```
/// assert_eq!(paperkin::lexical::word_sequence("The Models' Équations"), ["the", "model", "equation"]);
/// ```
pub fn word_sequence(text: &str) -> Vec<String> {
    words(&fold(text)).map(|word| singular(word.text).into_owned()).collect()
}

/// Hands over each two neighboring characters, or the only one; gives how many terms these are.
fn for_each_pair(characters: &str, take: &mut impl FnMut(&str)) -> u32 {
    let starts = characters.char_indices().map(|(start, _)| start);
    let ends = starts.clone().skip(2).chain([characters.len()]);
    starts.zip(ends).map(|(start, end)| take(&characters[start..end])).count() as u32
}

/// What joined words are together, and each two of them: `gpt-4o-mini` is a `gpt4o` too.
fn for_each_compound_term(words: &[&str], take: &mut impl FnMut(&str)) {
    for pair in words.windows(2).filter(|pair| !pair.iter().any(|word| is_stop_word(word))) {
        take(&singular(&pair.concat()));
    }
    if words.len() > 2 {
        take(&singular(&words.concat()));
    }
}

/// The text in lower case, without accents.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let is_letter = |c: &char| !is_combining_mark(*c) || KANA_VOICE_MARKS.contains(c);
    let folded: String = text.nfkd().filter(is_letter).flat_map(char::to_lowercase).collect();
    // Kana and Hangul were taken apart.
    match folded.contains(|c| KANA_VOICE_MARKS.contains(&c) || HANGUL_JAMO.contains(&c)) {
        true => folded.nfc().collect(),
        false => folded,
    }
}

fn words(text: &str) -> impl Iterator<Item = WordToken<'_>> {
    let mut rest = text;
    let mut before: Option<&str> = None;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        let (gap, after) = rest.split_at(start);
        let unsegmented = after.starts_with(is_unsegmented);
        let ends = |c: char| !c.is_alphanumeric() || is_unsegmented(c) != unsegmented;
        let (word, after) = after.split_at(after.find(ends).unwrap_or(after.len()));
        rest = after;
        let before = before.replace(word).filter(|before| !unsegmented && !before.starts_with(is_unsegmented));
        let joined = before.is_some_and(|before| joins(before, gap, word));
        Some(WordToken { text: word, joined })
    })
}

/// Whether two words with this between them are one name.
fn joins(before: &str, gap: &str, word: &str) -> bool {
    let number = word.starts_with(|c: char| c.is_ascii_digit());
    match gap {
        "-" | "_" | "\u{2010}" | "'" | "\u{2019}" => true,
        "." => number && before.ends_with(|c: char| c.is_ascii_digit()),
        " " => number && before.ends_with(char::is_alphabetic) && !is_stop_word(before),
        _ => false,
    }
}

/// The word without the ending of a plural (Harman 1991, and `-sses`, `-xes`, `-ches`, `-shes`).
fn singular(word: &str) -> Cow<'_, str> {
    let Some(stem) = word.strip_suffix('s').filter(|stem| stem.len() > 2) else { return word.into() };
    let ends = |endings: &[&str]| endings.iter().any(|ending| stem.ends_with(ending));
    match stem.strip_suffix("ie") {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['a', 'e']) => format!("{stem}y").into(),
        _ if ends(&["s", "u", "i"]) => word.into(),
        _ if ends(&["sse", "xe", "che", "she"]) => stem[..stem.len() - 1].into(),
        _ => stem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let terms = TermCounts::from_text(text);
        let mut found: Vec<&str> = terms.counts().map(|(term, _)| term).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), expect, "{text}");
    }

    #[test]
    fn names_whole_and_in_parts() {
        check("TL-Training", "tl tltraining training");
        check("GPT-4o", "4o gpt gpt4o");
        check("gpt 4o", "4o gpt gpt4o");
        check("GPT4o", "gpt gpt4o");
        check("SAM 2, SAM-2 and SAM2", "sam sam2");
        check("GPT-4o-mini", "4o 4omini gpt gpt4o gpt4omini mini");
        check("Llama 3.1", "31 llama llama3 llama31");
        check("state-of-the-art", "art state stateoftheart");
        check("the model's fine-tuning", "fine finetuning model tuning");
        check("in 2023, table 4", "2023 table table4");
    }

    #[test]
    fn words_in_one_spelling() {
        check("Schrödinger's Équations", "equation schrodinger");
        check("studies of approaches, losses and class bias", "approach bia class loss study");
        check("ﬁnite, network\u{2011}based", "based finite network networkbased");
        check("of a x ?!", "");
        check(&"x".repeat(MAX_TERM + 1), "");
    }

    #[test]
    fn pairs_of_characters() {
        check("渡轮推荐", "推荐 渡轮 轮推");
        check("渡し船のための提灯検索", "し船 ため のた の提 めの 提灯 検索 渡し 灯検 船の");
        check("GPT-4o模型：3D打印、第3章", "3d 4o gpt gpt4o 打印 模型 章 第");
        check("ｶﾞﾗｽ ガラス 한국어", "ガラ ラス 국어 한국");
        check("深層-学習 2 船 x", "学習 深層 船");
        check("ต้นไม้", "ตน นไ ไม");
        assert_eq!(TermCounts::from_text("渡轮 of the 船").length(), 2);
    }

    #[test]
    fn counts() {
        let terms = TermCounts::from_text("Networks of networks in a network: two-layer networks");
        let count = |term| terms.counts().find(|(other, _)| *other == term).map(|(_, count)| count);
        assert_eq!((count("network"), count("layer"), count("of"), terms.length()), (Some(4), Some(1), None, 5));
    }
}
