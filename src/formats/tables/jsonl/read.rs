//! Reads JSON: an object on each line, a top-level array of objects, or objects that span lines.
//!
//! Answers of services have their papers in a list, which [`json_answers`] finds.

use std::collections::VecDeque;

use serde_json::Value;

use crate::error::{RecordPosition, Result};
use crate::formats::common::clean::clean;
use crate::formats::common::field_names::FieldRole;
use crate::formats::common::input::{InputHead, InputLine, InputReader, MAX_RECORD};
use crate::formats::common::json_array::{self, JsonElements};
use crate::formats::common::{arxiv_text, fields};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, DroppedField, PaperRecord, RecordIter};
use crate::formats::services::json_answers;

/// How many lines are searched for JSON before a file is refused.
const MAX_TRIED_LINES: usize = 10;

/// Fails when the file does not begin with JSON, or with JSON without anything like a paper.
pub(crate) fn read(input: InputReader, head: &InputHead, format: InputFormat) -> Result<RecordIter> {
    let by_lines = is_by_lines(&head.bytes);
    check(head, by_lines, format).map_err(|reason| input.bad_file(reason))?;
    Ok(if by_lines { lines(input, format) } else { values(input, format) })
}

fn lines(mut input: InputReader, format: InputFormat) -> RecordIter {
    let mut buffer = Vec::new();
    let mut number = 0;
    let mut ready = VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        loop {
            let position = RecordPosition::Line(number);
            if let Some(value) = ready.pop_front() {
                return Some(input.found_record(reference(value, format), position));
            }
            number += 1;
            let position = RecordPosition::Line(number);
            match input.line(&mut buffer) {
                Ok(InputLine::End) => return None,
                Ok(InputLine::Read) if buffer.trim_ascii().is_empty() => {}
                Ok(InputLine::Read) => match json_array::parse(&buffer) {
                    Ok(value) => ready.extend(json_answers::papers(value, format)),
                    Err(reason) => return Some(Err(input.bad_record(position, reason))),
                },
                Ok(InputLine::TooLong) => {
                    return Some(Err(input.bad_record(position, format!("longer than {} MB", MAX_RECORD >> 20))));
                }
                Err(error) => return Some(Err(input.read_error(&error))),
            }
        }
    }))
}

fn values(input: InputReader, format: InputFormat) -> RecordIter {
    let mut elements = JsonElements::new(input);
    let mut ready = VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some((value, position)) = ready.pop_front() {
                return Some(elements.input().found_record(reference(value, format), position));
            }
            match elements.next_value()? {
                (position, Ok(value)) => {
                    ready.extend(json_answers::papers(value, format).into_iter().map(|value| (value, position)));
                }
                (_, Err(error)) => return Some(Err(error)),
            }
        }
    }))
}

/// One record on its own; or what is wrong with it. Whoever sends one record learns of a field that cannot
/// be used before anything is stored.
pub(crate) fn record(json: &[u8]) -> Result<PaperRecord, String> {
    let mut reference = reference(json_array::parse(json)?, InputFormat::Jsonl)?;
    clean(&mut reference, InputFormat::Jsonl);
    match reference.notes.dropped.first() {
        Some(DroppedField { field, reason }) => Err(format!("`{field}`: {reason}")),
        None => {
            let BibReference { raw_paper, links, notes, .. } = reference;
            let (position, origins, dropped) = (RecordPosition::Line(1), notes.origins, Vec::new());
            Ok(PaperRecord { paper: raw_paper.validate()?, links, embedding: None, position, origins, dropped })
        }
    }
}

fn reference(value: Value, format: InputFormat) -> Result<BibReference, String> {
    match value {
        Value::Object(record) => {
            let mut reference = fields::reference(record, format.source());
            if format == InputFormat::ArxivJson {
                reference.raw_paper = arxiv_text::read_accents(reference.raw_paper);
            }
            Ok(reference)
        }
        other => Err(format!("expected a JSON object with a title and an abstract, found {}", kind(&other))),
    }
}

/// Whether each line is a record: so it is unless the file begins as an array, or with an object that goes on.
fn is_by_lines(head: &[u8]) -> bool {
    let first = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let opens = matches!(first.last(), Some(b'{' | b'[' | b','));
    !(first.starts_with(b"[") || first.starts_with(b"{") && opens)
}

/// Whether the file's start has anything that could be a paper; or what it has.
fn check(head: &InputHead, by_lines: bool, format: InputFormat) -> Result<(), String> {
    let mut lines: Vec<&[u8]> = head.bytes.split(|byte| *byte == b'\n').collect();
    if !head.complete {
        lines.pop();
    }
    lines.retain(|line| !line.trim_ascii().is_empty());
    let values = if by_lines {
        let looks_like_json = |line: &&[u8]| matches!(line.trim_ascii_start().first(), Some(b'{' | b'['));
        if !lines.is_empty() && !lines.iter().take(MAX_TRIED_LINES).any(looks_like_json) {
            return Err(not_json(lines[0]));
        }
        lines.iter().filter_map(|line| json_array::parse(line).ok()).collect()
    } else {
        json_array::complete_elements(&head.bytes)
    };
    match &values[..] {
        _ if format != InputFormat::Jsonl => Ok(()),
        [only] if let Some(name) = wrapped_list(only) => {
            Err(format!("an object with a list in `{name}`: use the list itself, or one of its objects per line"))
        }
        [first, ..] if !values.iter().any(has_text) => Err(no_paper(first)),
        _ => Ok(()),
    }
}

fn not_json(line: &[u8]) -> String {
    let start: String = String::from_utf8_lossy(line).chars().take(30).collect();
    format!("not JSON, beginning with `{}`; the format jsonl has one JSON object per line", start.trim())
}

/// Whether a value has a field for title or abstract.
pub(crate) fn has_text(value: &Value) -> bool {
    value.as_object().is_some_and(|record| record.keys().any(|name| FieldRole::is_text(name)))
}

/// The field of an object without an abstract that holds objects and says nothing of a paper: `items` of a JSON feed,
/// `data` of an answer of a web service.
fn wrapped_list(value: &Value) -> Option<&str> {
    let record = value.as_object()?;
    let holds_objects = |value: &Value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
    let list = record.iter().find(|(name, value)| !FieldRole::is_known(name) && holds_objects(value));
    list.map(|(name, _)| name.as_str()).filter(|_| !record.keys().any(|name| FieldRole::is_abstract(name)))
}

/// What to say of a file whose first value is this and that has no paper.
pub(crate) fn no_paper(first: &Value) -> String {
    match first {
        Value::Object(record) => FieldRole::no_text_among(record.keys().map(String::as_str)),
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
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::MAX_RECORD;
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    fn check(text: impl AsRef<[u8]>, expect: &[&str]) {
        let text = text.as_ref().to_vec();
        let shown = String::from_utf8_lossy(&text).into_owned();
        let found = summaries(read(std::io::Cursor::new(text), "x.jsonl", Some(InputFormat::Jsonl)));
        let found: Vec<&str> = found.iter().map(|line| line.split(" | ").nth(1).unwrap_or(line)).collect();
        assert_eq!(found, expect, "{shown}");
    }

    #[test]
    fn lines_of_objects() {
        insta::assert_snapshot!(fixture("papers.jsonl").join("\n"));
    }

    #[test]
    fn a_bad_line_does_not_spoil_its_neighbors() {
        insta::assert_snapshot!(fixture("damaged.jsonl").join("\n"));
        check(
            b"{\"id\": 1, \"title\": \"a\"}\n{\"id\": 2, \"title\": \"\xff\"}\n{\"id\": 3, \"title\": \"c\"}",
            &[
                "title=a",
                "x.jsonl, line 2: not UTF-8: save the file as UTF-8, or give --encoding windows-1252",
                "title=c",
            ],
        );
        check(
            "{\"id\": 1, \"title\": \"a\"}\n\0\0\0\0\n{\"id\": 3, \"title\": \"c\"}",
            &["title=a", "x.jsonl, line 2: not JSON: expected value at column 1, near `\0\0\0\0`", "title=c"],
        );
    }

    #[test]
    fn accents_of_arxiv_are_letters() {
        let text = r#"{"id": "2401.90001", "title": "Schr\\\"odinger's $\\tilde{n}$", "authors_parsed": [["Balázs", "C.", ""]]}"#;
        for (format, title) in [
            (InputFormat::ArxivJson, r"Schrödinger's $\tilde{n}$"),
            (InputFormat::Jsonl, r#"Schr\"odinger's $\tilde{n}$"#),
        ] {
            let found = summaries(read(std::io::Cursor::new(text), "x.jsonl", Some(format)));
            assert!(found[0].contains(&format!("title={title} | ")), "{found:?}");
        }
    }

    #[test]
    fn arrays_and_objects_over_lines() {
        let titles = ["title=a", "title=b"];
        check("[{\"id\": 1, \"title\": \"a\"}, {\"id\": 2, \"title\": \"b\"}]", &titles);
        check("[\n  {\n  \"id\": 1,\n  \"title\": \"a\"\n  },\n {\"id\": 2, \"title\": \"b\"}\n]\n", &titles);
        check("{\n  \"id\": 1,\n  \"title\": \"a\"\n}\n{\n\"id\": 2, \"title\": \"b\"\n}\n", &titles);
        check("\u{feff}{\"id\": 1, \"title\": \"a\"}\r\n\r\n  \r\n{\"id\": 2, \"title\": \"b\"}\r\n", &titles);
        let expected = "objects such as `{\"title\": \"...\", \"abstract\": \"...\"}`";
        check("[]", &[&format!("x.jsonl: no record of JSON in it: expected {expected}")]);
        check(
            "[{\"id\": 1, \"title\": \"a\"}, 2, {\"id\": 2, \"title\": \"b\"}]",
            &[
                "title=a",
                "x.jsonl, record 2: expected a JSON object with a title and an abstract, found a number",
                "title=b",
            ],
        );
    }

    #[test]
    fn a_record_on_its_own_has_no_bad_field() {
        for (json, reason) in [
            (r#"{"title": "t", "votes": -1}"#, "`votes`: `-1` is not a count: expected an integer of 0 or more"),
            (r#"{"title": "t", "id": 1.5}"#, "`id`: `1.5` is not an id: expected a string or an integer"),
            (r#"{"title": 3, "abstract": "a"}"#, "`title`: `3` is not a string"),
            (r#"{"title": null}"#, "no title and no abstract"),
        ] {
            assert_eq!(super::record(json.as_bytes()).unwrap_err(), reason);
        }
        let paper = super::record(br#"{"title": "t", "votes": null, "authors": [{"name": null}]}"#).unwrap().paper;
        assert_eq!((paper.title.as_str(), paper.votes, paper.authors.len()), ("t", None, 0));
    }

    #[test]
    fn files_without_papers() {
        check(
            "Dear reader\n",
            &["x.jsonl: not JSON, beginning with `Dear reader`; the format jsonl has one JSON object per line"],
        );
        check(
            "nonsense\n".repeat(5_000),
            &["x.jsonl: not JSON, beginning with `nonsense`; the format jsonl has one JSON object per line"],
        );
        check(
            "{\"user\": \"u\", \"library\": []}\n".repeat(9),
            &["x.jsonl: no title and no abstract: the fields are `library`, `user`; paperkin reads `title` and \
               `abstract` (or `paper_title`; `summary`, `abstract_text`, `paper_abstract`, `text`)"],
        );
        check(
            "{\"title\": \"A feed\", \"items\": [{\"title\": \"a\"}]}",
            &["x.jsonl: an object with a list in `items`: use the list itself, or one of its objects per line"],
        );
        check(
            "[1, 2, 3]",
            &["x.jsonl: a number where papers are expected: give a JSON object with `title` and `abstract` on each \
               line, or an array of such objects"],
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let before = &b"{\"id\": 1, \"title\": \"a\"}\n{\"id\": 2, \"title\": \""[..];
        let after = &b"\"}\n{\"id\": 3, \"title\": \"c\"}\n"[..];
        let long = before.chain(std::io::repeat(b'x').take(3 * MAX_RECORD as u64)).chain(after);
        let found = summaries(read(long, "x.jsonl", None));
        assert_eq!(found, ["id=1 | title=a", "x.jsonl, line 2: longer than 16 MB", "id=3 | title=c"]);
    }

    #[test]
    fn deep_nesting_is_a_bad_record() {
        let deep = format!("{{\"title\": {}\n{{\"id\": 2, \"title\": \"b\"}}", "[".repeat(10_000) + "1");
        let found = summaries(read(std::io::Cursor::new(deep), "x.jsonl", None));
        assert!(found[0].starts_with("x.jsonl, line 1: not JSON: recursion limit exceeded"), "{found:?}");
        assert_eq!(found[1], "id=2 | title=b");
    }
}
