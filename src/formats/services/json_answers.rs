//! JSON of Semantic Scholar, OpenAlex and arXiv: how it is recognized, and where an answer has its papers.
//!
//! Their fields have names of their own, which [`field_names`](crate::formats::common::field_names) knows beside all others.

use serde_json::Value;

use crate::formats::input_format::InputFormat;

/// The lists of papers that answers have, of Semantic Scholar and of OpenAlex.
const LISTS: [&str; 3] = ["data", "results", "recommendedPapers"];
/// What stands between a paper and the list that it is in: of citations and of references.
const LINKS: [&str; 2] = ["citingPaper", "citedPaper"];

/// The service whose JSON begins so, white space being left out.
pub(crate) fn detect(packed: &str) -> Option<InputFormat> {
    let first = packed.trim_start_matches('[');
    let listed = LISTS.iter().find_map(|list| packed.split_once(&format!("\"{list}\":[")).map(|(_, items)| items));
    let mut records = [Some(first), listed].into_iter().flatten();
    let of_arxiv = |record: &str| {
        record.contains("\"submitted_date_all\":")
            || record.contains("\"authors_parsed\":") && record.contains("\"submitter\":")
    };
    if records.clone().any(|record| record.starts_with("{\"id\":\"https://openalex.org/W")) {
        return Some(InputFormat::OpenAlex);
    }
    let own = ["{\"paperId\":", "{\"citingPaper\":{", "{\"citedPaper\":{", "{\"corpusid\":", "{\"contexts\":["];
    if records.any(|record| own.iter().any(|start| record.starts_with(start))) {
        return Some(InputFormat::SemanticScholar);
    }
    of_arxiv(first).then_some(InputFormat::ArxivJson)
}

/// The papers of a value: itself, or those of the answer that it is. Semantic Scholar has `null` in the place of a paper
/// that it does not know.
pub(crate) fn papers(value: Value, format: InputFormat) -> Vec<Value> {
    if !matches!(format, InputFormat::SemanticScholar | InputFormat::OpenAlex) {
        return vec![value];
    }
    let Value::Object(mut answer) = value else {
        return if value.is_null() { Vec::new() } else { vec![value] };
    };
    let list =
        LISTS.iter().find(|list| !answer.contains_key("title") && answer.get(**list).is_some_and(Value::is_array));
    match list.and_then(|list| answer.remove(*list)) {
        Some(Value::Array(items)) => items.into_iter().map(linked).filter(|item| !item.is_null()).collect(),
        _ => Some(linked(Value::Object(answer))).into_iter().filter(|paper| !paper.is_null()).collect(),
    }
}

/// The paper that a citation or a reference leads to; other values as they are.
fn linked(mut value: Value) -> Value {
    let paper = LINKS.iter().find_map(|link| value.get_mut(link).map(Value::take));
    paper.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    #[test]
    fn answers() {
        insta::assert_snapshot!(fixture("s2.json").join("\n"));
        insta::assert_snapshot!(fixture("openalex.jsonl").join("\n"));
        insta::assert_snapshot!(fixture("arxiv.jsonl").join("\n"));
    }

    #[test]
    fn lists_and_links() {
        for text in [
            "{\"offset\": 0, \"data\": [{\"paperId\": \"a\", \"title\": \"T\"}, null]}",
            "{\"offset\": 0,\n \"data\": [{\"citingPaper\": {\"paperId\": \"a\", \"title\": \"T\"}}]}",
            "{\"data\": [{\"citingPaper\": null}, {\"citingPaper\": {\"paperId\": \"a\", \"title\": \"T\"}}]}",
            "{\"recommendedPapers\": [{\"paperId\": \"a\", \"title\": \"T\"}]}",
            "[{\"paperId\": \"a\", \"title\": \"T\"}, null]",
            "{\"paperId\": \"a\", \"title\": \"T\", \"data\": [1]}",
        ] {
            assert_eq!(
                summaries(read(std::io::Cursor::new(text), "x", Some(InputFormat::SemanticScholar))),
                ["id=a | title=T"]
            );
        }
        let found = summaries(read(std::io::Cursor::new("{\"data\": [7]}"), "x", Some(InputFormat::SemanticScholar)));
        assert_eq!(found, ["x, line 1: expected a JSON object with a title and an abstract, found a number"]);
    }
}
