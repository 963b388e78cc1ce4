//! Texts with markup as plain text: which markup a text may have, and what becomes of it.
//!
//! There are three rules ([`MarkupRule`]), and each source has one. They differ in what they take for a tag; formulas
//! compare (`$p<q$`), and programs have types (`Vec<T>`), so a `<` begins a tag only if all of the following holds:
//!
//! - the name is one of HTML, of JATS or of MathML, also with a prefix (`jats:p`), and the tag is whole;
//! - attributes have values (`<b and c>` is a comparison), but for the few of HTML that have none;
//! - an element that has to be closed is closed further on (`Vec<a>` is a type); in HTML, blocks need not be.
//!
//! Inline elements vanish; blocks leave a space. Character references are read. What was escaped more than once is read as
//! often. A formula is kept once: as TeX between `$` where the source has TeX, else as its characters.

mod character_reference;
mod elements;
mod formula;
mod reader;
mod tag;

use std::borrow::Cow;

pub(crate) use character_reference::unescape;
pub(crate) use elements::{ElementKind, element_kind};
pub(crate) use formula::{as_tex, is_tex_encoding, looks_like_tex};

use reader::MarkupReader;

/// How often a text is read: publishers escape what is escaped, and feeds escape it again.
const MAX_READINGS: usize = 3;

/// What of a text is markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkupRule {
    /// Nothing is.
    Plain,
    /// Tags that publishers and reference managers put into titles and abstracts, character references.
    Inline,
    /// HTML.
    Html,
}

impl MarkupRule {
    /// Returns the plain text. Texts without markup are left as they are, at the cost of a search.
    pub(crate) fn text(self, text: &str) -> Cow<'_, str> {
        let (mut rule, mut text) = (self, Cow::Borrowed(text));
        for _ in 0..MAX_READINGS {
            if rule == MarkupRule::Plain || memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
                break;
            }
            match MarkupReader::new(&text, rule == MarkupRule::Html).plain_text() {
                Some(plain) => text = Cow::Owned(plain),
                None => break,
            }
            // What is left of HTML is text, unless it was escaped twice: only what is closed counts.
            rule = MarkupRule::Inline;
        }
        text
    }

    /// Puts plain text in the place of a text.
    pub(crate) fn read(self, text: &mut String) {
        if let Cow::Owned(plain) = self.text(text) {
            *text = plain;
        }
    }
}

#[cfg(test)]
mod tests;
