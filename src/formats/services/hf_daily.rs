//! Reads answers of Hugging Face's `/api/daily_papers`: a JSON array of entries with a `paper`.
//!
//! The fields moved over the years. `paper.submittedOnDailyAt`, since 2025, says when a paper was listed; before,
//! the entry's own `publishedAt` said it, which since then repeats the paper's. Both are times in UTC, and their day
//! is taken. Some archives hold entries as Python's `repr` in strings, or the array in an object's `data` beside the
//! listing's `date`: they are read all the same.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::error::{RecordPosition, Result};
use crate::formats::common::input::{InputHead, InputReader};
use crate::formats::common::json_array::{self, JsonElements};
use crate::formats::common::values::ReadValue;
use crate::formats::common::{arxiv_text, authors, python_literal, values};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, FoundRecord, RecordIter, RecordNotes};
use crate::paper::RawPaper;

/// Longest day of a whole list, in bytes of JSON: each of its entries has a copy.
const MAX_DAY: usize = 100;

/// Fails when the file begins with JSON that is not such an answer.
pub(crate) fn read(input: InputReader, head: &InputHead) -> Result<RecordIter> {
    let first = json_array::complete_elements(&head.bytes);
    if !first.is_empty() && !first.iter().any(is_entry) {
        return Err(input.bad_file(
            "not an answer of Hugging Face's /api/daily_papers: no entry has a `paper`; JSON with papers as they are \
             is the format jsonl",
        ));
    }
    let mut elements = JsonElements::new(input);
    let mut ready: VecDeque<WrappedEntry> = VecDeque::new();
    Ok(Box::new(std::iter::from_fn(move || -> Option<Result<FoundRecord>> {
        loop {
            if let Some(WrappedEntry { value, day, position }) = ready.pop_front() {
                let reference = value.and_then(|value| entry(value, day));
                return Some(elements.input().found_record(reference, position));
            }
            match elements.next_value()? {
                (position, Ok(value)) => ready.extend(entries(value, position)),
                (_, Err(error)) => return Some(Err(error)),
            }
        }
    })))
}

/// Whether a value looks like an entry, or like something that wraps entries.
pub(crate) fn is_entry(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get("paper").is_some_and(Value::is_object)
                || fields.get("data").and_then(Value::as_array).is_some_and(|data| data.iter().any(is_entry))
        }
        Value::String(text) => text.trim_start().starts_with("{'paper'"),
        _ => false,
    }
}

/// An entry, or why there is none, with the day of the list that it is in.
struct WrappedEntry {
    value: Result<Value, String>,
    day: Option<Value>,
    position: RecordPosition,
}

/// Returns the entries of one element of the file: one, or all that it wraps.
fn entries(value: Value, position: RecordPosition) -> Vec<WrappedEntry> {
    match value {
        Value::Object(mut fields) if !fields.contains_key("paper") && fields.contains_key("data") => {
            let day = fields.remove("date").filter(|day| day.to_string().len() <= MAX_DAY);
            let values: Vec<Result<Value, String>> = match fields.remove("data") {
                Some(Value::Array(data)) => data.into_iter().map(Ok).collect(),
                _ => vec![Err("`data` is not a list".to_owned())],
            };
            values.into_iter().map(|value| WrappedEntry { value, day: day.clone(), position }).collect()
        }
        value => vec![WrappedEntry { value: Ok(value), day: None, position }],
    }
}

/// Returns the paper of one entry; `date` is the day of the whole list, if it has one.
pub(crate) fn entry(value: Value, date: Option<Value>) -> Result<BibReference, String> {
    let value = match value {
        Value::String(text) => python_literal::parse(&text)?,
        value => value,
    };
    let Value::Object(mut entry) = value else {
        return Err("not a daily-papers entry: expected a JSON object with `paper`".to_owned());
    };
    let Some(Value::Object(mut paper)) = entry.remove("paper") else {
        return Err("an entry without `paper`".to_owned());
    };
    let mut notes = RecordNotes::default();
    let id = values::text(paper.remove("id").filter(|id| !id.is_null()).ok_or("a paper without `id`")?);
    let id = id.map_err(|reason| format!("`id`: {reason}"))?.ok_or("a paper without `id`")?;
    notes.origin("id", "id");
    let (listed_field, listed) = match (date, paper.remove("submittedOnDailyAt").filter(|at| !at.is_null())) {
        (Some(date), _) => ("date", Some(date)),
        (None, Some(at)) => ("submittedOnDailyAt", Some(at)),
        (None, None) => ("publishedAt", listed_before_2025(&entry, &paper)),
    };
    let listed = read_field(&mut notes, "listed", listed_field, listed, values::date);
    let mut part = |name: &str| paper.remove(name);
    let raw_paper = RawPaper {
        url: Some(format!("https://huggingface.co/papers/{id}")),
        id: Some(id),
        title: read_field(&mut notes, "title", "title", part("title"), values::text).unwrap_or_default(),
        abstract_text: read_field(&mut notes, "abstract", "summary", part("summary"), values::text).unwrap_or_default(),
        authors: read_field(&mut notes, "authors", "authors", part("authors"), authors::list).unwrap_or_default(),
        published: read_field(&mut notes, "published", "publishedAt", part("publishedAt"), values::date),
        listed,
        votes: read_field(&mut notes, "votes", "upvotes", part("upvotes"), values::count),
        comments: read_field(&mut notes, "comments", "numComments", entry.remove("numComments"), values::count),
        source: InputFormat::HfDaily.source().to_owned(),
        ..RawPaper::default()
    };
    Ok(BibReference { raw_paper: arxiv_text::read_accents(raw_paper), notes, ..BibReference::default() })
}

/// The entry's own time, unless it repeats the paper's: that one is some hours early and comes with a `summary`.
fn listed_before_2025(entry: &Map<String, Value>, paper: &Map<String, Value>) -> Option<Value> {
    let at = entry.get("publishedAt").filter(|_| !entry.contains_key("summary"))?;
    let published = paper.get("publishedAt").and_then(Value::as_str).unwrap_or_default();
    Some(at.clone()).filter(|at| at.as_str().is_none_or(|at| at >= published))
}

/// Returns the value of a field of the paper, which is called `name` in the record, as `read` understands it; `None` where
/// it is missing, `null`, or cannot be read.
fn read_field<T, R: Into<ReadValue<T>>>(
    notes: &mut RecordNotes,
    field: &'static str,
    name: &'static str,
    value: Option<Value>,
    read: fn(Value) -> R,
) -> Option<T> {
    let ReadValue { value, wrong } = read(value.filter(|value| !value.is_null())?).into();
    if let Some(reason) = wrong {
        notes.drop(name, reason);
    }
    value.inspect(|_| notes.origin(field, name))
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    fn check(text: &str, expect: &[&str]) {
        let found = summaries(read(std::io::Cursor::new(text.to_owned()), "day.json", Some(InputFormat::HfDaily)));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn answers_of_both_kinds() {
        insta::assert_snapshot!(fixture("hf_daily.json").join("\n"));
    }

    #[test]
    fn an_archive_of_python_text() {
        insta::assert_snapshot!(fixture("hf_daily_python.json").join("\n"));
    }

    #[test]
    fn a_bad_entry_does_not_spoil_its_neighbors() {
        let good = r#"{"paper": {"id": "2401.00001", "title": "Good"}}"#;
        let summaries = "id=2401.00001 | title=Good | url=https://huggingface.co/papers/2401.00001";
        for (bad, error) in [
            ("7", "not a daily-papers entry: expected a JSON object with `paper`"),
            ("{\"title\": \"x\"}", "an entry without `paper`"),
            ("{\"paper\": {\"title\": \"x\"}}", "a paper without `id`"),
            ("{\"paper\": {\"id\": \"1\"}}", "no title and no abstract"),
            ("{\"paper\": {\"id\": 1, \"title\": \"x\"}}", "`id`: `1` is not a string"),
            ("{\"paper\": {\"id\": \"1\", \"title\": 2}}", "no title and no abstract; `title`: `2` is not a string"),
            ("\"{'paper': nonsense}\"", "not a Python literal: expected a value, found `nonsense}`"),
        ] {
            check(
                &format!("[{good}, {bad}, {good}]"),
                &[summaries, &format!("day.json, record 2: {error}"), summaries],
            );
        }
        check(&format!("[{good}, {{"), &[summaries, "day.json: the JSON array is incomplete: the file is truncated"]);
    }

    #[test]
    fn a_bad_field_costs_the_field() {
        let text = r#"[{"paper": {"id": "2401.00001", "title": "T", "upvotes": -3, "publishedAt": "2024-02-30",
            "authors": [{"name": null}, {"name": "Ada Oak"}, 3]}, "numComments": "some"}]"#;
        check(text, &["id=2401.00001 | title=T | authors=Ada Oak | url=https://huggingface.co/papers/2401.00001"]);
        let papers = read(std::io::Cursor::new(text), "day.json", Some(InputFormat::HfDaily)).unwrap();
        let dropped: Vec<String> =
            papers.records().flat_map(|record| record.unwrap().dropped).map(|error| error.to_string()).collect();
        assert_eq!(
            dropped,
            [
                "day.json, record 1: `authors`: `3` is not an author: expected a name, or an object with `name`",
                "day.json, record 1: `publishedAt`: `\"2024-02-30\"` is not a valid date: use the form 2024-12-19, or omit it",
                "day.json, record 1: `upvotes`: `-3` is not a count: expected an integer of 0 or more",
                "day.json, record 1: `numComments`: `\"some\"` is not a count: expected an integer of 0 or more",
            ]
        );
    }

    #[test]
    fn other_json() {
        let reason = "day.json: not an answer of Hugging Face's /api/daily_papers: no entry has a `paper`; JSON with \
                      papers as they are is the format jsonl";
        check("[{\"title\": \"x\"}]", &[reason]);
        check("[1, 2]", &[reason]);
        let expected = "expected an array of objects with `paper`";
        check("[]", &[&format!("day.json: no record of Hugging Face's daily papers in it: {expected}")]);
    }

    #[test]
    fn an_entries_own_time_is_its_listing_before_2025_only() {
        let paper = r#""paper": {"id": "2401.00001", "title": "T", "publishedAt": "2024-05-24T17:00:00.000Z"}"#;
        let summaries = "id=2401.00001 | title=T | published=2024-05-24";
        let url = "url=https://huggingface.co/papers/2401.00001";
        let listed = format!("{summaries} | listed=2024-05-27 | {url}");
        let not_listed = format!("{summaries} | {url}");
        check(&format!(r#"[{{{paper}, "publishedAt": "2024-05-27T03:00:00.000Z"}}]"#), &[&listed]);
        check(&format!(r#"[{{{paper}, "publishedAt": "2024-05-24T13:00:00.000Z"}}]"#), &[&not_listed]);
        check(&format!(r#"[{{{paper}, "publishedAt": "2024-05-27T03:00:00.000Z", "summary": "s"}}]"#), &[&not_listed]);
    }
}
