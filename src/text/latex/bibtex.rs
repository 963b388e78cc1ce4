//! LaTeX as text: accents and symbols in Unicode, markup dropped; formulas between `$` stay as they are.

use std::iter::Peekable;
use std::str::Chars;

use unicode_normalization::char::compose;

/// Deepest nesting that is followed; deeper groups lose their accents, not their letters.
const MAX_DEPTH: usize = 16;

/// Accents by their command, with the combining character.
const ACCENTS: [(&str, char); 16] = [
    ("`", '\u{300}'),
    ("'", '\u{301}'),
    ("^", '\u{302}'),
    ("~", '\u{303}'),
    ("=", '\u{304}'),
    ("u", '\u{306}'),
    (".", '\u{307}'),
    ("\"", '\u{308}'),
    ("r", '\u{30a}'),
    ("H", '\u{30b}'),
    ("v", '\u{30c}'),
    ("d", '\u{323}'),
    ("c", '\u{327}'),
    ("k", '\u{328}'),
    ("b", '\u{331}'),
    ("t", '\u{361}'),
];

const SYMBOLS: [(&str, &str); 55] = [
    ("ss", "ß"),
    ("o", "ø"),
    ("O", "Ø"),
    ("l", "ł"),
    ("L", "Ł"),
    ("ae", "æ"),
    ("AE", "Æ"),
    ("oe", "œ"),
    ("OE", "Œ"),
    ("aa", "å"),
    ("AA", "Å"),
    ("i", "i"),
    ("j", "j"),
    ("dh", "ð"),
    ("DH", "Ð"),
    ("th", "þ"),
    ("TH", "Þ"),
    ("dj", "đ"),
    ("DJ", "Đ"),
    ("ng", "ŋ"),
    ("textendash", "–"),
    ("textemdash", "—"),
    ("ldots", "…"),
    ("dots", "…"),
    ("textellipsis", "…"),
    ("textquoteright", "’"),
    ("textquoteleft", "‘"),
    ("textquotedblleft", "“"),
    ("textquotedblright", "”"),
    ("textbackslash", "\\"),
    ("textasciitilde", "~"),
    ("textunderscore", "_"),
    ("textbar", "|"),
    ("textless", "<"),
    ("textgreater", ">"),
    ("textdegree", "°"),
    ("textmu", "µ"),
    ("pounds", "£"),
    ("texteuro", "€"),
    ("textregistered", "®"),
    ("texttrademark", "™"),
    ("copyright", "©"),
    ("S", "§"),
    ("P", "¶"),
    ("LaTeX", "LaTeX"),
    ("TeX", "TeX"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("pi", "π"),
    ("sigma", "σ"),
];

/// The text of some LaTeX.
pub(super) fn text(latex: &str) -> String {
    if !latex.contains(['\\', '{', '}', '~', '-', '`', '\'']) {
        return latex.to_owned();
    }
    let mut reader = LatexReader { chars: latex.chars().peekable() };
    let mut text = String::with_capacity(latex.len());
    while let Some(c) = reader.chars.next() {
        reader.put(c, &mut text, 0);
    }
    text
}

struct LatexReader<'t> {
    chars: Peekable<Chars<'t>>,
}

impl LatexReader<'_> {
    /// Writes what begins with `c`.
    fn put(&mut self, c: char, text: &mut String, depth: usize) {
        match c {
            '{' | '}' => {}
            '~' => text.push(' '),
            '$' => self.formula(text),
            '\\' => self.command(text, depth),
            '-' if self.skip('-') => text.push(if self.skip('-') { '—' } else { '–' }),
            '`' if self.skip('`') => text.push('“'),
            '\'' if self.skip('\'') => text.push('”'),
            other => text.push(other),
        }
    }

    fn skip(&mut self, expected: char) -> bool {
        self.chars.next_if_eq(&expected).is_some()
    }

    fn formula(&mut self, text: &mut String) {
        text.push('$');
        while let Some(c) = self.chars.next() {
            text.push(c);
            match c {
                '\\' => text.extend(self.chars.next()),
                '$' => return,
                _ => {}
            }
        }
    }

    fn command(&mut self, text: &mut String, depth: usize) {
        let Some(first) = self.chars.next() else { return };
        let mut name = String::from(first);
        if first.is_ascii_alphabetic() {
            while let Some(letter) = self.chars.next_if(char::is_ascii_alphabetic) {
                name.push(letter);
            }
            while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
        }
        if let Some((_, mark)) = ACCENTS.iter().find(|(command, _)| *command == name) {
            let base = self.argument(depth + 1);
            let mut letters = base.chars();
            if let Some(letter) = letters.next() {
                match compose(letter, *mark) {
                    Some(accented) => text.push(accented),
                    None => text.extend([letter, *mark]),
                }
            }
            text.push_str(letters.as_str());
        } else if let Some((_, symbol)) = SYMBOLS.iter().find(|(command, _)| *command == name) {
            text.push_str(symbol);
        } else if name == "href" {
            self.argument(MAX_DEPTH);
        } else if !first.is_ascii_alphabetic() {
            match first {
                '\\' | ',' | ';' | ':' | ' ' | '\n' | '\t' => text.push(' '),
                '-' | '/' | '!' => {}
                '(' | ')' => text.extend(['\\', first]),
                other => text.push(other),
            }
        }
    }

    /// The text of the group, the command or the character that comes next.
    fn argument(&mut self, depth: usize) -> String {
        let mut text = String::new();
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
        match self.chars.next() {
            Some('{') => {
                let mut open = 1_usize;
                while let Some(c) = self.chars.next() {
                    match c {
                        '{' => open += 1,
                        '}' => open -= 1,
                        c if depth < MAX_DEPTH => self.put(c, &mut text, depth),
                        c => text.push(c),
                    }
                    if open == 0 {
                        break;
                    }
                }
            }
            Some(c) if depth < MAX_DEPTH => self.put(c, &mut text, depth),
            Some(c) => text.push(c),
            None => {}
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn latex_as_text() {
        for (latex, expect) in [
            ("plain", "plain"),
            (r#"{\"U}ber M\"{u}ller and G{\"{o}}del"#, "Über Müller and Gödel"),
            (
                r#"Erd{\H o}s, {\'E}variste, fa\c{c}ade, \v{S}v\v ejk, na{\"\i}ve"#,
                "Erdős, Évariste, façade, Švějk, naïve",
            ),
            (r"Stra{\ss}e \O re {\L}{\'o}d{\'z} \aa", "Straße Øre Łódź å"),
            (r#"50\% of R\&D for \$5 \_ \#"#, "50% of R&D for $5 _ #"),
            (r"The {BERT} {\em model} \textbf{is} \emph{one}", "The BERT model is one"),
            (r"pages 1--5~here --- ``so''", "pages 1–5 here — “so”"),
            (r"bounds of $O(n^{2} \log n)$ and {$\alpha$}", r"bounds of $O(n^{2} \log n)$ and $\alpha$"),
            (r"see \href{https://x.org}{this} \url{y.org}", "see this y.org"),
            (r"a \\ b\-c \", "a   bc "),
            (r"\'", ""),
            (r"\'{}x", "x"),
            ("don't", "don't"),
        ] {
            assert_eq!(text(latex), expect, "{latex}");
        }
        let deep = r"\'{".repeat(5_000) + "e";
        assert!(text(&deep).contains('e'));
    }
}
