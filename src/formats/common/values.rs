//! Values of fields: texts, counts, dates, lists. The error names the value.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use crate::formats::common::dates::TypedDate;
use crate::formats::common::input::MAX_RECORD;
use crate::formats::common::{dates, python_literal};
use crate::paper::{is_missing_word, is_of_web, parse_date};

/// Years in which papers are published: what is outside stands for a year that is not known, as 0 and 9999 do.
const YEARS: std::ops::RangeInclusive<i16> = 1000..=2100;

/// What was read of a value.
pub(crate) struct ReadValue<T> {
    /// `None` if there is nothing in it, or nothing that can be read.
    pub(crate) value: Option<T>,
    /// What is wrong with it, or with a part of it.
    pub(crate) wrong: Option<String>,
}

impl<T> From<Result<Option<T>, String>> for ReadValue<T> {
    fn from(read: Result<Option<T>, String>) -> ReadValue<T> {
        match read {
            Ok(value) => ReadValue { value, wrong: None },
            Err(reason) => ReadValue { value: None, wrong: Some(reason) },
        }
    }
}

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
pub(crate) fn text(value: Value) -> Result<Option<String>, String> {
    match value {
        Value::String(text) => Ok(Some(text)),
        other => Err(format!("{} is not a string", quoted(&other))),
    }
}

/// An abstract: a text, or OpenAlex's list of its words with the places of each.
pub(crate) fn abstract_text(value: Value) -> Result<Option<String>, String> {
    let Value::Object(places) = &value else { return text(value) };
    let mut words: Vec<(u64, &str)> = Vec::new();
    for (word, places) in places.iter().filter(|(_, places)| !places.is_null()) {
        let places = places.as_array().ok_or_else(|| format!("{} is not a string", quoted(&value)))?;
        words.extend(places.iter().filter_map(Value::as_u64).map(|position| (position, word.as_str())));
    }
    // A long word may be said to stand in many places.
    if words.iter().map(|(_, word)| word.len() + 1).sum::<usize>() > MAX_RECORD {
        return Err(format!("longer than {} MB", MAX_RECORD >> 20));
    }
    words.sort_unstable();
    Ok(Some(words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ")))
}

/// What a record came from; arXiv has a description of its files in the field of this name.
pub(crate) fn source_name(value: Value) -> Result<Option<String>, String> {
    if value.is_object() { Ok(None) } else { text(value) }
}

/// An address, or what OpenAlex calls a location.
pub(crate) fn address(value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Object(location) => Ok(location.get("landing_page_url").and_then(Value::as_str).map(str::to_owned)),
        Value::String(text) if !is_of_web(&text) => Err(not_of_web(&text)),
        other => text(other),
    }
}

/// What is wrong with an address that is not kept.
pub(crate) fn not_of_web(address: &str) -> String {
    format!("`{}` is not an address of the web", truncated(address.trim(), 60))
}

/// What a paper appeared in, or its volume or issue: a text, a number, or the journal of Semantic Scholar.
pub(crate) fn container(value: Value) -> Result<Option<String>, String> {
    let part = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(match &value {
        Value::Object(journal) => {
            let parts = ["name", "volume"].iter().filter_map(|name| part(journal.get(*name)?));
            Some(parts.collect::<Vec<_>>().join(" "))
        }
        other => part(other),
    })
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

/// A day: any spelling that [`parse_date`] reads, a date as people write it, a number for a year, for `20241219` or for
/// a time, or arXiv's list of versions or of their times, of which the first one's day counts.
pub(crate) fn date(value: Value) -> ReadValue<Date> {
    let wrong = || format!("{} is not a valid date: use the form 2024-12-19, or omit it", quoted(&value));
    let first = match &value {
        Value::Array(versions) => versions.iter().find(|version| !version.is_null()).unwrap_or(&Value::Null),
        other => other,
    };
    let day = match first.get("created").unwrap_or(first) {
        Value::Null => return Ok(None).into(),
        Value::String(text) if is_missing_word(text) => return Ok(None).into(),
        Value::String(text) => day(text).or_else(|| Some(day_of_time(&text.trim().parse().ok()?)?.into())),
        Value::Number(number) if value.is_number() => {
            day_of_time(number).map(TypedDate::from).or_else(|| day(&number.to_string()))
        }
        _ => None,
    };
    match day.filter(|day| YEARS.contains(&day.date.year())) {
        Some(day) => ReadValue { value: Some(day.date), wrong: day.wrong(first.as_str().unwrap_or_default()) },
        None => Err(wrong()).into(),
    }
}

fn day(text: &str) -> Option<TypedDate> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    parse_date(text).map(TypedDate::from).or_else(|| match iso_parts(text) {
        // Databases write 00 for a part that is not known. Any other day that does not exist is damaged: it says nothing.
        Some((year, month, "00")) => dates::from_parts(year, month, ""),
        Some(_) => text[..10].parse::<Date>().ok().map(TypedDate::from),
        None => dates::from_free_text(text),
    })
}

/// Year, month and day of `2024-12-19`, with whatever follows it.
fn iso_parts(text: &str) -> Option<(&str, &str, &str)> {
    let day = text.get(..10)?;
    let fits = day
        .bytes()
        .enumerate()
        .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    fits.then(|| (&day[..4], &day[5..7], &day[8..]))
}

/// The day of a time in seconds or milliseconds since 1970, from 2001 to 2030: pandas writes times so. Other numbers may
/// be dates of another form.
fn day_of_time(number: &Number) -> Option<Date> {
    const SECONDS: std::ops::Range<f64> = 1e9..1.9e9;
    let number = number.as_f64()?;
    let seconds = [number, number / 1e3].into_iter().find(|seconds| SECONDS.contains(seconds))?;
    Some(Timestamp::from_second(seconds as i64).ok()?.to_zoned(TimeZone::UTC).date())
}

/// Subject classes: a list of names or of objects that have one, or one text with commas, semicolons, bars or spaces
/// between them.
pub(crate) fn categories(value: Value) -> ReadValue<Vec<String>> {
    match value {
        Value::String(text) => match parse_list(&text) {
            Some(list) => categories(list),
            None if text.contains([',', ';', '|']) => Ok(Some(split_list(&text, &[',', ';', '|']))).into(),
            None => Ok(Some(split_list(&text, &[' ', '\t', '\n']))).into(),
        },
        Value::Array(items) => {
            let (mut categories, mut wrong) = (Vec::with_capacity(items.len()), None);
            for item in items.into_iter().filter(|item| !item.is_null()) {
                match category(item) {
                    Ok(name) => categories.extend(name),
                    Err(reason) => wrong = wrong.or(Some(reason)),
                }
            }
            let categories = distinct(categories);
            ReadValue { value: Some(categories).filter(|categories| !categories.is_empty()), wrong }
        }
        other => Err(format!("{} is not a list of categories", quoted(&other))).into(),
    }
}

/// The name of a subject class.
fn category(item: Value) -> Result<Option<String>, String> {
    const NAMES: [&str; 4] = ["category", "display_name", "name", "id"];
    let names = || NAMES.iter().filter_map(|name| item.get(name));
    match names().next() {
        Some(_) => Ok(names().find_map(Value::as_str).map(str::to_owned)),
        None => text(item),
    }
}

/// Tags and keywords: a text with semicolons between them, or a list of texts.
pub(crate) fn tags(value: Value) -> Result<Option<Vec<String>>, String> {
    match value {
        Value::String(text) => match parse_list(&text) {
            Some(list) => tags(list),
            None => Ok(Some(split_list(&text, &[';']))),
        },
        Value::Array(items) => Ok(Some(items.into_iter().filter_map(|item| category(item).ok().flatten()).collect())),
        other => text(other).map(|_| None),
    }
}

/// Returns texts each once, in the order in which they come first.
pub(crate) fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut known = HashSet::new();
    texts.into_iter().filter(|text| known.insert(text.clone())).collect()
}

pub(crate) fn split_list(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The list that a table's cell holds as JSON or as Python text.
pub(crate) fn parse_list(text: &str) -> Option<Value> {
    let text = text.trim();
    let parse = || serde_json::from_str(text).ok().or_else(|| python_literal::parse(text).ok());
    text.starts_with(['[', '(']).then(parse).flatten().filter(Value::is_array)
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
