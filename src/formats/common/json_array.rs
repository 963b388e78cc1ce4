//! Splits JSON text into the elements of its top-level array, or into objects that follow one another, without parsing
//! them: one bad element does not affect the others, and memory holds one at a time.

use std::io::{self, BufRead};

use serde_json::Value;

use crate::error::{RecordPosition, Result};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputReader, MAX_RECORD};

/// The elements of one input, each with its position.
pub(crate) struct JsonElements<R> {
    input: R,
    cut: ScanState,
    count: u64,
}

impl JsonElements<InputReader> {
    pub(crate) fn new(input: InputReader) -> JsonElements<InputReader> {
        JsonElements { input, cut: ScanState::Before, count: 0 }
    }

    pub(crate) fn input(&self) -> &InputReader {
        &self.input
    }

    /// Returns the next element, parsed. Nothing follows an error of the whole file.
    pub(crate) fn next_value(&mut self) -> Option<(RecordPosition, Result<Value>)> {
        let found = self.bytes();
        self.count += 1;
        let position = RecordPosition::Record(self.count);
        let value = match found {
            Ok(None) => return None,
            Ok(Some(bytes)) if bytes.len() > MAX_RECORD => {
                Err(self.input.bad_record(position, format!("longer than {} MB", MAX_RECORD >> 20)))
            }
            Ok(Some(bytes)) => parse(&bytes).map_err(|reason| self.input.bad_record(position, reason)),
            Err(ScanStop::Reading(error)) => Err(self.input.read_error(&error)),
            Err(ScanStop::Shape(reason)) => Err(self.input.bad_file(reason)),
        };
        Some((position, value))
    }
}

/// Returns the complete elements at the start of a file.
pub(crate) fn complete_elements(head: &[u8]) -> Vec<Value> {
    let mut elements = JsonElements { input: head, cut: ScanState::Before, count: 0 };
    let bytes = std::iter::from_fn(|| elements.bytes().ok().flatten());
    bytes.filter_map(|bytes| parse(&bytes).ok()).collect()
}

/// Returns the JSON value in some bytes, or what is wrong with them.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| NOT_UTF8.to_owned())?;
    // Each of several files that were joined may begin with a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let parsed = serde_json::from_str(text);
    let parsed = parsed
        .or_else(|error| with_whole_characters(text).and_then(|text| serde_json::from_str(&text).ok()).ok_or(error));
    parsed.map_err(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let near: String = line.chars().skip(error.column().saturating_sub(1)).take(20).collect();
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let near = if near.trim().is_empty() { "the end".to_owned() } else { format!("`{near}`") };
        let hint = match near.trim_start_matches('`') {
            near if near.starts_with("aN") || near.starts_with("NaN") => "; write null for NaN",
            _ => "",
        };
        format!("not JSON: {what} at column {}, near {near}{hint}", error.column())
    })
}

/// The same JSON with U+FFFD in the place of halves of characters, `\ud83d`, which programs leave that cut texts; `None`
/// if there are none.
fn with_whole_characters(text: &str) -> Option<String> {
    let mut whole = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (half(rest), rest.get(6..).and_then(half)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => 6,
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        let is_lone = length == 6;
        whole.push_str(if is_lone { "\u{fffd}" } else { &rest[..length] });
        changed |= is_lone;
        rest = &rest[length..];
    }
    whole.push_str(rest);
    changed.then_some(whole)
}

/// The half of a character that a text begins with: one of the two that UTF-16 has for it.
fn half(text: &str) -> Option<u16> {
    let code = u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

enum ScanStop {
    Reading(io::Error),
    Shape(String),
}

/// How far the scan has come.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ScanState {
    /// Nothing but white space was read.
    Before,
    /// Between two elements, inside the top-level array or without one.
    Between { array: bool },
    /// The array was closed.
    After,
}

impl<R: BufRead> JsonElements<R> {
    /// The next element's text. One that is too long comes cut to just above [`MAX_RECORD`].
    fn bytes(&mut self) -> Result<Option<Vec<u8>>, ScanStop> {
        let mut element = PartialElement::default();
        loop {
            let buffer = self.input.fill_buf().map_err(ScanStop::Reading)?;
            if buffer.is_empty() {
                return self.end(element);
            }
            let mut used = 0;
            let mut done = false;
            while used < buffer.len() && !done {
                let byte = buffer[used];
                used += 1;
                done = match self.cut {
                    ScanState::Before if byte.is_ascii_whitespace() => false,
                    ScanState::Before if byte == b'[' => {
                        self.cut = ScanState::Between { array: true };
                        false
                    }
                    // A byte order mark may stand before the first element too.
                    ScanState::Before if !matches!(byte, b'{' | b'"' | 0xef) => {
                        let line = buffer[used - 1..].split(|byte| matches!(byte, b'\n' | b'\r')).next();
                        let start: String =
                            String::from_utf8_lossy(line.unwrap_or_default()).chars().take(30).collect();
                        return Err(ScanStop::Shape(format!("not JSON, beginning with `{}`", start.trim())));
                    }
                    ScanState::Before => {
                        self.cut = ScanState::Between { array: false };
                        element.push(byte);
                        false
                    }
                    ScanState::Between { array } if element.is_at_top() && (byte == b',' || array && byte == b']') => {
                        let last = byte == b']';
                        if last {
                            self.cut = ScanState::After;
                        }
                        // A comma after the last element is forgiven, `[]` has none, `,,` has an empty one.
                        !(element.text.is_empty() && (last || !array))
                    }
                    ScanState::Between { array } => {
                        element.push(byte);
                        !array && element.is_closed()
                    }
                    ScanState::After if byte.is_ascii_whitespace() => false,
                    ScanState::After => {
                        return Err(ScanStop::Shape("text follows the JSON array's closing `]`".to_owned()));
                    }
                };
            }
            self.input.consume(used);
            if done {
                return Ok(Some(element.text));
            }
        }
    }

    fn end(&self, element: PartialElement) -> Result<Option<Vec<u8>>, ScanStop> {
        match self.cut {
            ScanState::Between { array: true } => {
                Err(ScanStop::Shape("the JSON array is incomplete: the file is truncated".to_owned()))
            }
            ScanState::Between { array: false } if element.depth > 0 => {
                Err(ScanStop::Shape("the last JSON object is incomplete: the file is truncated".to_owned()))
            }
            _ if element.text.is_empty() => Ok(None),
            _ => Ok(Some(element.text)),
        }
    }
}

/// An element as far as it was read.
#[derive(Default)]
struct PartialElement {
    text: Vec<u8>,
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl PartialElement {
    fn push(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            _ if self.quoted => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let leading = self.text.is_empty() && byte.is_ascii_whitespace();
        if !leading && self.text.len() <= MAX_RECORD {
            self.text.push(byte);
        }
    }

    fn is_at_top(&self) -> bool {
        self.depth == 0 && !self.quoted
    }

    /// Whether it is a whole object or array.
    fn is_closed(&self) -> bool {
        self.is_at_top() && matches!(self.text.last(), Some(b'}' | b']'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn check(text: &str, expect: &[&str]) {
        let (input, _) = InputReader::new(std::io::Cursor::new(text.as_bytes().to_vec()), "x").unwrap();
        let mut elements = JsonElements::new(input);
        let mut found = Vec::new();
        while let Some((_, value)) = elements.next_value() {
            let stop = matches!(value, Err(Error::BadFile { .. }));
            found.push(value.map_or_else(|error| error.to_string(), |value| value.to_string()));
            if stop {
                break;
            }
        }
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn halves_of_characters() {
        for (text, expect) in [
            (r#""a \ud83d x""#, Ok("a \u{fffd} x")),
            (r#""\ude00\ud83d\ud83d\ude00""#, Ok("\u{fffd}\u{fffd}😀")),
            (r#""\\ud83d \ud83d\n""#, Ok("\\ud83d \u{fffd}\n")),
            (r#""\ud83d"#, Err("not JSON: ")),
            (r#""é\"#, Err("not JSON: ")),
        ] {
            match (parse(text.as_bytes()), expect) {
                (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{text}"),
                (Err(found), Err(expect)) => assert!(found.starts_with(expect), "{text}: {found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn no_json() {
        check("<!DOCTYPE html>\n<p>\n", &["x: not JSON, beginning with `<!DOCTYPE html>`"]);
        check("\nDear reader,\nthis\n", &["x: not JSON, beginning with `Dear reader,`"]);
    }

    #[test]
    fn arrays() {
        check("[]", &[]);
        check(" [ ]\n", &[]);
        check("[1, \"a]b\", {\"c\": [2, \"\\\"}\"]} ]", &["1", "\"a]b\"", r#"{"c":[2,"\"}"]}"#]);
        check("[1,]", &["1"]);
        check("[1,,2]", &["1", "x, record 2: not JSON: EOF while parsing a value at column 0, near the end", "2"]);
        check("[1] 2", &["1", "x: text follows the JSON array's closing `]`"]);
        check("[1, {\"a\": 2", &["1", "x: the JSON array is incomplete: the file is truncated"]);
        check("[{\"a\": nope}, 2]", &["x, record 1: not JSON: expected ident at column 8, near `ope}`", "2"]);
    }

    #[test]
    fn objects_one_after_the_other() {
        check("{\n \"a\": 1\n}\n{\"b\": \"}\"}", &[r#"{"a":1}"#, r#"{"b":"}"}"#]);
        check("{\"a\": 1},\n{\"b\": 2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#]);
        check("{\"a\": 1}{\"b\": ", &[r#"{"a":1}"#, "x: the last JSON object is incomplete: the file is truncated"]);
        check("", &[]);
    }

    #[test]
    fn an_element_that_is_too_long_is_skipped() {
        use std::io::Read;
        let long = std::io::repeat(b'x').take(2 * MAX_RECORD as u64);
        let (input, _) = InputReader::new((&b"[\""[..]).chain(long).chain(&b"\", 2]"[..]), "x").unwrap();
        let mut elements = JsonElements::new(input);
        assert_eq!(elements.next_value().unwrap().1.unwrap_err().to_string(), "x, record 1: longer than 16 MB");
        assert_eq!(elements.next_value().unwrap().1.unwrap(), Value::from(2));
        assert!(elements.next_value().is_none());
    }
}
