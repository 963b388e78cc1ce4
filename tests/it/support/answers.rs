//! Fields of answers in JSON, as the program prints and the service sends them.

use serde_json::Value;

/// Returns the results of an answer, best first.
pub(crate) fn results(answer: &Value) -> &[Value] {
    answer["results"].as_array().unwrap_or_else(|| panic!("no results: {answer}"))
}

/// Returns the ids of the papers of an answer.
pub(crate) fn ids(answer: &Value) -> Vec<String> {
    results(answer).iter().map(|result| text(&result["paper"]["id"])).collect()
}

/// Returns the titles of the papers of an answer.
pub(crate) fn titles(answer: &Value) -> Vec<String> {
    results(answer).iter().map(|result| text(&result["paper"]["title"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
