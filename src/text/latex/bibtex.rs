//! Values of BibTeX fields as text: accents and symbols in Unicode, markup dropped. Formulas between `$` stay as they
//! are.

use std::iter::Peekable;
use std::str::Chars;

use super::symbols::{SymbolMode, accent, push_accented, symbol};

/// Deepest nesting that is followed; deeper groups lose their accents, not their letters.
const MAX_DEPTH: usize = 16;

/// Returns the text of a value.
pub(crate) fn field_text(latex: &str) -> String {
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
        if let Some((mark, _)) = accent(&name).filter(|(_, mode)| *mode != SymbolMode::Math) {
            push_accented(text, &self.argument(depth + 1), mark);
        } else if let Some((symbol, _)) = symbol(&name).filter(|(_, mode)| *mode != SymbolMode::Math) {
            text.push_str(match symbol {
                // Dotless letters stand below accents.
                "ı" => "i",
                "ȷ" => "j",
                symbol => symbol,
            });
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
    use super::field_text;

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
            assert_eq!(field_text(latex), expect, "{latex}");
        }
        let deep = r"\'{".repeat(5_000) + "e";
        assert!(field_text(&deep).contains('e'));
    }
}
