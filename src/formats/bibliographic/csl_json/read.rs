//! Reads CSL-JSON: an array of objects, as Zotero, Pandoc and Crossref write it.
//!
//! It has no field for the day on which a reference was entered; the day of access is taken instead, which Zotero sets
//! when it saves a page.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::formats::common::input::InputReader;
use crate::formats::common::json_array::JsonElements;
use crate::formats::common::values::quoted;
use crate::formats::common::{dates, identifiers, work_names};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter, RecordNotes};
use crate::paper::{CitationLinks, RawPaper};
use crate::text::markup::MarkupRule;

/// The fields that name a journal, proceedings or a book.
const CONTAINERS: [&str; 5] =
    ["container-title", "container-title-short", "journalAbbreviation", "event-title", "collection-title"];

/// The types of references (CSL 1.0.2, appendix III), and those of Crossref.
const TYPES: &str = "article article-journal article-magazine article-newspaper bill book broadcast chapter classic \
    collection dataset document entry entry-dictionary entry-encyclopedia event figure graphic hearing \
    interview legal_case legislation manuscript map motion_picture musical_score pamphlet \
    paper-conference patent performance periodical personal_communication post post-weblog regulation \
    report review review-book software song speech standard thesis treaty webpage journal-article \
    proceedings-article book-chapter posted-content monograph dissertation";
/// Fields of references that tell them from other JSON with a `type`.
const OWN_FIELDS: [&str; 7] = ["DOI", "container-title", "issued", "issue", "volume", "page", "author"];

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
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    // Fields that other JSON has too: `authors` is of no citation processor.
    let has_type = || TYPES.split(' ').any(|known| known == kind) && value.get("authors").is_none();
    let has_field = || OWN_FIELDS.iter().any(|name| value.get(*name).is_some());
    !kind.is_empty() && (authors || date("issued") || date("accessed") || has_type() && has_field())
}

fn reference(value: &Value) -> Result<BibReference, String> {
    let Value::Object(item) = value else {
        return Err("not a reference: expected a JSON object with `title` and `author`".to_owned());
    };
    let mut notes = RecordNotes::default();
    let mut titles = Vec::new();
    for name in ["title", "title-short", "shortTitle"] {
        match item.get(name) {
            Some(Value::String(_) | Value::Array(_) | Value::Null) | None => {
                titles.push((name, text(item, name).to_owned()))
            }
            Some(other) => notes.drop(name, format!("{} is not a string", quoted(other))),
        }
    }
    let mut texts = |field, names: &[&'static str]| {
        notes.first_text(field, names.iter().map(|name| (*name, text(item, name).to_owned())))
    };
    let abstract_text = texts("abstract", &["abstract"]);
    let url = texts("url", &["URL"]);
    let title = notes.first_text("title", titles);
    let (volume, issue) = (scalar(item, "volume"), scalar(item, "issue"));
    let containers = CONTAINERS.iter().map(|name| (*name, text(item, name).to_owned()));
    let container = notes.container(containers, &volume, &issue);
    let people = item.get("author").and_then(Value::as_array).into_iter().flatten().filter_map(person).collect();
    let mut raw_paper = RawPaper {
        title,
        abstract_text,
        authors: notes.list("authors", "author", people),
        published: date(item, "published", &["issued", "published-print", "published-online"], &mut notes),
        source: InputFormat::CslJson.source().to_owned(),
        url: Some(url),
        container,
        ..RawPaper::default()
    };
    let note = text(item, "note");
    let doi = identifiers::noted_doi("DOI", &scalar(item, "DOI"), &mut notes);
    let remarks = ["number", "note", "container-title", "archive_location"];
    let remarks = remarks.iter().filter_map(|name| identifiers::arxiv_in_text(text(item, name)));
    let ids: Vec<String> = doi
        .into_iter()
        .chain(identifiers::pmid(&scalar(item, "PMID")))
        .chain(identifiers::from_note(note))
        .chain(identifiers::from_url(text(item, "URL")))
        .chain(remarks)
        .chain(identifiers::of_title(text(item, "id")))
        .collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    // A semicolon ends a character reference too.
    let keywords = MarkupRule::Inline.text(text(item, "keyword"));
    let tags = keywords.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    let added = date(item, "added", &["accessed"], &mut notes);
    // Crossref's.
    let references = item.get("reference").filter(|list| list.is_array()).cloned().map(work_names::list);
    let references = references.transpose()?.flatten().unwrap_or_default();
    if !references.is_empty() {
        notes.origin("references", "reference");
    }
    let links = CitationLinks { references, ..CitationLinks::default() };
    Ok(BibReference { raw_paper, added, tags, links, notes, embedding: None })
}

/// A field that holds a text, or a list of texts, as Crossref has it.
fn text<'v>(item: &'v Map<String, Value>, name: &str) -> &'v str {
    let value = item.get(name).map(|value| value.get(0).unwrap_or(value));
    value.and_then(Value::as_str).unwrap_or_default()
}

/// A field that holds a text or a number.
fn scalar(item: &Map<String, Value>, name: &str) -> String {
    match item.get(name) {
        Some(Value::Number(number)) => number.to_string(),
        _ => text(item, name).to_owned(),
    }
}

/// A name: in parts, or as it is written. Of some people only one part is known.
fn person(value: &Value) -> Option<String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).filter(|part| !part.trim().is_empty());
    let parts = ["given", "dropping-particle", "non-dropping-particle", "family"];
    let mut spoken = parts.iter().filter_map(|name| part(name)).collect::<Vec<_>>().join(" ");
    if let Some(suffix) = part("suffix").filter(|_| !spoken.is_empty()) {
        spoken.push_str(", ");
        spoken.push_str(suffix);
    }
    let written = part("literal").or_else(|| part("name")).or_else(|| value.as_str());
    written.map(str::to_owned).or(Some(spoken)).filter(|name| !name.trim().is_empty())
}

/// The first day of `{"date-parts": [[2020, 1, 2]]}`, `{"raw": "2020-01-02"}`, `{"literal": "..."}` or a text, in the
/// first of some fields that has one.
fn date(
    item: &Map<String, Value>,
    field: &'static str,
    names: &[&'static str],
    notes: &mut RecordNotes,
) -> Option<Date> {
    names.iter().find_map(|name| {
        let value = item.get(*name)?;
        let parts = value.pointer("/date-parts/0").and_then(Value::as_array);
        let part = |at: usize| match parts.and_then(|parts| parts.get(at)) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let parts = [part(0), part(1), part(2)];
        let written = value.as_str().or_else(|| ["raw", "literal"].iter().find_map(|kind| value.get(kind)?.as_str()));
        let texts = [parts.join(" "), written.unwrap_or_default().to_owned()].map(|text| (*name, text));
        let [year, month, day] = &parts;
        let read = |text: &str| dates::from_parts(year, month, day).or_else(|| dates::from_free_text(text));
        notes.first_date(field, texts, read)
    })
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
    fn which_json_it_is() {
        for (value, expect) in [
            (
                json!({"type": "article-journal", "title": "T", "DOI": "10.5555/c1", "issued": {"raw": "May 2019"}}),
                true,
            ),
            (json!({"type": "book", "title": "T", "issued": {"raw": "May 2019"}}), true),
            (json!({"type": "chapter", "title": "T", "page": "1-2"}), true),
            (json!({"type": "book", "title": "T"}), false),
            (json!({"type": "lamp", "title": "T", "volume": 2}), false),
            (json!({"type": "article", "title": "T", "authors": ["A"], "volume": 2}), false),
            (json!({"id": "https://openalex.org/W1", "type": "article", "title": "T", "doi": "10.5555/a"}), false),
        ] {
            assert_eq!(super::is_reference(&value), expect, "{value}");
        }
        let text = r#"[{"id":"Oak2019","type":"article-journal","title":"Lamps","DOI":"10.5555/c1","container-title":"J","issued":{"raw":"May 2019"}}]"#;
        let found = reference_summaries(read_references(std::io::Cursor::new(text), "x", None));
        assert_eq!(found, ["id=doi:10.5555/c1 | title=Lamps | published=2019-05-01"]);
    }

    #[test]
    fn one_of_each_spelling() {
        for (fields, expect) in [
            (json!({"issued": {"raw": "2020-03-04"}}), "published=2020-03-04"),
            (json!({"issued": {"date-parts": [["2020", "3"]]}}), "published=2020-03-01"),
            (json!({"issued": {"date-parts": [[2019, 2, 31]]}}), "published=2019-02-01"),
            (json!({"issued": {"date-parts": [[null]]}, "accessed": "2021-05-06"}), "added=2021-05-06"),
            (json!({"note": "PMID: 12\nsaved"}), "id=pmid:12"),
            (json!({"author": [{"literal": "The Group"}, {"family": "Eo"}, {}]}), "authors=The Group; Eo"),
            (json!({"author": [{"family": null, "given": "Ada"}, {"name": "Bo"}, "Cy"]}), "authors=Ada; Bo; Cy"),
            (json!({"author": [{"family": "Oak", "given": "Ada", "suffix": "Jr."}]}), "authors=Ada Oak, Jr."),
            (json!({"title": ["T"], "title-short": "S"}), "title=T"),
            (json!({"title": "<i>E. coli</i> &amp; H<sub>2</sub>O"}), "title=E. coli & H2O"),
            (json!({"abstract": "<jats:title>Abstract</jats:title><jats:p>One.</jats:p>"}), "abstract=One."),
            (json!({"note": "DOI: 10.5555/A"}), "id=doi:10.5555/a"),
            (json!({"PMID": 12}), "id=pmid:12"),
            (json!({"DOI": "10.5555/A [doi]"}), "id=doi:10.5555/a"),
            (json!({"DOI": "https://www.example.org/doi/full/10.5555/A"}), "id=doi:10.5555/a"),
            (json!({"issued": {"literal": "June 2015"}}), "published=2015-06-01"),
            (json!({"keyword": "R&amp;D, lamps"}), "tags=R&D; lamps"),
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
