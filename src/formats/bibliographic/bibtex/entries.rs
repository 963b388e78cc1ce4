//! Splits a BibTeX file into its entries, and an entry into its fields.
//!
//! Entries are split at their braces before they are read, so that a broken one does not affect the others: one that
//! is never closed ends where a line begins with the next.

use std::io;

use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader, MAX_RECORD};

/// An entry's text between its outer braces.
#[derive(Debug, PartialEq)]
pub(crate) struct BibtexEntry {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// `article`, `string`, ... in lower case.
    pub(crate) kind: String,
    /// What stands in it, or why it cannot be read.
    pub(crate) body: Result<String, String>,
}

/// The entries of one input.
pub(crate) struct BibtexEntries {
    input: InputReader,
    /// The line that was read last, how much of it was used, and its number.
    text: Vec<u8>,
    used: usize,
    line: u64,
}

impl BibtexEntries {
    pub(crate) fn new(input: InputReader) -> BibtexEntries {
        BibtexEntries { input, text: Vec::new(), used: 0, line: 0 }
    }

    pub(crate) fn input(&self) -> &InputReader {
        &self.input
    }

    /// The next entry. Text between entries is a remark.
    pub(crate) fn entry(&mut self) -> io::Result<Option<BibtexEntry>> {
        let kind = loop {
            match opening(&self.text[self.used..]) {
                Some((kind, end)) => {
                    self.used += end;
                    break kind;
                }
                None if !self.next_line()? => return Ok(None),
                None => {}
            }
        };
        let line = self.line;
        let mut body = Vec::new();
        let mut depth = 1_usize;
        let body = loop {
            let rest = &self.text[self.used..];
            if let Some(end) = closing(rest, &mut depth) {
                body.extend_from_slice(&rest[..end]);
                self.used += end + 1;
                break String::from_utf8(body).map_err(|_| NOT_UTF8.to_owned());
            }
            body.extend_from_slice(rest);
            body.push(b'\n');
            if body.len() > MAX_RECORD {
                self.next_line()?;
                break Err(format!("longer than {} MB", MAX_RECORD >> 20));
            }
            if !self.next_line()? || self.text.first() == Some(&b'@') && opening(&self.text).is_some() {
                break Err(format!("`@{kind}` is not closed: a brace is missing"));
            }
        };
        Ok(Some(BibtexEntry { line, kind, body }))
    }

    fn next_line(&mut self) -> io::Result<bool> {
        self.line += 1;
        self.used = 0;
        let found = self.input.line(&mut self.text)?;
        Ok(found != InputLine::End)
    }
}

/// The first `@kind{` in a line, in lower case, and where it ends.
fn opening(line: &[u8]) -> Option<(String, usize)> {
    let mut from = 0;
    loop {
        let at = from + line[from..].iter().position(|byte| *byte == b'@')? + 1;
        let letters = line[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let spaces = line[at + letters..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let brace = at + letters + spaces;
        if letters > 0 && matches!(line.get(brace), Some(b'{' | b'(')) {
            return Some((String::from_utf8_lossy(&line[at..at + letters]).to_ascii_lowercase(), brace + 1));
        }
        from = at;
    }
}

/// Returns the position of the brace that closes the entry, if it is in this line; `depth` is the nesting at the start
/// of the line, and is updated to that at its end.
fn closing(line: &[u8], depth: &mut usize) -> Option<usize> {
    line.iter().position(|byte| {
        match byte {
            b'{' => *depth += 1,
            b'}' => *depth -= 1,
            b')' if *depth == 1 && line.trim_ascii() == b")" => *depth = 0,
            _ => {}
        }
        *depth == 0
    })
}

/// Returns the fields of an entry in their order, names in lower case. `expand` returns what an abbreviation stands for.
pub(crate) fn fields(body: &str, expand: impl Fn(&str) -> String) -> Result<Vec<(String, String)>, String> {
    let mut rest = match body.split_once(',') {
        Some((key, rest)) if !key.contains('=') => rest,
        _ => body,
    };
    let mut fields = Vec::new();
    let mut length = 0;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return Ok(fields);
        }
        let Some((name, after)) = rest.split_once('=') else {
            return if fields.is_empty() && !body.contains('=') { Ok(fields) } else { Err(odd(rest)) };
        };
        let name = name.trim();
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "{}\",#".contains(c)) {
            return Err(odd(rest));
        }
        rest = after;
        let mut value = String::new();
        loop {
            let (part, after) = part(rest.trim_start(), &expand).ok_or_else(|| format!("`{name}` has no value"))?;
            length += part.len();
            if length > MAX_RECORD {
                return Err(format!("longer than {} MB with abbreviations expanded", MAX_RECORD >> 20));
            }
            value.push_str(&part);
            rest = after.trim_start();
            match rest.strip_prefix('#') {
                Some(more) => rest = more,
                None => break,
            }
        }
        fields.push((name.to_lowercase(), value));
    }
}

fn odd(rest: &str) -> String {
    let start: String = rest.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(30).collect();
    format!("expected a field, found `{start}`")
}

/// One part of a value, `{...}`, `"..."` or a word, and what follows it.
fn part(text: &str, expand: impl Fn(&str) -> String) -> Option<(String, &str)> {
    let end = match text.chars().next()? {
        '{' => balanced(text, |depth, byte| depth == 0 && byte == b'}')?,
        '"' => 1 + balanced(&text[1..], |depth, byte| depth == 0 && byte == b'"')?,
        _ => {
            let end = text.find(|c: char| c.is_whitespace() || ",#{}\"=".contains(c)).unwrap_or(text.len());
            let word = &text[..end];
            let value = if word.bytes().all(|b| b.is_ascii_digit()) { word.to_owned() } else { expand(word) };
            return (end > 0).then_some((value, &text[end..]));
        }
    };
    Some((text[1..end].to_owned(), &text[end + 1..]))
}

/// Returns the position of the first byte for which `ends` holds, given the nesting after it.
fn balanced(text: &str, ends: impl Fn(usize, u8) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        ends(depth, byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(u64, String, Result<String, String>)> {
        let (input, _) = InputReader::new(std::io::Cursor::new(text.to_owned()), "x").unwrap();
        let mut entries = BibtexEntries::new(input);
        std::iter::from_fn(|| entries.entry().unwrap()).map(|entry| (entry.line, entry.kind, entry.body)).collect()
    }

    #[test]
    fn entries_are_cut_by_their_braces() {
        let ok = |line, kind: &str, body: &str| (line, kind.to_owned(), Ok(body.to_owned()));
        let open = |line| (line, "article".to_owned(), Err("`@article` is not closed: a brace is missing".to_owned()));
        assert_eq!(
            cut("a remark me@x.org\n@Article{a, t = {x}} @book {b,\n}"),
            [ok(2, "article", "a, t = {x}"), ok(2, "book", "b,\n")]
        );
        assert_eq!(cut("@article{a, t = {x\n@article{b}\n@article{c"), [open(1), ok(2, "article", "b"), open(3)]);
        assert_eq!(
            cut("@article(a, t = \"x (y)\"\n)\n@misc{b}"),
            [ok(1, "article", "a, t = \"x (y)\"\n"), ok(3, "misc", "b")]
        );
        assert_eq!(cut("}}{ @ @{ @x"), []);
    }

    fn check(body: &str, expect: Result<&[(&str, &str)], &str>) {
        let found = fields(body, |word| format!("<{word}>"));
        let found = found.as_ref().map(|list| list.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>());
        assert_eq!(found.map_err(String::as_str), expect.map(<[_]>::to_vec), "{body}");
    }

    #[test]
    fn fields_of_entries() {
        check(
            "key, Title = {A {B} c}, year = 2001 , month = jan # \"~5\",\n note = \"say {\"}x{\"}\",",
            Ok(&[("title", "A {B} c"), ("year", "2001"), ("month", "<jan>~5"), ("note", "say {\"}x{\"}")]),
        );
        check("title = {no key}", Ok(&[("title", "no key")]));
        check("k, a = {no comma} b = {c}", Ok(&[("a", "no comma"), ("b", "c")]));
        check("key", Ok(&[]));
        check("key,\n", Ok(&[]));
        check("k, a = , b = {c}", Err("`a` has no value"));
        check("k, a = {b}, c d = {e}", Err("expected a field, found `c d = {e}`"));
        check("k, a = {b}, c", Err("expected a field, found `c`"));
    }
}
