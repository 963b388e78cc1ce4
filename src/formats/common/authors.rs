//! Names of authors: lists of them in all their forms, and the order of the parts of a name.

use serde_json::Value;

use crate::formats::common::values::{parse_list, quoted};
use crate::text::markup::MarkupRule;

/// Authors: a list of names or of objects with names, or one text with all of them.
pub(crate) fn read(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => match parse_list(&text) {
            Some(list) => read(list),
            // A semicolon ends a character reference too.
            None => Ok(split_names(&MarkupRule::Inline.text(&text))),
        },
        Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(author).collect(),
        Value::Object(_) => Ok(vec![author(value)?]),
        other => Err(format!("{} is not a list of authors", quoted(&other))),
    }
}

fn author(value: Value) -> Result<String, String> {
    let part = |names: &[&str]| names.iter().find_map(|name| value.get(name)?.as_str()).map(str::trim);
    if let Value::String(name) = value {
        return Ok(name);
    }
    if let Value::Array(parts) = &value {
        return parsed_author(parts).ok_or_else(|| format!("{} is not an author", quoted(&value)));
    }
    // An authorship of OpenAlex.
    if let Some(name) = value.get("author").and_then(|author| author.get("display_name")?.as_str()) {
        return Ok(name.to_owned());
    }
    if let Some(name) = part(&["name", "full_name", "fullname", "display_name", "raw_author_name"]) {
        return Ok(name.to_owned());
    }
    let given = part(&["given", "given_name", "first_name", "first", "forenames"]);
    match (given, part(&["family", "family_name", "last_name", "last", "keyname"])) {
        (None, None) => Err(format!("{} is not an author: expected a name, or an object with `name`", quoted(&value))),
        (given, family) => Ok([given, family].into_iter().flatten().collect::<Vec<_>>().join(" ")),
    }
}

/// A name in the parts that arXiv has: family, given, suffix, affiliations.
fn parsed_author(parts: &[Value]) -> Option<String> {
    let mut parts = parts.iter().take(3).map(|part| part.as_str().map(str::trim));
    let (family, given, suffix) = (parts.next()??, parts.next().flatten(), parts.next().flatten());
    let name = [given, Some(family), suffix].into_iter().flatten().filter(|part| !part.is_empty());
    Some(name.collect::<Vec<_>>().join(" "))
}

/// Names out of one text: between `;`, or between ` and `, or between commas where every part is a whole name.
fn split_names(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains(';') {
        text.split(';').collect()
    } else {
        let parts = text.split(" and ").flat_map(|part| part.split(" & "));
        parts.flat_map(|part| if is_list_of_names(part) { part.split(',').collect() } else { vec![part] }).collect()
    };
    let names = parts.into_iter().map(|part| part.trim().trim_end_matches(',').trim());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Whether commas part names here: `Ann Lee, Bo Chen`, and not `Lee, Ann` or `van Dyk, A. B.`.
fn is_list_of_names(text: &str) -> bool {
    let is_whole_name = |name: &str| {
        let mut words = name.split_whitespace();
        words.clone().count() >= 2 && words.any(|word| !word.ends_with('.'))
    };
    text.contains(',') && text.split(',').map(str::trim).filter(|part| !part.is_empty()).all(is_whole_name)
}

/// `Lee, Ann` as `Ann Lee`, `Lee, Jr., Ann` as `Ann Lee, Jr.`; other names as they are.
pub(crate) fn given_name_first(name: &str) -> String {
    let parts: Vec<&str> = name.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [family, given] => format!("{given} {family}"),
        [family, suffix, given] => format!("{given} {family}, {suffix}"),
        _ => name.trim().to_owned(),
    }
}

/// Splits a name into family and given names: at a comma, else before the last word. `None` for a single word.
pub(crate) fn family_and_given(author: &str) -> Option<(&str, &str)> {
    let (family, given) = match author.split_once(',') {
        Some(parts) => parts,
        None => author.rsplit_once(' ').map(|(given, family)| (family, given))?,
    };
    let (family, given) = (family.trim(), given.trim());
    (!family.is_empty() && !given.is_empty()).then_some((family, given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, expect: Result<&[&str], &str>) {
        let expect = expect.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(value.clone()), expect.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn authors_in_all_their_forms() {
        for value in [
            json!(["Ann Lee", "Bo Chen"]),
            json!(["Ann Lee", null, "Bo Chen"]),
            json!([{"name": "Ann Lee"}, {"full_name": "Bo Chen"}]),
            json!([{"given": "Ann", "family": "Lee"}, {"first_name": "Bo", "last_name": "Chen"}]),
            json!("Ann Lee and Bo Chen"),
            json!("Ann Lee & Bo Chen"),
            json!("Ann Lee; Bo Chen;"),
            json!("Ann Lee, Bo Chen"),
            json!("Ann Lee, and Bo Chen"),
            json!([["Lee", "Ann", ""], ["Chen", "Bo", "", "Invented University"]]),
            json!([{"author": {"id": "A1", "display_name": "Ann Lee"}}, {"raw_author_name": "Bo Chen"}]),
            json!("['Ann Lee', 'Bo Chen']"),
            json!("[\"Ann Lee\", \"Bo Chen\"]"),
        ] {
            check(value, Ok(&["Ann Lee", "Bo Chen"]));
        }
        check(json!("Zo&euml; Ash; Lee, Ann"), Ok(&["Zoë Ash", "Lee, Ann"]));
        check(json!("Lee, Ann"), Ok(&["Lee, Ann"]));
        check(json!("van Dyk, A. B."), Ok(&["van Dyk, A. B."]));
        check(json!("Lee, Ann and Chen, Bo"), Ok(&["Lee, Ann", "Chen, Bo"]));
        check(json!("Lee, A.; Chen, B."), Ok(&["Lee, A.", "Chen, B."]));
        check(json!("A. Lee, B. Chen, C. Diaz and D. Eo"), Ok(&["A. Lee", "B. Chen", "C. Diaz", "D. Eo"]));
        check(json!({"name": "Solo"}), Ok(&["Solo"]));
        check(json!([{"family": "Lee"}]), Ok(&["Lee"]));
        check(json!("Alexander Andersson"), Ok(&["Alexander Andersson"]));
        check(json!(3), Err("`3` is not a list of authors"));
        check(json!(["a", 3]), Err("`3` is not an author: expected a name, or an object with `name`"));
    }

    #[test]
    fn people() {
        for (name, expect) in [
            ("Lee, Ann", "Ann Lee"),
            ("Lee, Jr., Ann", "Ann Lee, Jr."),
            ("Ann Lee", "Ann Lee"),
            ("Lee,", "Lee,"),
            ("", ""),
        ] {
            assert_eq!(given_name_first(name), expect, "{name}");
        }
    }
}
