//! Values of fields: texts, counts, dates, lists. The error names the value.

use jiff::civil::Date;
use serde_json::Value;

use crate::formats::common::input::MAX_RECORD;
use crate::formats::common::python_literal;
use crate::paper::parse_date;

/// Texts that stand for a missing date or count in tables: empty cells as pandas and R write them.
const MISSING: [&str; 7] = ["nan", "nat", "none", "null", "na", "n/a", "<na>"];

/// Whether a value is missing.
pub(crate) fn is_missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(Value::is_null),
        _ => false,
    }
}

/// A text.
pub(crate) fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("{} is not a string", quoted(&other))),
    }
}

/// An abstract: a text, or OpenAlex's list of its words with the places of each.
pub(crate) fn abstract_text(value: Value) -> Result<String, String> {
    let Value::Object(places) = &value else { return text(value) };
    let mut words: Vec<(u64, &str)> = Vec::new();
    for (word, places) in places {
        let places = places.as_array().ok_or_else(|| format!("{} is not a string", quoted(&value)))?;
        words.extend(places.iter().filter_map(Value::as_u64).map(|position| (position, word.as_str())));
    }
    // A long word may be said to stand in many places.
    if words.iter().map(|(_, word)| word.len() + 1).sum::<usize>() > MAX_RECORD {
        return Err(format!("longer than {} MB", MAX_RECORD >> 20));
    }
    words.sort_unstable();
    Ok(words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" "))
}

/// What a record came from; arXiv has a description of its files in the field of this name.
pub(crate) fn source_name(value: Value) -> Result<Option<String>, String> {
    if value.is_object() { Ok(None) } else { text(value).map(Some) }
}

/// An address, or what OpenAlex calls a location.
pub(crate) fn address(value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Object(location) => Ok(location.get("landing_page_url").and_then(Value::as_str).map(str::to_owned)),
        other => text(other).map(Some),
    }
}

/// A count: a whole number, also as a text, also as `12.0` (as pandas writes whole numbers beside empty cells).
pub(crate) fn count(value: Value) -> Result<Option<u32>, String> {
    let wrong = || format!("{} is not a count: expected an integer of 0 or more", quoted(&value));
    let text = match &value {
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_missing_word(text) => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        _ => return Err(wrong()),
    };
    text.strip_suffix(".0").unwrap_or(&text).parse().map(Some).map_err(|_| wrong())
}

/// A day: any spelling that [`parse_date`] reads, a number for a year or for `20241219`, or arXiv's list of versions or
/// of their times, of which the first one's day counts.
pub(crate) fn date(value: Value) -> Result<Option<Date>, String> {
    let wrong = || format!("{} is not a valid date: use the form 2024-12-19, or omit it", quoted(&value));
    let text = match &value {
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_missing_word(text) => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Array(versions) => match versions.first().map(|first| first.get("created").unwrap_or(first)) {
            Some(Value::String(created)) => created.clone(),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    parse_date(text.strip_suffix(".0").unwrap_or(&text)).map(Some).ok_or_else(wrong)
}

fn is_missing_word(text: &str) -> bool {
    MISSING.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// Subject classes: a list of names or of objects that have one, or one text with commas, semicolons or spaces between them.
pub(crate) fn categories(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => match parse_list(&text) {
            Some(list) => categories(list),
            None if text.contains([',', ';']) => Ok(split_list(&text, &[',', ';'])),
            None => Ok(split_list(&text, &[' ', '\t', '\n'])),
        },
        Value::Array(items) => {
            let mut categories: Vec<String> = Vec::with_capacity(items.len());
            for item in items.into_iter().filter(|item| !item.is_null()) {
                let name = ["category", "display_name", "name", "id"].iter().find_map(|name| item.get(name)?.as_str());
                let name = name.map(str::to_owned).map_or_else(|| text(item), Ok)?;
                if !categories.contains(&name) {
                    categories.push(name);
                }
            }
            Ok(categories)
        }
        other => Err(format!("{} is not a list of categories", quoted(&other))),
    }
}

pub(crate) fn split_list(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The list that a table's cell holds as JSON or as Python text.
pub(crate) fn parse_list(text: &str) -> Option<Value> {
    let text = text.trim();
    let list =
        text.starts_with('[').then(|| serde_json::from_str(text).ok().or_else(|| python_literal::parse(text).ok()));
    list.flatten().filter(Value::is_array)
}

/// A value for an error message.
pub(crate) fn quoted(value: &Value) -> String {
    format!("`{}`", truncated(&value.to_string(), 60))
}

pub(crate) fn truncated(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
