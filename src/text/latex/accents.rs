//! Accents and letters of TeX in texts that are no TeX otherwise: arXiv's titles and abstracts.

use std::borrow::Cow;

use unicode_normalization::char::compose;

use super::symbols::{accent, symbol};

/// Returns a text with TeX's accents and letters as letters, as arXiv shows it: `Schr\"odinger`, `Poincar\'{e}`,
/// `{\O}rsted`, `\v{S}vejk`. Formulas, other commands and what is no accented letter stay as they are.
pub(crate) fn read_accents(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut formulas = FormulaEnds::default();
    while let Some(at) = rest.find(['\\', '$', '{']) {
        let before = &rest[..at];
        out.push_str(before);
        rest = &rest[at..];
        let letter = match rest.as_bytes()[0] {
            b'$' => None,
            // An accent in braces: they go with it.
            b'{' => letter(&rest[1..]).and_then(|(letter, after)| Some((letter, after.strip_prefix('}')?))),
            // `/\~oak` is a path.
            _ if before.ends_with('/') => None,
            _ => letter(rest),
        };
        if let Some((letter, after)) = letter {
            out.push(letter);
            rest = after;
            continue;
        }
        // A command that is none of these: its sign begins no other.
        let length = formulas.length(rest).unwrap_or_else(|| match rest.strip_prefix('\\') {
            Some(command) => 1 + command.chars().next().map_or(0, char::len_utf8),
            None => 1,
        });
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

const FORMULAS: [(&str, &str); 4] = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];

/// Which of [`FORMULAS`] end nowhere in the rest of the text: their ends are searched once only.
#[derive(Default)]
struct FormulaEnds {
    missing: [bool; FORMULAS.len()],
}

impl FormulaEnds {
    /// Returns the length of the formula that a text begins with.
    fn length(&mut self, text: &str) -> Option<usize> {
        let at = FORMULAS.iter().position(|(open, _)| text.starts_with(open)).filter(|at| !self.missing[*at])?;
        let (open, close) = FORMULAS[at];
        let inside = text[open.len()..].find(close);
        self.missing[at] = inside.is_none();
        inside.map(|length| open.len() + length + close.len())
    }
}

/// Returns the letter that a command stands for, and what follows it.
fn letter(text: &str) -> Option<(char, &str)> {
    let command = text.strip_prefix('\\')?;
    let letters = command.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = command.split_at(if letters > 0 { letters } else { command.chars().next()?.len_utf8() });
    if let Some((mark, _)) = accent(name).filter(|_| name.len() == 1) {
        let (base, after) = base(after, letters > 0)?;
        return Some((compose(base, mark)?, after));
    }
    // The spaces that end a command are no part of the text; those behind braces are.
    Some((latin(name)?, after.strip_prefix("{}").unwrap_or_else(|| after.trim_start())))
}

/// Returns the letter below an accent, and what follows it. A letter that is an accent needs braces, or a space and a
/// word's end: `\c{c}`, `{\c c}`.
fn base(text: &str, is_letter: bool) -> Option<(char, &str)> {
    if let Some(group) = text.strip_prefix('{') {
        let (base, after) = base_letter(group.trim_start())?;
        return Some((base, after.strip_prefix('}')?));
    }
    if is_letter {
        let (base, after) = base_letter(text.strip_prefix(' ')?)?;
        return after.starts_with('}').then_some((base, after));
    }
    base_letter(text)
}

/// Returns a letter, or that of a command: `\ae`, and `\i`, which is dotless to take an accent. TeX skips the spaces
/// behind the name of a command: `\'\i ndice`.
fn base_letter(text: &str) -> Option<(char, &str)> {
    if let Some(command) = text.strip_prefix('\\') {
        let letters = command.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, after) = command.split_at(letters);
        let base = match name {
            "i" => 'i',
            "j" => 'j',
            name => latin(name)?,
        };
        return Some((base, after.trim_start()));
    }
    let base = text.chars().next().filter(char::is_ascii_alphabetic)?;
    Some((base, &text[1..]))
}

/// Returns the letter of a command: `\ss`, `\O`, `\ae`, `\i`.
fn latin(name: &str) -> Option<char> {
    let mut letters = symbol(name)?.0.chars();
    let letter = letters.next().filter(|c| c.is_alphabetic() && !c.is_ascii() && *c < '\u{250}')?;
    letters.next().is_none().then_some(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read_accents;

    #[test]
    fn accents_outside_of_formulas() {
        for (text, expect) in [
            ("no command", "no command"),
            ("Schr\\\"odinger, Poincar\\'e, na\\\"ive, na\\\"{\\i}ve", "Schrödinger, Poincaré, naïve, naïve"),
            ("{\\'E}cole, \\'{E}cole, {\\\"{o}}, \\~nu", "École, École, ö, ñu"),
            ("\\v{S}vejk, \\c{c}a, {\\c c}a, Erd{\\H o}s, \\v Svejk", "Švejk, ça, ça, Erdős, \\v Svejk"),
            ("{\\O}rsted, \\O{}rsted, \\O rsted, Stra\\ss e, \\L{}{\\'o}d\\'z", "Ørsted, Ørsted, Ørsted, Straße, Łódź"),
            (
                "$\\'e \\tilde{n}$ and \\(\\\"o\\) of $$\\'a$$ M\\'alaga",
                "$\\'e \\tilde{n}$ and \\(\\\"o\\) of $$\\'a$$ Málaga",
            ),
            ("50\\% of \\emph{all} \\cite{x} -- \\alpha, \\\\'e", "50\\% of \\emph{all} \\cite{x} -- \\alpha, \\\\'e"),
            ("it costs $5 in M\\'alaga", "it costs $5 in Málaga"),
            ("https://x.org/\\~nolan, \\'1, \\', \\=x, \\q", "https://x.org/\\~nolan, \\'1, \\', \\=x, \\q"),
            ("{Lamps} of {\\it ferries} {\\'e and more}", "{Lamps} of {\\it ferries} {é and more}"),
            ("the end \\", "the end \\"),
            ("na\\\"\\i ve \\'\\i ndice, D{\\'\\i }az, \\'{\\i }x", "naïve índice, Díaz, íx"),
            ("Y{\\i}ld{\\i}z, Y\\i ld\\i z, \\j{} and, \\L{} is", "Yıldız, Yıldız, ȷ and, Ł is"),
            ("\\'\\ae on, \\'{\\ae}on, \\ae  on, Stra\\ss\ne", "ǽon, ǽon, æon, Straße"),
        ] {
            assert_eq!(read_accents(text), expect, "{text}");
        }
        let open = "\\(".repeat(300_000);
        assert_eq!(read_accents(&open), open);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[a-z$\\\\{}()'\" é]{0,60}") {
            let read = read_accents(&text).into_owned();
            prop_assert!(read.chars().count() <= text.chars().count());
        }
    }
}
