//! Splits a BibTeX file into its entries.
//!
//! Entries are split at their braces before they are read, so that a broken one does not affect the others: one that
//! is never closed ends where a line begins with the next.

use std::io;

use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader, MAX_RECORD};

/// An entry's text between its outer braces or parentheses.
#[derive(Debug, PartialEq)]
pub(super) struct BibtexEntry {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// `article`, `string`, ... in lower case.
    pub(super) kind: String,
    /// What stands in it, without remarks, or why it cannot be read.
    pub(super) body: Result<String, String>,
    /// Whether it ends where it is closed. Else it ends before the next one, or with the file.
    pub(super) is_closed: bool,
}

/// The entries of one input.
pub(super) struct BibtexEntries {
    input: InputReader,
    /// The line that was read last, how much of it was used, and its number.
    text: Vec<u8>,
    used: usize,
    line: u64,
    /// Whether the line was too long to be held: then only its start is there.
    is_too_long: bool,
}

impl BibtexEntries {
    pub(super) fn new(input: InputReader) -> BibtexEntries {
        BibtexEntries { input, text: Vec::new(), used: 0, line: 0, is_too_long: false }
    }

    pub(super) fn input(&self) -> &InputReader {
        &self.input
    }

    /// The next entry. Text between entries is a remark, and so is a line that begins with `%`, whatever is in it: btparse
    /// has it so.
    pub(super) fn entry(&mut self) -> io::Result<Option<BibtexEntry>> {
        let EntryStart { kind, opener, end } = loop {
            let is_remark = self.used == 0 && self.text.trim_ascii_start().starts_with(b"%");
            if self.is_too_long && !is_remark {
                return Ok(Some(self.too_long(self.line, String::new())));
            }
            match EntryStart::find(&self.text[self.used..]).filter(|_| !is_remark) {
                Some(start) => break start,
                None => {
                    self.input.skip_blanks()?;
                    if !self.next_line()? {
                        return Ok(None);
                    }
                }
            }
        };
        self.used += end;
        let line = self.line;
        let mut nesting = EntryNesting::new(opener, kind == "comment");
        let mut body = Vec::new();
        let is_closed = loop {
            if let Some(end) = nesting.read(&self.text[self.used..], &mut body) {
                self.used += end;
                break true;
            }
            body.push(b'\n');
            if body.len() > MAX_RECORD {
                self.next_line()?;
                return Ok(Some(self.too_long(line, kind)));
            }
            if !self.next_line()? || is_entry_line(&self.text) {
                break false;
            }
            if self.is_too_long {
                return Ok(Some(self.too_long(line, kind)));
            }
        };
        let body = String::from_utf8(body).map_err(|_| NOT_UTF8.to_owned());
        Ok(Some(BibtexEntry { line, kind, body, is_closed }))
    }

    fn next_line(&mut self) -> io::Result<bool> {
        self.line += 1;
        self.used = 0;
        let found = self.input.line(&mut self.text)?;
        self.is_too_long = found == InputLine::TooLong;
        Ok(found != InputLine::End)
    }

    /// An entry that is longer than any may be. What was kept of a line that is too long is left out.
    fn too_long(&mut self, line: u64, kind: String) -> BibtexEntry {
        if std::mem::take(&mut self.is_too_long) {
            self.used = self.text.len();
        }
        let body = Err(format!("longer than {} MB", MAX_RECORD >> 20));
        BibtexEntry { line, kind, body, is_closed: false }
    }
}

/// Where an entry begins in a line.
struct EntryStart {
    /// In lower case.
    kind: String,
    opener: u8,
    /// The position behind the opener.
    end: usize,
}

impl EntryStart {
    /// Finds the first `@kind{` or `@kind(` in a line. The kind is any name of BibTeX's, as `@web_page` or
    /// `@article-journal`; within words, as in addresses of e-mail, it has letters only.
    fn find(line: &[u8]) -> Option<EntryStart> {
        let mut from = 0;
        loop {
            let at = from + memchr::memchr(b'@', &line[from..])? + 1;
            let is_within_word = at >= 2 && line[at - 2].is_ascii_alphanumeric();
            let is_of_kind = |byte: &u8| byte.is_ascii_alphabetic() || !is_within_word && is_of_name(*byte);
            let length = line[at..].iter().take_while(|byte| is_of_kind(byte)).count();
            let spaces = line[at + length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let kind = &line[at..at + length];
            let opener = line.get(at + length + spaces).copied().filter(|byte| matches!(byte, b'{' | b'('));
            if let Some(opener) = opener.filter(|_| kind.iter().any(u8::is_ascii_alphabetic)) {
                let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
                return Some(EntryStart { kind, opener, end: at + length + spaces + 1 });
            }
            from = at;
        }
    }
}

/// Whether a byte may stand in a name: all but those that BibTeX gives a meaning (bibtex.web, section 216: `id_class`).
fn is_of_name(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !byte.is_ascii_control() && !b"\"#%'(),={}@\\~".contains(&byte)
}

/// Whether a line begins an entry, with its key.
fn is_entry_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    if !line.starts_with(b"@") {
        return false;
    }
    let Some(start) = EntryStart::find(line) else { return false };
    let is_first = line[1..start.end - 1].trim_ascii_end().iter().all(|byte| is_of_name(*byte));
    let key = line[start.end..].trim_ascii();
    let end = key.iter().position(|byte| !is_of_name(*byte) && *byte != b'(' && *byte != b'%').unwrap_or(key.len());
    let after = key[end..].trim_ascii_start().first();
    let is_command = ["comment", "string", "preamble"].contains(&start.kind.as_str());
    is_first && (is_command || matches!(after, None | Some(b',')))
}

/// Whether a file begins as a bibliography: with an entry, perhaps after remarks.
pub(crate) fn is_bibliography(text: &str) -> bool {
    let mut lines = lines(text).filter(|line| !line.starts_with('%'));
    lines.next().is_some_and(|line| {
        line.starts_with('@')
            && EntryStart::find(line.as_bytes()).is_some_and(|start| !line[1..start.end].contains('@'))
    })
}

/// Whether there is an entry near the beginning of a file, after lines of a program (`Scopus`, `This file was created
/// with JabRef`, `Automatically generated by Mendeley Desktop`).
pub(crate) fn has_entry_near_start(text: &str) -> bool {
    const MAX_HEADER_LINES: usize = 12;
    lines(text).take(MAX_HEADER_LINES).any(|line| is_entry_line(line.as_bytes()))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty())
}

/// How deep in an entry a position is.
struct EntryNesting {
    closer: u8,
    /// Braces that are open within the entry.
    braces: usize,
    /// Parentheses that are open, outside of braces, in an entry between parentheses.
    parentheses: usize,
    /// Whether this is within quotation marks, outside of braces.
    is_quoted: bool,
    /// Whether this is within the key.
    is_key: bool,
    /// A comment has braces, but neither values nor remarks.
    is_comment: bool,
    /// The last byte that is no white space, outside of values.
    last: u8,
}

impl EntryNesting {
    fn new(opener: u8, is_comment: bool) -> EntryNesting {
        let closer = if opener == b'(' { b')' } else { b'}' };
        let (braces, parentheses, is_quoted) = (0, 0, false);
        EntryNesting { closer, braces, parentheses, is_quoted, is_key: true, is_comment, last: opener }
    }

    /// Adds what stands in a line to the body of the entry; returns the position behind its end, if that is in this line.
    ///
    /// `%` to the end of the line is a remark outside of values, as btparse has it. BibTeX knows no such remarks and
    /// complains, but people comment fields out; in a key it takes the sign as any other (`doi%2Fa`).
    fn read(&mut self, line: &[u8], body: &mut Vec<u8>) -> Option<usize> {
        let (mut at, mut from) = (0, 0);
        while let Some(byte) = line.get(at).copied() {
            if self.braces > 0 && byte != b'{' && byte != b'}' {
                at += memchr::memchr2(b'{', b'}', &line[at..]).unwrap_or(line.len() - at);
                continue;
            }
            let is_outside = self.braces == 0 && !self.is_quoted;
            match byte {
                b'{' => self.braces += 1,
                b'}' if self.braces > 0 => self.braces -= 1,
                b'(' if is_outside && self.closer == b')' => self.parentheses += 1,
                b')' if is_outside && self.parentheses > 0 => self.parentheses -= 1,
                byte if byte == self.closer && (is_outside || byte == b'}') => {
                    body.extend_from_slice(&line[from..at]);
                    return Some(at + 1);
                }
                _ if self.is_comment => {}
                b'"' if self.is_quoted => self.is_quoted = false,
                b'"' if matches!(self.last, b'=' | b'#' | b'{' | b'(') => self.is_quoted = true,
                b'%' if is_outside && (!self.is_key || at == 0 || !is_of_name(line[at - 1])) => {
                    body.extend_from_slice(&line[from..at]);
                    let rest = &line[at..];
                    // Lines of old Macs end with a carriage return.
                    at += rest.iter().position(|byte| *byte == b'\r').unwrap_or(rest.len());
                    from = at;
                    continue;
                }
                b',' | b'=' if is_outside => self.is_key = false,
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.last = byte;
            }
            at += 1;
        }
        body.extend_from_slice(&line[from..]);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(u64, String, String, bool)> {
        let (input, _) = InputReader::new(std::io::Cursor::new(text.to_owned()), "x").unwrap();
        let mut entries = BibtexEntries::new(input);
        let entries = std::iter::from_fn(|| entries.entry().unwrap());
        entries.map(|entry| (entry.line, entry.kind, entry.body.unwrap(), entry.is_closed)).collect()
    }

    fn entry(line: u64, kind: &str, body: &str) -> (u64, String, String, bool) {
        (line, kind.to_owned(), body.to_owned(), true)
    }

    #[test]
    fn entries_are_cut_by_their_braces() {
        let open = |line, body: &str| (line, "article".to_owned(), body.to_owned(), false);
        assert_eq!(
            cut("a remark me@x.org\n@Article{a, t = {x}} @book {b,\n}"),
            [entry(2, "article", "a, t = {x}"), entry(2, "book", "b,\n")]
        );
        assert_eq!(
            cut("@article{a, t = {x\n@article{b,}\n@article{c"),
            [open(1, "a, t = {x\n"), entry(2, "article", "b,"), open(3, "c\n")]
        );
        assert_eq!(cut("@article{a, t = {x\n  @user {say}\n}}"), [entry(1, "article", "a, t = {x\n  @user {say}\n}")]);
        assert_eq!(cut("}}{ @ @{ @x @-{"), []);
    }

    #[test]
    fn entries_between_parentheses() {
        for (text, body) in [
            ("@x(a, t = \"x (y)\"\n)", "a, t = \"x (y)\"\n"),
            ("@x(a, t = \"x)\", m = mar)", "a, t = \"x)\", m = mar"),
            ("@x(a, t = {x) (}, m = mar)", "a, t = {x) (}, m = mar"),
            ("@x(a(1), t = {x})", "a(1), t = {x}"),
            ("@x(a = \"Oak, Ada\")", "a = \"Oak, Ada\""),
            ("@x(\"Oak)\" # {)})", "\"Oak)\" # {)}"),
        ] {
            assert_eq!(cut(&format!("{text}\n@y{{b}}"))[0], entry(1, "x", body), "{text}");
            assert_eq!(cut(&format!("{text} @y{{b}}")).len(), 2, "{text}");
        }
        assert_eq!(cut("@comment(a (b) \"c)"), [entry(1, "comment", "a (b) \"c")]);
    }

    #[test]
    fn kinds_are_any_names() {
        for kind in ["web_page", "article-journal", "mvbook2", "x.y", "a:b/c", "статья2x", "a+b"] {
            assert_eq!(cut(&format!("@{kind}{{k}}")), [entry(1, kind, "k")], "{kind}");
        }
        assert_eq!(cut("oak@x.org (Ada) @1{k} @{k} @x y{k}"), []);
        assert_eq!(cut("text@article{k}"), [entry(1, "article", "k")]);
    }

    #[test]
    fn remarks_are_left_out() {
        for (text, body) in [
            ("@x{a, % b}\n t = {5% of} % {\n}", "a, \n t = {5% of} \n"),
            ("@x{a, t = \"5% of\",% \"\n% y = {z},\n}", "a, t = \"5% of\",\n\n"),
            ("@x{% first\na}", "\na"),
            ("@x{doi%2Fa, t = {x}}", "doi%2Fa, t = {x}"),
            ("@x{a, y = 2001% b\r}", "a, y = 2001\n"),
            ("@comment{5% of {x}}", "5% of {x}"),
        ] {
            assert_eq!(cut(text)[0].2, body, "{text}");
            assert!(cut(text)[0].3, "{text}");
        }
    }

    #[test]
    fn commented_entries() {
        let text = "% @article{old, t = {x}}\n %@article{older,\n%}\n@article{a, t = {x}}\n  % {@x{b}}\n@y{c} % it";
        assert_eq!(cut(text), [entry(4, "article", "a, t = {x}"), entry(6, "y", "c")]);
    }

    #[test]
    fn what_is_too_long_is_said() {
        let long = "x".repeat(MAX_RECORD + 1);
        let lines = "x\n".repeat(MAX_RECORD / 2 + 1);
        let blanks = " ".repeat(MAX_RECORD + 1);
        for text in [
            format!("\n@x{{a, t = {{{long}}}}}"),
            format!("\n@x{{a,\n t = {{\n{long}\n}}\n}}"),
            format!("\n@x{{a, t = {{{lines}}}}}"),
            format!("\n@x{{b}}\n@x{{a, t = {{{long}}}}}"),
        ] {
            let (input, _) = InputReader::new(std::io::Cursor::new(text + "\n@y{b}"), "x").unwrap();
            let mut entries = BibtexEntries::new(input);
            let found: Vec<_> = std::iter::from_fn(|| entries.entry().unwrap()).collect();
            let [.., wrong, last] = &found[..] else { panic!("{found:?}") };
            assert_eq!(wrong.body, Err("longer than 16 MB".to_owned()));
            assert_eq!(wrong.line, found.len() as u64);
            assert_eq!(last.body, Ok("b".to_owned()));
        }
        assert_eq!(cut(&format!("{blanks}@x{{a}}\n% {long}\n{blanks}\n@y{{b}}"))[1], entry(4, "y", "b"));
    }

    #[test]
    fn files_that_begin_as_bibliographies() {
        for (text, is, near) in [
            ("% Encoding: ISO-8859-1\n\n@article{a,\n", true, true),
            ("% Encoding: x\r\r@web_page{a,\r", true, true),
            ("@string(a = \"b\")\n", true, true),
            ("@article{\n", true, true),
            ("Scopus\nEXPORT DATE: 01 May 2020\n\n@ARTICLE{Oak2020,\nauthor={", false, true),
            ("Dear reader\n", false, false),
            ("@reader hello\n@a @b{c", false, false),
            ("See @user {x}, please\n", false, false),
        ] {
            assert_eq!((is_bibliography(text), has_entry_near_start(text)), (is, near), "{text}");
        }
    }
}
