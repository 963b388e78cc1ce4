//! Texts of strangers on one line, without what a terminal, a mail program or a page would obey.

use std::borrow::Cow;

/// Whether a character is not shown but does something: control characters (C0, DEL and C1: a terminal takes them for
/// commands, as `ESC` and U+009B), those that turn the direction of the text behind them (the embeddings, overrides and
/// isolates of the Unicode Bidirectional Algorithm, UAX #9), and those that stand for no character.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a character ends a line or, in the form of white space, a column.
fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns a text without invisible characters ([`is_invisible`]), with a space in the place of each line break: safe to
/// print on one line. A text that has none is not copied.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    // Most texts have nothing but letters, and all of ASCII that is not shown is below the space, or DEL.
    let is_clean = |text: &str| match text.is_ascii() {
        true => text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        false => !text.contains(|c: char| is_invisible(c) || is_break(c)),
    };
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| if is_break(c) { ' ' } else { c });
    Cow::Owned(shown.filter(|c| !is_invisible(*c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown() {
        for (text, expected) in [
            ("a\nb\u{202e}c\u{2066}\u{0}d\u{ffff} שלום", "a bcd שלום"),
            ("\u{1b}[31mred\u{1b}[0m", "[31mred[0m"),
            ("\u{1b}]8;;https://example.org\u{7}link\u{1b}]8;;\u{7}", "]8;;https://example.orglink]8;;"),
            ("a\u{9b}2Jb\u{85}c\u{7f}", "a2Jb c"),
            ("one\r\ntwo\u{2028}three", "one  two three"),
            ("plain", "plain"),
            ("Zoë, 渡船", "Zoë, 渡船"),
        ] {
            assert_eq!(visible(text), expected, "{text:?}");
        }
        assert!(matches!(visible("Zoë"), Cow::Borrowed(_)));
    }
}
