//! Values of BibTeX fields as text: accents and symbols in Unicode, markup dropped. Formulas between `$` stay as they
//! are.

use super::symbols::{SymbolMode, accent, push_accented, symbol};

/// Deepest nesting that is followed; deeper groups lose their accents, not their letters.
const MAX_DEPTH: usize = 16;

/// Commands that only say how text looks, and those that end a condition.
const LAYOUT: &str = "it bf em rm sc tt sl sf cal itshape bfseries scshape upshape slshape mdseries ttfamily sffamily \
                      rmfamily normalfont selectfont boldmath tiny scriptsize footnotesize small normalsize large Large \
                      LARGE huge Huge relax protect noindent centering raggedright allowbreak nobreak nolinebreak \
                      ignorespaces unskip null strut xspace left right big Big displaystyle textstyle cyr fi";
/// Commands that leave a space.
const SPACES: &str = "par newline linebreak break hfil hfill quad qquad thinspace enspace space nobreakspace";
/// Commands whose arguments are no text, and how many they have: layout, references, keys for sorting (`\noopsort` is
/// of BibTeX's example `xampl.bib`, `\SortNoop` of REVTeX).
const DROPPED: [(&str, usize); 32] = [
    ("hspace", 1),
    ("vspace", 1),
    ("phantom", 1),
    ("hphantom", 1),
    ("vphantom", 1),
    ("rule", 2),
    ("fontsize", 2),
    ("color", 1),
    ("selectlanguage", 1),
    ("includegraphics", 1),
    ("label", 1),
    ("ref", 1),
    ("eqref", 1),
    ("pageref", 1),
    ("cite", 1),
    ("citep", 1),
    ("citet", 1),
    ("citealt", 1),
    ("citealp", 1),
    ("citeauthor", 1),
    ("citeyear", 1),
    ("parencite", 1),
    ("textcite", 1),
    ("autocite", 1),
    ("footcite", 1),
    ("footnote", 1),
    ("thanks", 1),
    ("index", 1),
    ("noopsort", 1),
    ("SortNoop", 1),
    ("sortnoop", 1),
    ("noop", 1),
];
/// Commands whose last argument is text, and how many come before it.
const FRAMED: [(&str, usize); 10] = [
    ("href", 1),
    ("textcolor", 1),
    ("colorbox", 1),
    ("foreignlanguage", 1),
    ("raisebox", 1),
    ("scalebox", 1),
    ("parbox", 1),
    ("texorpdfstring", 1),
    ("resizebox", 2),
    ("hyperref", 0),
];
/// Commands that set their argument in quotation marks; with a star, in single ones.
const QUOTATIONS: [&str; 4] = ["enquote", "mkbibquote", "textquote", "blockquote"];
/// Commands before a length: `\kern.1em`, `\hskip 1em`.
const MEASURED: [&str; 6] = ["kern", "hskip", "vskip", "mskip", "mkern", "raise"];
/// How far the end of an argument in brackets, or of the half of a condition, is searched, in bytes.
const MAX_OPTION: usize = 1_000;

/// Returns the text of a value.
pub(crate) fn field_text(latex: &str) -> String {
    if !latex.bytes().any(|byte| matches!(byte, b'\\' | b'{' | b'}' | b'~' | b'-' | b'`' | b'\'')) {
        return latex.to_owned();
    }
    text_of(latex, 0)
}

/// Returns an id or an address: nothing in it is markup, but some programs escape it as text, or put it into `\url{}`.
pub(crate) fn verbatim_text(latex: &str) -> String {
    if !latex.bytes().any(|byte| matches!(byte, b'\\' | b'{' | b'}' | b'$')) {
        return latex.to_owned();
    }
    let latex = latex.replace("$\\sim$", "~").replace("$_$", "_").replace("$<$", "<").replace("$>$", ">");
    let mut text = String::with_capacity(latex.len());
    let mut rest = latex.as_str();
    while let Some(at) = rest.find(['\\', '{', '}']) {
        text.push_str(&rest[..at]);
        let command = &rest[at + 1..];
        if !rest[at..].starts_with('\\') {
            rest = command;
            continue;
        }
        let letters = command.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, after) = command.split_at(letters);
        rest = after;
        match name {
            // `\_`, `\%`
            "" => {
                let escaped = after.chars().next().map_or(0, char::len_utf8);
                text.push_str(&after[..escaped]);
                rest = &after[escaped..];
            }
            "url" | "path" | "nolinkurl" | "string" | "protect" | "relax" => {}
            // What it shows is no part of the address.
            "href" => {
                let (address, _, after) = group(after.trim_start());
                text.push_str(&verbatim_text(address));
                rest = if after.starts_with('{') { group(after).2 } else { after };
            }
            name => match symbol(name) {
                Some((sign, _)) => {
                    text.push_str(sign);
                    rest = after.trim_start();
                }
                None => text.push_str(name),
            },
        }
    }
    text + rest
}

fn text_of(latex: &str, depth: usize) -> String {
    let mut text = String::with_capacity(latex.len());
    let mut reader = LatexReader { rest: latex, depth, missing: Vec::new() };
    let has_meaning = |byte: u8| matches!(byte, b'{' | b'}' | b'~' | b'$' | b'\\' | b'-' | b'`' | b'\'');
    loop {
        let plain = reader.rest.bytes().position(has_meaning).unwrap_or(reader.rest.len());
        text.push_str(&reader.rest[..plain]);
        reader.rest = &reader.rest[plain..];
        let Some(c) = reader.rest.chars().next() else { break };
        reader.rest = &reader.rest[c.len_utf8()..];
        reader.put(c, &mut text);
    }
    text
}

struct LatexReader<'t> {
    rest: &'t str,
    depth: usize,
    /// What would close a formula and does not come any more: it is searched once only.
    missing: Vec<&'static str>,
}

impl<'t> LatexReader<'t> {
    /// Writes what begins with `c`.
    fn put(&mut self, c: char, text: &mut String) {
        match c {
            '{' | '}' => {}
            '~' => text.push(' '),
            '$' => self.formula(text),
            '\\' => self.command(text),
            '-' if self.skip("-") => text.push(if self.skip("-") { '—' } else { '–' }),
            '`' if self.skip("`") => text.push('“'),
            '\'' if self.skip("'") => text.push('”'),
            other => text.push(other),
        }
    }

    fn skip(&mut self, expected: &str) -> bool {
        let after = self.rest.strip_prefix(expected);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Takes the text up to `close`, and `close` itself; `None` if it does not come.
    fn take_until(&mut self, close: &'static str) -> Option<&'t str> {
        if self.missing.contains(&close) {
            return None;
        }
        let mut from = 0;
        while let Some(at) = self.rest[from..].find(close) {
            let end = from + at;
            if close.starts_with('\\') || !self.rest[..end].ends_with('\\') {
                let formula = &self.rest[..end];
                self.rest = &self.rest[end + close.len()..];
                return Some(formula);
            }
            // `\$` is a dollar within the formula.
            from = end + 1;
        }
        self.missing.push(close);
        None
    }

    /// Writes a formula as it is, after its first dollar. A dollar that is alone is a price.
    fn formula(&mut self, text: &mut String) {
        if self.rest.starts_with('$') {
            self.rest = &self.rest[1..];
            match self.take_until("$$") {
                Some(formula) => text.extend(["$$", formula, "$$"]),
                None => text.push_str("$$"),
            }
            return;
        }
        match self.take_until("$") {
            // Crossref writes `&lt;` as `{\&}lt$\mathsemicolon$`.
            Some("\\mathsemicolon") => text.push(';'),
            Some(formula) => text.extend(["$", formula, "$"]),
            None => text.push('$'),
        }
    }

    /// Writes a formula between `\(` and `\)`: its symbols if there is nothing else in it, else as it is.
    fn delimited_formula(&mut self, open: &str, close: &'static str, text: &mut String) {
        let Some(formula) = self.take_until(close) else { return text.push_str(open) };
        match symbols_of(formula).filter(|_| formula.contains('\\')) {
            Some(symbols) => text.push_str(&symbols),
            None => text.extend([open, formula, close]),
        }
    }

    fn command(&mut self, text: &mut String) {
        let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, after) = self.rest.split_at(letters);
        if name.is_empty() {
            return self.sign(text);
        }
        self.rest = after.trim_start();
        let has_group = self.rest.starts_with('{');
        if let Some((mark, _)) = accent(name).filter(|(_, mode)| *mode != SymbolMode::Math || has_group) {
            let letter = self.argument();
            return push_accented(text, &letter, mark);
        }
        if let Some(symbol) = text_symbol(name) {
            text.push_str(symbol.sign);
            if symbol.is_of_formulas {
                self.rest = after;
            }
            return;
        }
        if is_one_of(LAYOUT, name) {
            return;
        }
        if is_one_of(SPACES, name) {
            return text.push(' ');
        }
        if MEASURED.contains(&name) {
            let length = self.rest.trim_start_matches(|c: char| c.is_ascii_digit() || "-+.,".contains(c)).trim_start();
            self.rest = length.trim_start_matches(|c: char| c.is_ascii_lowercase()).trim_start();
            return;
        }
        if let Some((_, count)) = DROPPED.iter().find(|(known, _)| *known == name) {
            self.skip("*");
            return self.drop_arguments(*count);
        }
        if let Some((_, count)) = FRAMED.iter().find(|(known, _)| *known == name) {
            self.drop_arguments(*count);
            return self.drop_option();
        }
        if QUOTATIONS.contains(&name) {
            let (open, close) = if self.skip("*") { ("‘", "’") } else { ("“", "”") };
            let quoted = self.argument();
            return text.extend([open, quoted.as_str(), close]);
        }
        match name {
            "ensuremath" => {
                let (formula, _, after) = group(self.rest);
                self.rest = after;
                match symbols_of(formula) {
                    Some(symbols) => text.push_str(&symbols),
                    None => text.extend(["$", formula, "$"]),
                }
            }
            // What follows is for formulas; the text is after `\else`.
            "ifmmode" => {
                if let Some((_, otherwise)) = split_near(self.rest, "\\else") {
                    self.rest = otherwise.trim_start();
                }
            }
            // `\textbf{...}`: what is in it is what can be read.
            _ if has_group && !self.rest.starts_with("{}") => {}
            // The name is all there is.
            name => {
                text.push_str(name);
                self.rest = after;
            }
        }
    }

    /// Writes what follows a backslash and is not a letter.
    fn sign(&mut self, text: &mut String) {
        let Some(sign) = self.rest.chars().next() else { return };
        let (command, after) = self.rest.split_at(sign.len_utf8());
        self.rest = after;
        if let Some((mark, _)) = accent(command) {
            let letter = self.argument();
            return push_accented(text, &letter, mark);
        }
        match sign {
            '(' => self.delimited_formula("\\(", "\\)", text),
            '[' => self.delimited_formula("\\[", "\\]", text),
            ')' => text.push_str("\\)"),
            '\\' | ',' | ';' | ':' | '>' | ' ' | '\n' | '\t' => text.push(' '),
            '-' | '/' | '!' | '@' => {}
            other => text.push(other),
        }
    }

    /// Leaves out arguments, and those in brackets before each.
    fn drop_arguments(&mut self, count: usize) {
        for _ in 0..count {
            self.drop_option();
            if self.rest.trim_start().starts_with('{') {
                self.rest = group(self.rest.trim_start()).2;
            }
        }
    }

    /// Leaves out arguments in brackets.
    fn drop_option(&mut self) {
        while self.rest.starts_with('[')
            && let Some((_, after)) = split_near(self.rest, "]")
        {
            self.rest = after;
        }
    }

    /// Returns the text of the group, the command or the character that comes next.
    fn argument(&mut self) -> String {
        let (argument, is_group, after) = group(self.rest.trim_start());
        let is_word = !is_group && argument.starts_with('\\') && argument.ends_with(|c: char| c.is_ascii_alphabetic());
        // TeX skips the spaces behind the name of a command: `\'\i ndice`.
        self.rest = if is_word { after.trim_start() } else { after };
        match () {
            () if self.depth >= MAX_DEPTH => argument.to_owned(),
            () if is_group || argument.starts_with('\\') => text_of(argument, self.depth + 1),
            () => argument.to_owned(),
        }
    }
}

/// A symbol that a command stands for.
struct TextSymbol {
    sign: &'static str,
    /// Whether LaTeX has it in formulas only: people who write it in text do not expect it to take the space after it.
    is_of_formulas: bool,
}

/// Returns what a command in text stands for: `\ss`, `\textbeta`, `\upmu`, and symbols of formulas.
fn text_symbol(name: &str) -> Option<TextSymbol> {
    if let Some((sign, mode)) = symbol(name) {
        let is_latin = sign.chars().all(|c| c.is_alphabetic() && !c.is_ascii() && c < '\u{370}');
        return Some(TextSymbol { sign, is_of_formulas: mode != SymbolMode::Text && !is_latin });
    }
    let base = name.strip_prefix("text").or_else(|| name.strip_prefix("up"))?;
    symbol(base).map(|(sign, _)| TextSymbol { sign, is_of_formulas: false })
}

/// Returns the symbols of a formula that has nothing but symbols, letters and signs.
fn symbols_of(formula: &str) -> Option<String> {
    if formula.contains(['^', '_', '{', '}', '&', '$']) {
        return None;
    }
    let mut symbols = String::new();
    let mut rest = formula;
    while let Some(at) = rest.find('\\') {
        symbols.push_str(&rest[..at]);
        let letters = rest[at + 1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, after) = rest[at + 1..].split_at(letters);
        symbols.push_str(symbol(name)?.0);
        rest = after.trim_start();
    }
    Some((symbols + rest).trim().to_owned())
}

/// Splits a text into the group, the command or the character that it begins with, whether it is a group, and the rest.
/// A group that is not closed goes on to the end.
fn group(text: &str) -> (&str, bool, &str) {
    let Some(inside) = text.strip_prefix('{') else {
        let end = match text.strip_prefix('\\') {
            Some(name) => match name.bytes().take_while(u8::is_ascii_alphabetic).count() {
                0 => 1 + name.chars().next().map_or(0, char::len_utf8),
                letters => 1 + letters,
            },
            None => text.chars().next().map_or(0, char::len_utf8),
        };
        return (&text[..end], false, &text[end..]);
    };
    let mut open = 1_usize;
    let end = inside.bytes().position(|byte| {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        open == 0
    });
    let end = end.unwrap_or(inside.len());
    (&inside[..end], true, inside.get(end + 1..).unwrap_or_default())
}

/// Splits a text at a mark that is not far away.
fn split_near<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let at = text[..text.floor_char_boundary(MAX_OPTION)].find(mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

#[cfg(test)]
mod tests;
