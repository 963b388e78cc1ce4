//! The fields of a query string: `?limit=10&categories=cs.CL,cs.LG&explain=true`.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::json_fields::whole_or_fraction;
use crate::recommend::{MAX_AUTHORS, MAX_FILTER_VALUES, check_length};
use crate::server::problem::Problem;

/// Fields whose values are lists, separated by commas.
const LIST_FIELDS: [&str; 12] = [
    "authors",
    "by",
    "candidates",
    "categories",
    "exclude",
    "fields",
    "negative",
    "phrases",
    "positive",
    "sources",
    "titles",
    "without",
];
/// Lists of names, which are never empty: an empty one is refused where it is used.
const NAME_LISTS: [&str; 5] = ["candidates", "exclude", "fields", "negative", "positive"];
/// Fields whose values are texts, even when they look like numbers.
const TEXT_FIELDS: [&str; 6] = ["cursor", "id", "interest", "q", "query", "text"];

/// The query string, read as a JSON object with the same fields.
pub(crate) struct QueryFields<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryFields<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<QueryFields<T>, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        parse_fields(pairs).map(QueryFields)
    }
}

/// Whether a text of a search box has more than white space and quotation marks.
pub(crate) fn has_search_text(text: &str) -> bool {
    text.contains(|c: char| !c.is_whitespace() && !matches!(c, '"' | '\u{201c}' | '\u{201d}'))
}

fn parse_fields<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let mut object = Map::new();
    for (name, text) in pairs {
        let value = if let Some(field) = LIST_FIELDS.into_iter().find(|field| *field == name) {
            let keeps_empty = NAME_LISTS.contains(&field);
            let items = text.split(',').map(str::trim);
            // Some clients give the name of a list once for each of its values.
            let mut list = object.remove(&name).and_then(|list| list.as_array().cloned()).unwrap_or_default();
            if !keeps_empty {
                // Those that are left out count, too.
                let most = if field == "authors" { MAX_AUTHORS } else { MAX_FILTER_VALUES };
                check_length(field, list.len() + items.clone().count(), most)?;
            }
            list.extend(items.filter(|item| keeps_empty || !item.is_empty()).map(Value::from));
            list.into()
        } else if TEXT_FIELDS.contains(&name.as_str()) {
            Value::String(text)
        } else {
            // Numbers and booleans are JSON; the rest is text.
            number_or_boolean(&text).unwrap_or(Value::String(text))
        };
        if object.insert(name.clone(), value).is_some() {
            return Err(Problem::bad_request(format!("`{name}` is given twice")));
        }
    }
    serde_json::from_value(Value::Object(object))
        .map_err(|error| Problem::bad_request(format!("in the query: {error}")))
}

fn number_or_boolean(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    match &value {
        Value::Number(number) if number.is_f64() => number.as_f64().map(whole_or_fraction),
        Value::Number(_) | Value::Bool(_) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::Request;

    fn parse(query: &[(&str, &str)]) -> Result<Request, Problem> {
        parse_fields(query.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect())
    }

    #[test]
    fn fields_have_types() {
        let request = parse(&[
            ("limit", "3"),
            ("text", "7"),
            ("categories", "cs.CL, cs.LG"),
            ("published_after", "2025-01-01"),
            ("explain", "true"),
            ("positive", "2401.12345"),
            ("interest", "false"),
        ])
        .unwrap();
        assert_eq!(request.interest.as_deref(), Some("false"));
        assert_eq!((request.limit, request.text.as_deref(), request.explain), (Some(3), Some("7"), true));
        assert_eq!((request.categories.len(), request.positive.len()), (2, 1));
        let request = parse(&[("categories", "cs.CL"), ("limit", "3.0"), ("categories", "cs.LG,cs.AI")]).unwrap();
        assert_eq!((request.limit, request.categories.len()), (Some(3), 3));
        assert!(parse(&[("categories", "")]).unwrap().categories.is_empty());
        assert!(parse(&[("by", &",".repeat(99))]).unwrap().by.is_empty());
        assert!(parse(&[("by", &",".repeat(100))]).unwrap_err().detail().contains("101 entries: give up to 100"));
        assert!(parse(&[("authors", &",".repeat(100))]).unwrap().authors.is_empty());
        assert!(parse(&[("exclude", "a,")]).unwrap_err().detail().contains("empty id"));
        assert!(parse(&[("limt", "3")]).unwrap_err().detail().contains("unknown field `limt`"));
        assert!(parse(&[("limit", "null")]).unwrap_err().detail().contains("invalid type: string \"null\""));
        assert!(parse(&[("limit", "3"), ("limit", "4")]).unwrap_err().detail().contains("twice"));
    }
}
