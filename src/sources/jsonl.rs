//! JSON with papers as they are: an object on each line, a top-level array of objects, or objects that span lines.

use serde_json::Value;

use crate::error::{Place, Result};
use crate::paper::Draft;

use super::elements::{self, Elements};
use super::fields::{self, Field};
use super::input::{Head, Input, Line, MAX_RECORD};
use super::{Format, Records};

/// How many lines of the start are looked at for JSON before a file is refused.
const TRIED: usize = 10;

/// Fails when the file's start is no JSON, or JSON without anything like a paper.
pub(super) fn read(input: Input, head: &Head) -> Result<Records> {
    let by_lines = is_by_lines(&head.bytes);
    check(head, by_lines).map_err(|reason| input.bad_file(reason))?;
    Ok(if by_lines { lines(input) } else { values(input) })
}

fn lines(mut input: Input) -> Records {
    let mut buffer = Vec::new();
    let mut number = 0;
    Box::new(std::iter::from_fn(move || {
        loop {
            number += 1;
            let place = Place::Line(number);
            return match input.line(&mut buffer) {
                Ok(Line::End) => None,
                Ok(Line::Read) if buffer.trim_ascii().is_empty() => continue,
                Ok(Line::Read) => Some(input.finish(elements::parse(&buffer).and_then(draft), place)),
                Ok(Line::TooLong) => Some(Err(input.bad_record(place, format!("longer than {} MB", MAX_RECORD >> 20)))),
                Err(error) => Some(Err(input.fault(&error))),
            };
        }
    }))
}

fn values(input: Input) -> Records {
    let mut elements = Elements::new(input);
    Box::new(std::iter::from_fn(move || {
        let (place, value) = elements.parsed()?;
        Some(value.and_then(|value| elements.input().finish(draft(value), place)))
    }))
}

fn draft(value: Value) -> Result<Draft, String> {
    match value {
        Value::Object(record) => fields::draft(record, Format::Jsonl.source()),
        other => Err(format!("{} instead of a JSON object with a title and an abstract", kind(&other))),
    }
}

/// Whether each line is a record: so it is unless the file begins as an array, or with an object that goes on.
fn is_by_lines(head: &[u8]) -> bool {
    let first = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let opens = matches!(first.last(), Some(b'{' | b'[' | b','));
    !(first.starts_with(b"[") || first.starts_with(b"{") && opens)
}

/// Whether the file's start has anything that could be a paper; or what it has.
fn check(head: &Head, by_lines: bool) -> Result<(), String> {
    let mut lines: Vec<&[u8]> = head.bytes.split(|byte| *byte == b'\n').collect();
    if !head.complete {
        lines.pop();
    }
    lines.retain(|line| !line.trim_ascii().is_empty());
    let values = if by_lines {
        let looks_like_json = |line: &&[u8]| matches!(line.trim_ascii_start().first(), Some(b'{' | b'['));
        if !lines.is_empty() && !lines.iter().take(TRIED).any(looks_like_json) {
            return Err(not_json(lines[0]));
        }
        lines.iter().filter_map(|line| elements::parse(line).ok()).collect()
    } else {
        elements::of_head(&head.bytes)
    };
    match values.first() {
        Some(first) if !values.iter().any(has_text) => Err(no_paper(first)),
        _ => Ok(()),
    }
}

fn not_json(line: &[u8]) -> String {
    let start: String = String::from_utf8_lossy(line).chars().take(30).collect();
    format!("not JSON: it begins with `{}`; the format jsonl has a JSON object on each line", start.trim())
}

/// Whether a value has a field for title or abstract.
pub(super) fn has_text(value: &Value) -> bool {
    value.as_object().is_some_and(|record| record.keys().any(|name| Field::is_text(name)))
}

/// What to say of a file whose first value is this and that has no paper.
pub(super) fn no_paper(first: &Value) -> String {
    match first {
        Value::Object(record) => Field::no_text_among(record.keys().map(String::as_str)),
        other => format!(
            "{} where papers are expected: give a JSON object with `title` and `abstract` on each line, or an array of \
             such objects",
            kind(other)
        ),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
