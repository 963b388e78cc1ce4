//! The format of reading histories: JSON lines, one paper each, as every export writes them and every import reads them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ImportedPaper, MAX_ITEMS};
use crate::error::{Error, RecordPosition};
use crate::formats::BibReference;
use crate::library::{HistoryEntry, HistoryKind, ProfilePaper};
use crate::paper::{RawPaper, parse_date};
use crate::text::visible;

/// A line of a history: what a person did with a paper. A paper that the library does not have stands there with its text.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HistoryLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<HistoryKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", alias = "date")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interest: Option<String>,
    /// Another way to write the kind `dislike`.
    #[serde(skip_serializing)]
    dislike: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(rename = "abstract", skip_serializing_if = "String::is_empty")]
    abstract_text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl HistoryLine {
    fn into_paper(self) -> Result<ImportedPaper, String> {
        let HistoryLine { id, kind, weight, at, interest, dislike, title, abstract_text, authors, published, source } =
            self;
        if id.is_none() && title.is_empty() {
            return Err("expected an `id` or a `title`".to_owned());
        }
        if let Some(weight) = weight.filter(|weight| !(*weight > 0.0 && weight.is_finite())) {
            return Err(format!("`weight` is {weight}: expected a positive number"));
        }
        let day =
            |text: String| parse_date(&text).ok_or(format!("`at` is `{text}`: expected a date such as 2025-01-31"));
        let raw_paper = RawPaper {
            id,
            title,
            abstract_text,
            authors,
            published,
            source: source.unwrap_or_else(|| "history".to_owned()),
            ..RawPaper::default()
        };
        let interest = interest.map(|interest| visible(&interest).into_owned());
        let reference = BibReference { raw_paper, added: at.map(day).transpose()?, ..BibReference::default() };
        let kind = kind.or(dislike.then_some(HistoryKind::Dislike));
        Ok(ImportedPaper { reference, kind, weight, interest })
    }
}

/// Fields of a line that say what somebody did with a paper: a line without them can be of any other file of JSON lines.
const HISTORY_FIELDS: [&str; 4] = ["kind", "weight", "interest", "dislike"];
/// Fields of a day, which are also fields of papers.
const DAY_FIELDS: [&str; 2] = ["at", "date"];
/// Fields of the paper.
const PAPER_FIELDS: [&str; 6] = ["id", "title", "abstract", "authors", "published", "source"];

/// Whether a text is a history: the first of its objects has the fields of a line of one, whatever their values.
pub(super) fn is_history(text: &str) -> bool {
    let mut objects = text.lines().map(str::trim).filter(|line| line.starts_with('{'));
    let first = objects.next().and_then(|line| serde_json::from_str::<serde_json::Map<String, Value>>(line).ok());
    let Some(line) = first else { return false };
    let has = |fields: &[&str]| fields.iter().any(|field| line.contains_key(*field));
    let is_known = |field: &String| {
        [&HISTORY_FIELDS[..], &DAY_FIELDS, &PAPER_FIELDS].iter().any(|fields| fields.contains(&field.as_str()))
    };
    line.keys().all(is_known) && (has(&HISTORY_FIELDS) || (has(&DAY_FIELDS) && !has(&["title"])))
}

/// Reads a history: its papers, and the lines that cannot be used. Lines that are no objects are ids.
pub(super) fn read(text: &str, name: &str) -> (Vec<ImportedPaper>, Vec<Error>) {
    let (mut papers, mut errors) = (Vec::new(), Vec::new());
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if papers.len() + errors.len() > MAX_ITEMS {
            break;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let paper = match line.starts_with('{') {
            true => serde_json::from_str(line).map_err(|error| error.to_string()).and_then(HistoryLine::into_paper),
            false => HistoryLine { id: Some(line.to_owned()), ..HistoryLine::default() }.into_paper(),
        };
        match paper {
            Ok(paper) => papers.push(paper),
            Err(reason) => {
                let (file, place) = (name.to_owned(), RecordPosition::Line(number));
                errors.push(Error::BadRecord { file, place, reason });
            }
        }
    }
    (papers, errors)
}

/// Writes a history as JSON lines, which [`read`](super::read) reads.
pub fn write_history(papers: &[ProfilePaper]) -> String {
    let line = |ProfilePaper { entry, paper, in_library }: &ProfilePaper| {
        let HistoryEntry { id, kind, weight, at, interest } = entry.clone();
        let mut line = HistoryLine {
            id: Some(id.to_string()),
            kind: Some(kind),
            weight: Some(weight),
            at: Some(at.to_string()),
            interest,
            ..HistoryLine::default()
        };
        if let Some(paper) = paper {
            line.title.clone_from(&paper.title);
        }
        // Another library has the paper, or knows it by its text.
        if let Some(paper) = paper.as_ref().filter(|_| !in_library) {
            line.abstract_text.clone_from(&paper.abstract_text);
            line.authors.clone_from(&paper.authors);
            (line.published, line.source) = (paper.published, Some(paper.source.clone()));
        }
        serde_json::to_string(&line).expect("a line is JSON") + "\n"
    };
    papers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::PaperId;

    #[test]
    fn what_is_a_history() {
        for (text, expected) in [
            (r#"{"id":"2401.00001","kind":"like"}"#, true),
            (r#"{"id":"2401.00001","date":"2025-01-02"}"#, true),
            ("2401.00002\n{\"id\":\"2401.00001\",\"dislike\":true}", true),
            (r#"{"title":"Walking","interest":"robots"}"#, true),
            (r#"{"id":"2401.00001","title":"Walking","date":"2025-01-02"}"#, false),
            (r#"{"id":"2401.00001"}"#, false),
            (r#"{"id":"2401.00001","kind":"like","votes":3}"#, false),
            (r#"{"id":"2401.00001","kind":"love"}"#, true),
            ("2401.00001", false),
            ("", false),
        ] {
            assert_eq!(is_history(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_that_cannot_be_used_are_named() {
        let text =
            "{\"kind\":\"like\"}\n\n{\"id\":\"a\",\"weight\":0}\n{\"id\":\"a\",\"at\":\"May\"}\n{\"id\":\n2401.00001\n";
        let (papers, errors) = read(text, "h.jsonl");
        let errors: Vec<String> = errors.iter().map(Error::one_line).collect();
        assert_eq!(papers.len(), 1);
        for (error, expected) in errors.iter().zip([
            "expected an `id` or a `title`",
            "`weight` is 0: expected a positive number",
            "`at` is `May`: expected a date such as 2025-01-31",
            "EOF",
        ]) {
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(errors.len(), 4);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(
            number in 0u32..100_000, kind in 0usize..5, eighths in 1u32..8_000_000, interest: Option<String>, day in 1i8..28,
            in_library: bool, title in "[a-z]{1,9}( [a-z]{1,9}){0,3}", abstract_text in "([A-Za-z \"\\\\{}]{0,80})",
        ) {
            let id = PaperId::parse(&format!("2401.{number:05}")).unwrap();
            let (kind, weight) = (HistoryKind::ALL[kind], f64::from(eighths) / 8.0);
            let interest = interest.map(|interest| visible(&interest).into_owned());
            let entry = HistoryEntry { weight, interest, ..HistoryEntry::new(id, kind, jiff::civil::date(2025, 1, day)) };
            let raw = RawPaper { id: Some(entry.id.to_string()), title, abstract_text, source: "a".to_owned(), ..RawPaper::default() };
            let paper = raw.validate().unwrap();
            let profile_paper = ProfilePaper { entry: entry.clone(), paper: Some(paper.clone()), in_library };
            let text = write_history(&[profile_paper]);
            proptest::prop_assert!(is_history(&text));
            let (papers, errors) = read(&text, "");
            proptest::prop_assert!(errors.is_empty() && papers.len() == 1, "{errors:?}");
            let ImportedPaper { reference, kind, weight, interest } = papers.into_iter().next().unwrap();
            let read = reference.raw_paper.validate().unwrap();
            let again = HistoryEntry {
                id: read.id.clone(), kind: kind.unwrap(), weight: weight.unwrap(), at: reference.added.unwrap(), interest,
            };
            proptest::prop_assert_eq!(again, entry);
            proptest::prop_assert_eq!(&read.title, &paper.title);
            if !in_library {
                proptest::prop_assert_eq!(read, paper);
            }
        }
    }
}
