//! A text with its terms.

use rustc_hash::FxHashMap;

use super::{TermCounts, TermSlice, TermVector, for_each_term};

/// A text with its terms by number. How they are spelled is looked up in the text when somebody asks.
///
/// ```
/// let text = paperkin::lexical::AnalyzedText::new("Sparse attention".to_owned());
/// assert_eq!(text.terms().counts().count(), 2);
/// assert_eq!(text.text(), "Sparse attention");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalyzedText {
    text: String,
    terms: TermVector,
}

impl AnalyzedText {
    /// A text whose terms are extracted now.
    pub fn new(text: String) -> AnalyzedText {
        let terms = TermVector::from_text(&text);
        AnalyzedText { text, terms }
    }

    /// A text whose terms are known: those of [`TermVector::from_text`].
    pub fn with_terms(text: String, terms: TermSlice<'_>) -> AnalyzedText {
        AnalyzedText { text, terms: terms.into() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its terms, by number.
    pub fn terms(&self) -> TermSlice<'_> {
        self.terms.as_slice()
    }

    /// Its terms, spelled.
    pub fn spelled_terms(&self) -> TermCounts {
        TermCounts::from_text(&self.text)
    }

    /// Adds the spelling of those of its terms that are in the map.
    pub(super) fn add_spelling(&self, spelled: &mut FxHashMap<u32, Option<String>>) {
        for_each_term(&self.text, |term| {
            if let Some(spelling @ None) = spelled.get_mut(&TermVector::term_id(term)) {
                *spelling = Some(term.to_owned());
            }
        });
    }
}
