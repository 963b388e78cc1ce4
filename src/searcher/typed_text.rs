//! Step 1 of a ranking, before its texts are embedded: what a typed text stands for. The id of a paper, misspelled words, words
//! that no paper has, another language.

use std::borrow::Cow;

use whatlang::{Lang, Script};

use super::Searcher;
use super::known_items::author_keys;
use crate::error::Result;
use crate::lexical::{TermCounts, is_stop_word};
use crate::library::Library;
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Relevance, Request};
use crate::vector::RowId;

/// Longer texts, in words, are abstracts and descriptions: their words are not looked up.
const MAX_TYPED_WORDS: usize = 30;
/// Fewer words do not tell a language.
const MIN_LANGUAGE_WORDS: usize = 4;
/// A text with so many words that no paper has is in another language, unless each is nearly a word of the library.
const MIN_FOREIGN_WORDS: usize = 3;
/// In a library of fewer papers, that a word is missing says nothing of the word.
const MIN_VOCABULARY_PAPERS: usize = 500;

/// A request as it is answered.
pub(super) struct TypedText<'r> {
    /// With the papers that the text is the ids of in place of the text, or with misspelled words corrected.
    pub(super) request: Cow<'r, Request>,
    /// The papers that the text is the ids of.
    pub(super) identified: Vec<RowId>,
    /// Ids that the library does not have.
    pub(super) unknown_ids: Vec<PaperId>,
    /// What a reader should know of the text.
    pub(super) note: Option<String>,
}

impl<'r> TypedText<'r> {
    fn as_it_is(request: &'r Request) -> TypedText<'r> {
        TypedText { request: Cow::Borrowed(request), identified: Vec::new(), unknown_ids: Vec::new(), note: None }
    }

    /// Looks up what the text of a request stands for: nothing beside a history.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub(super) fn new(searcher: &Searcher<'_>, request: &'r Request) -> Result<TypedText<'r>> {
        let Some(text) = request.text.as_deref().map(str::trim).filter(|_| request.positive.is_empty()) else {
            return Ok(TypedText::as_it_is(request));
        };
        if let Some(identified) = by_ids(searcher, request, text)? {
            return Ok(identified);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let papers = searcher.snapshot.all().len();
        if words.len() > MAX_TYPED_WORDS || papers == 0 {
            return Ok(TypedText::as_it_is(request));
        }
        let is_vocabulary = papers >= MIN_VOCABULARY_PAPERS;
        let look_up = |word| TypedWord::new(searcher, word, is_vocabulary);
        let mut looked_up = words.iter().copied().map(look_up).collect::<Result<Vec<_>>>()?;
        let unknown = looked_up.iter().filter(|word| word.is_unknown).count();
        let known = looked_up.iter().filter(|word| word.has_term && !word.is_unknown).count();
        // A name is no misspelled word.
        if unknown > 0 && is_author(searcher.library, text)? {
            return Ok(TypedText::as_it_is(request));
        }
        if let Some(language) = other_language(text, words.len(), known, unknown) {
            let is_english = searcher.library.model()?.is_some_and(|model| Relevance::is_fitted_to(&model.name));
            let note =
                || format!("the model reads English, and this text looks like {language}: results may be far off");
            return Ok(TypedText { note: is_english.then(note), ..TypedText::as_it_is(request) });
        }
        if known > 0 && !is_vocabulary {
            return Ok(TypedText::as_it_is(request));
        }
        let is_all_corrected = looked_up.iter().all(|word| !word.is_unknown || word.correction.is_some());
        if unknown >= MIN_FOREIGN_WORDS && unknown > known && !is_all_corrected {
            looked_up.iter_mut().for_each(|word| word.correction = None);
        }
        let note = unknown_words_note(searcher.library, &looked_up, known, is_vocabulary)?;
        let mut typed = TypedText { note, ..TypedText::as_it_is(request) };
        if looked_up.iter().any(|word| word.correction.is_some()) {
            typed.request.to_mut().text = Some(corrected(&looked_up));
        }
        Ok(typed)
    }
}

/// The request for papers like those that the text has the ids or the addresses of; `None` for any other text.
fn by_ids<'r>(searcher: &Searcher<'_>, request: &Request, text: &str) -> Result<Option<TypedText<'r>>> {
    let (mut identified, mut positive, mut unknown_ids) = (Vec::new(), Vec::new(), Vec::new());
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    for word in &words {
        let Ok(id) = PaperId::parse(word) else { return Ok(None) };
        // Any word can be an id: of several, each must be one that is nothing else.
        if words.len() > 1 && id.url().is_none() {
            return Ok(None);
        }
        match searcher.library.paper(&id)?.and_then(|stored| searcher.snapshot.row(stored.key)) {
            Some(row) => {
                identified.push(row);
                positive.push(HistoryItem::id(id));
            }
            None if id.url().is_none() => return Ok(None),
            None => unknown_ids.push(id),
        }
    }
    let note = match unknown_ids.as_slice() {
        [] => None,
        [id] => Some(format!("{id} is not in the library")),
        ids => {
            let ids: Vec<String> = ids.iter().map(PaperId::to_string).collect();
            Some(format!("not in the library: {}", ids.join(", ")))
        }
    };
    let request = Request { text: None, positive, ..request.clone() };
    Ok(Some(TypedText { request: Cow::Owned(request), identified, unknown_ids, note }))
}

/// What to say when no paper is by any of these authors; `None` when one is, and without authors.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn unknown_authors_note(library: &Library, authors: &[String]) -> Result<Option<String>> {
    let mut similar = None;
    for name in authors {
        if !library.keys_by_author(name)?.is_empty() {
            return Ok(None);
        }
        similar = similar.or(library.similar_author(name)?);
    }
    let hint = similar.as_deref().map(similar_author_hint).unwrap_or_default();
    let names: Vec<String> = authors.iter().map(|name| format!("“{name}”")).collect();
    Ok((!names.is_empty()).then(|| format!("no paper is by {}{hint}", names.join(", "))))
}

fn similar_author_hint(name: &str) -> String {
    format!("; `author:{name}` finds an author of a similar name")
}

/// Whether papers are by an author of this name.
fn is_author(library: &Library, text: &str) -> Result<bool> {
    Ok(!author_keys(library, text)?.is_empty())
}

/// A word of a typed text.
struct TypedWord<'t> {
    text: &'t str,
    /// Whether it is more than a stop word or a sign.
    has_term: bool,
    /// Whether no paper has it.
    is_unknown: bool,
    /// Whether it is the last name of an author.
    is_author: bool,
    /// The word of the library that it may be meant for.
    correction: Option<String>,
}

impl<'t> TypedWord<'t> {
    /// Looks a word up; if the library has a vocabulary, also what it may be meant for.
    fn new(searcher: &Searcher<'_>, text: &'t str, is_vocabulary: bool) -> Result<TypedWord<'t>> {
        let library = searcher.library;
        let counts = TermCounts::from_text(text);
        let terms: Vec<&str> = counts.counts().map(|(term, _)| term).collect();
        let mut is_unknown = !terms.is_empty();
        for term in &terms {
            is_unknown = is_unknown && !searcher.terms()?.has_term(library, term)?;
        }
        // Names are not corrected: they have capitals and digits.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase()) && !is_stop_word(text);
        let correction = match terms.as_slice() {
            [term] if is_unknown && is_plain && is_vocabulary => library.similar_term(term)?,
            _ => None,
        };
        let is_author = is_unknown && is_author(library, text)?;
        let correction = correction.filter(|_| !is_author);
        Ok(TypedWord { text, has_term: !terms.is_empty(), is_unknown, is_author, correction })
    }
}

fn corrected(words: &[TypedWord<'_>]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.correction.as_deref().unwrap_or(word.text)).collect();
    words.join(" ")
}

/// What to say of words that no paper has.
fn unknown_words_note(
    library: &Library,
    words: &[TypedWord<'_>],
    known: usize,
    is_vocabulary: bool,
) -> Result<Option<String>> {
    let unknown: Vec<String> =
        words.iter().filter(|word| word.is_unknown).map(|word| format!("“{}”", word.text)).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    let all = unknown.join(", ");
    if words.iter().any(|word| word.correction.is_some()) {
        return Ok(Some(format!("no title or abstract has {all}: showing results for “{}”", corrected(words))));
    }
    let hint = author_hint(library, words, is_vocabulary)?;
    let all = if known == 0 { "a word of this text".to_owned() } else { all };
    Ok(Some(format!("no title or abstract has {all}{hint}")))
}

/// The author whose name one of the unknown words is or, in a vocabulary, may be meant for; empty if there is none.
fn author_hint(library: &Library, words: &[TypedWord<'_>], is_vocabulary: bool) -> Result<String> {
    if let Some(word) = words.iter().find(|word| word.is_author) {
        return Ok(format!("; `author:{}` finds an author of this name", word.text));
    }
    for word in words.iter().filter(|word| is_vocabulary && word.is_unknown) {
        if let Some(name) = library.similar_author(word.text)? {
            return Ok(similar_author_hint(&name));
        }
    }
    Ok(String::new())
}

/// The name of the language of a text, unless it is English or too short to tell. What the library knows most words of is
/// English enough; with accents, three in four of them, for languages share words.
fn other_language(text: &str, words: usize, known: usize, unknown: usize) -> Option<&'static str> {
    let found = whatlang::detect(text)?;
    if found.script() != Script::Latin {
        return Some(found.lang().eng_name());
    }
    let weight = if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) { 3 } else { 1 };
    let is_sure = found.is_reliable() && words >= MIN_LANGUAGE_WORDS && weight * unknown >= known;
    (is_sure && found.lang() != Lang::Eng).then(|| found.lang().eng_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_texts() {
        let french = "Comment les réseaux de neurones reconnaissent-ils un visage caché ?";
        for (text, known, unknown, expected) in [
            (french, 7, 4, Some("French")),
            (french, 10, 2, None),
            ("Wie kann man große Sprachmodelle auf dem Handy ausführen?", 2, 6, Some("German")),
            ("How can large language models run on a phone?", 9, 0, None),
            ("A proof of the Poincaré conjecture by surgery on manifolds", 9, 1, None),
            ("modèles", 0, 1, None),
        ] {
            let words = text.split_whitespace().count();
            assert_eq!(other_language(text, words, known, unknown), expected, "{text}");
        }
    }
}
