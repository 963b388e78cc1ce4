//! The works that a record says it cites, or that cite it: ids, objects with some fields of a paper, or printed citations.
//!
//! What cannot be read is left out without a word: a list of references has gaps in every source.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::formats::common::field_names::FieldRole;
use crate::formats::common::values::{ReadValue, date, parse_list};
use crate::formats::common::{authors, id_fields, identifiers};
use crate::paper::{PaperId, WorkName, is_missing_word};

/// What stands between a work and the list that it is in: citations and references of Semantic Scholar.
const LINKS: [&str; 2] = ["citingPaper", "citedPaper"];
/// The names of a citation as it is printed, of Crossref and others.
const PRINTED: [&str; 3] = ["unstructured", "citation", "raw"];
/// The title of a book that is cited, of Crossref.
const BOOK_TITLE: &str = "volume-title";

/// Returns the works of a list, which may be a text as in the cell of a table. A number is the length of a list that is
/// elsewhere: it says nothing.
pub(crate) fn list(value: Value) -> Result<Option<Vec<WorkName>>, String> {
    Ok(Some(work_list(value)).filter(|works| !works.is_empty()))
}

/// As [`list`].
pub(crate) fn work_list(value: Value) -> Vec<WorkName> {
    match value {
        Value::Array(items) => items.into_iter().filter_map(of_value).collect(),
        Value::String(text) => match parse_list(&text) {
            Some(items) => work_list(items),
            None if text.trim().bytes().all(|byte| byte.is_ascii_digit()) => Vec::new(),
            None => text.split([';', '\n']).filter_map(of_text).collect(),
        },
        _ => Vec::new(),
    }
}

/// As [`list`], without works that are known by a printed citation alone: elsewhere it is how the paper itself is cited.
pub(crate) fn list_of_citing(value: Value) -> Result<Option<Vec<WorkName>>, String> {
    let works = list(value)?.into_iter().flatten().filter(|work| !(work.ids.is_empty() && work.title.is_empty()));
    Ok(Some(works.collect()).filter(|works: &Vec<WorkName>| !works.is_empty()))
}

/// Returns a work by an id, or by a printed citation with the ids that are in it. Text of exports may be an object.
pub(crate) fn of_text(text: &str) -> Option<WorkName> {
    let text = text.trim();
    if text.is_empty() || is_missing_word(text) {
        return None;
    }
    if text.starts_with('{') {
        return serde_json::from_str(text).ok().filter(Value::is_object).and_then(of_value);
    }
    if !text.contains(char::is_whitespace) {
        return PaperId::parse(text).ok().map(WorkName::from_id);
    }
    Some(of_citation(text))
}

/// Returns a work by a printed citation, with the ids that are in it.
fn of_citation(text: &str) -> WorkName {
    let words = text.split(|c: char| c.is_whitespace() || ",;[]()".contains(c)).filter(|word| word.contains("10."));
    let ids = words.filter_map(identifiers::doi).take(1).chain(identifiers::arxiv_in_text(text));
    let ids = ids.filter_map(|id| PaperId::parse(id.trim_end_matches('.')).ok()).collect();
    WorkName { ids, citation: text.to_owned(), ..WorkName::default() }
}

fn of_value(value: Value) -> Option<WorkName> {
    match value {
        Value::String(text) => of_text(&text),
        Value::Number(number) if number.is_u64() => PaperId::parse(&number.to_string()).ok().map(WorkName::from_id),
        Value::Object(mut record) => match LINKS.iter().find_map(|link| record.remove(*link)) {
            Some(Value::Object(linked)) => of_record(linked),
            Some(_) => None,
            None => of_record(record),
        },
        _ => None,
    }
}

fn of_record(record: Map<String, Value>) -> Option<WorkName> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let printed = PRINTED.iter().map(|name| text(name)).find(|text| !text.trim().is_empty()).map(of_citation);
    let (mut work, book) = (printed.unwrap_or_default(), text(BOOK_TITLE).to_owned());
    let mut ids = Vec::new();
    for (name, value) in record {
        match FieldRole::named(&name) {
            _ if value.is_null() => {}
            Some((FieldRole::Id, rank)) => ids.extend(id_fields::ids(rank, value).unwrap_or_default()),
            Some((FieldRole::Title, _)) if work.title.is_empty() => {
                work.title = value.as_str().unwrap_or_default().to_owned();
            }
            Some((FieldRole::Authors, _)) if work.author.is_empty() => {
                work.author = authors::list(value).value.into_iter().flatten().next().unwrap_or_default();
            }
            Some((FieldRole::Published, _)) if work.year.is_none() => {
                let ReadValue::<Date> { value: day, .. } = date(value);
                work.year = day.map(Date::year);
            }
            _ => {}
        }
    }
    if work.title.is_empty() {
        work.title = book;
    }
    let ids: Vec<PaperId> =
        ids.iter().filter(|id| !is_missing_word(id)).filter_map(|id| PaperId::parse(id).ok()).collect();
    if !ids.is_empty() {
        work.ids = ids;
    }
    Some(work)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each work on one line: its ids, or its title, author and year, or the citation.
    fn told(value: Value) -> Vec<String> {
        let works = list(value).unwrap().unwrap_or_default();
        let works = works.into_iter().filter_map(WorkName::checked);
        let tell = |WorkName { ids, title, author, year, citation }: WorkName| {
            let ids = ids.iter().map(PaperId::as_str).collect::<Vec<_>>().join(" ");
            let year = year.map(|year| year.to_string()).unwrap_or_default();
            let parts = [ids, title, author, year, citation];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
        };
        works.map(tell).collect()
    }

    #[test]
    fn works_of_every_source() {
        for (value, expected) in [
            (
                json!(["arXiv:2401.90001v2", "10.5555/A", null, "", "N/A", 17, 1.5, true, []]),
                &["2401.90001", "doi:10.5555/a", "17"][..],
            ),
            (
                json!("2401.90001; 10.5555/A;https://openalex.org/W17"),
                &["2401.90001", "doi:10.5555/a", "https://openalex.org/W17"],
            ),
            (json!("['10.5555/A', '10.5555/B']"), &["doi:10.5555/a", "doi:10.5555/b"]),
            (json!("12"), &[]),
            (json!(12), &[]),
            (json!(null), &[]),
            (json!({"count": 3}), &[]),
            (
                json!([{"paperId": "a1", "externalIds": {"ArXiv": "2401.90001", "DOI": "10.5555/A", "CorpusId": 9}, "title": "Lamps",
                        "year": 2023, "authors": [{"authorId": "1", "name": "Ada Oak"}, {"name": "Ben Elm"}]}]),
                &["2401.90001 doi:10.5555/a CorpusId:9 a1 | Lamps | Ada Oak | 2023"],
            ),
            (
                json!([{"contexts": [], "citedPaper": {"paperId": null, "title": "Lamps"}}, {"citedPaper": null}]),
                &["Lamps"],
            ),
            (
                json!([{"key": "r1", "doi-asserted-by": "crossref", "DOI": "10.5555/A", "author": "Oak", "year": "1999a"},
                       {"key": "r2", "article-title": "Soft lamps", "author": "Elm", "year": "2001", "journal-title": "J"},
                       {"key": "r3", "volume-title": "A book of lamps", "author": "Ash"},
                       {"key": "r4", "unstructured": "Oak, A. Lamps. J. Lamps 3 (1999), doi:10.5555/C."},
                       {"key": "r5", "unstructured": "Oak, A. Lamps. J. Lamps 3 (1999)"},
                       {"key": "r6"}]),
                &[
                    "doi:10.5555/a | Oak | 1999",
                    "Soft lamps | Elm | 2001",
                    "A book of lamps | Ash",
                    "doi:10.5555/c | Oak, A. Lamps. J. Lamps 3 (1999), doi:10.5555/C.",
                    "Oak, A. Lamps. J. Lamps 3 (1999)",
                ],
            ),
            (
                json!("Oak A., Lamps, J. Lamps, 3, (1999); Elm B., Ferries, arXiv preprint arXiv:2401.90001"),
                &[
                    "Oak A., Lamps, J. Lamps, 3, (1999)",
                    "2401.90001 | Elm B., Ferries, arXiv preprint arXiv:2401.90001",
                ],
            ),
            (
                json!(["Oak A, 1999, LAMPS, V3, P12, DOI [10.5555/x, 10.5555/y]"]),
                &["doi:10.5555/x | Oak A, 1999, LAMPS, V3, P12, DOI [10.5555/x, 10.5555/y]"],
            ),
            (
                json!(["{\"title\": \"Soft lamps\", \"author\": \"Elm\", \"year\": 2001}", "{no"]),
                &["Soft lamps | Elm | 2001"],
            ),
        ] {
            assert_eq!(told(value.clone()), expected, "{value}");
        }
        assert_eq!(list_of_citing(json!("Oak A. Lamps. J. Lamps (1999)")).unwrap(), None);
        assert_eq!(list_of_citing(json!("10.5555/a")).unwrap().unwrap().len(), 1);
    }
}
