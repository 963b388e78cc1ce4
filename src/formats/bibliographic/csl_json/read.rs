//! Reads CSL-JSON: an array of objects, as Zotero, Pandoc and Crossref write it.
//!
//! It has no field for the day on which a reference was entered; the day of access is taken instead, which Zotero sets
//! when it saves a page.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::formats::common::input::InputReader;
use crate::formats::common::json_array::JsonElements;
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::paper::RawPaper;
use crate::text::markup;

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut elements = JsonElements::new(input);
    Box::new(std::iter::from_fn(move || {
        let (position, value) = elements.next_value()?;
        Some(value.and_then(|value| elements.input().found_record(reference(&value), position)))
    }))
}

/// Whether a value looks like a reference of a citation processor.
pub(crate) fn is_reference(value: &Value) -> bool {
    let date = |name: &str| value.get(name).is_some_and(|date| date.get("date-parts").is_some());
    let people = |value: &Value| value.get("family").is_some() || value.get("literal").is_some();
    let authors = value.get("author").and_then(Value::as_array).is_some_and(|authors| authors.iter().any(people));
    value.get("type").is_some_and(Value::is_string) && (authors || date("issued") || date("accessed"))
}

fn reference(value: &Value) -> Result<BibReference, String> {
    let Value::Object(item) = value else {
        return Err("not a reference: expected a JSON object with `title` and `author`".to_owned());
    };
    let title = match item.get("title") {
        Some(Value::Array(parts)) => parts.first().and_then(Value::as_str).unwrap_or_default(),
        Some(Value::String(title)) => title,
        Some(Value::Null) | None => "",
        Some(_) => return Err("`title` is not a string".to_owned()),
    };
    let mut raw_paper = RawPaper {
        title: markup::plain_text(title),
        abstract_text: markup::plain_text(text(item, "abstract")),
        authors: item.get("author").and_then(Value::as_array).into_iter().flatten().filter_map(person).collect(),
        published: date(item.get("issued")),
        source: InputFormat::CslJson.source().to_owned(),
        url: Some(text(item, "URL").to_owned()),
        ..RawPaper::default()
    };
    let dois = identifiers::doi(text(item, "DOI")).into_iter();
    let remarks = ["number", "note", "container-title", "archive_location"];
    let remarks = remarks.iter().filter_map(|name| identifiers::arxiv_in_text(text(item, name)));
    let noted = text(item, "note").lines().filter_map(|line| identifiers::pmid(line.strip_prefix("PMID:")?));
    let ids: Vec<String> = dois
        .chain(identifiers::pmid(text(item, "PMID")))
        .chain(noted)
        .chain(identifiers::from_url(text(item, "URL")))
        .chain(remarks)
        .chain(identifiers::of_title(text(item, "id")))
        .collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    let tags = text(item, "keyword").split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty());
    let (added, tags) = (date(item.get("accessed")), tags.map(str::to_owned).collect());
    Ok(BibReference { raw_paper, added, tags, ..BibReference::default() })
}

/// A field that holds a text.
fn text<'v>(item: &'v Map<String, Value>, name: &str) -> &'v str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn person(value: &Value) -> Option<String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).filter(|part| !part.trim().is_empty());
    let parts = ["given", "dropping-particle", "non-dropping-particle", "family", "suffix"];
    let spoken = parts.iter().filter_map(|name| part(name)).collect::<Vec<_>>().join(" ");
    part("literal").map(str::to_owned).or(Some(spoken)).filter(|name| !name.is_empty())
}

/// The first day of `{"date-parts": [[2020, 1, 2]]}`, `{"raw": "2020-01-02"}`, `{"literal": "..."}` or a text.
fn date(value: Option<&Value>) -> Option<Date> {
    let value = value?;
    let written = value.as_str().or_else(|| value.get("raw")?.as_str()).or_else(|| value.get("literal")?.as_str());
    let Some(Value::Array(parts)) = value.get("date-parts").and_then(|ranges| ranges.get(0)) else {
        return dates::from_text(written?);
    };
    let part = |at: usize| match parts.get(at) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    dates::from_parts(&part(0), &part(1), &part(2))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::formats::tests::{fixture_references, reference_summaries};
    use crate::formats::{InputFormat, read_references};

    #[test]
    fn references() {
        insta::assert_snapshot!(fixture_references("csl.json").join("\n"));
    }

    #[test]
    fn one_of_each_spelling() {
        for (fields, expect) in [
            (json!({"issued": {"raw": "2020-03-04"}}), "published=2020-03-04"),
            (json!({"issued": {"date-parts": [["2020", "3"]]}}), "published=2020-03-01"),
            (json!({"issued": {"date-parts": [[null]]}, "accessed": "2021-05-06"}), "added=2021-05-06"),
            (json!({"note": "PMID: 12\nsaved"}), "id=pmid:12"),
            (json!({"author": [{"literal": "The Group"}, {"family": "Eo"}, {}]}), "authors=The Group; Eo"),
        ] {
            let mut item = json!({"type": "article", "title": "T"});
            item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let text = Value::Array(vec![item]).to_string();
            let found =
                reference_summaries(read_references(std::io::Cursor::new(text), "x", Some(InputFormat::CslJson)));
            assert!(found[0].contains(expect), "{fields}: {found:?}");
        }
    }
}
