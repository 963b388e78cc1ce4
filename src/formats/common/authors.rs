//! Names of authors: lists of them in all their forms, and the order of the parts of a name.

use serde_json::Value;

use crate::formats::common::values::{ReadValue, parse_list, quoted};
use crate::paper::{is_initials, is_name_suffix, is_suffix_of, without_initials};
use crate::text::markup::MarkupRule;
use crate::text::script::has_unsegmented;

/// What stands between names, and in none of them.
pub(crate) const SEPARATORS: [char; 3] = [';', '；', '、'];

/// Authors: a list of names or of objects with names, or one text with all of them. Fails if there is nothing but what
/// cannot be read.
pub(crate) fn read(value: Value) -> Result<Vec<String>, String> {
    match list(value) {
        ReadValue { value: None, wrong: Some(reason) } => Err(reason),
        ReadValue { value, .. } => Ok(value.unwrap_or_default()),
    }
}

/// As [`read`], with what is wrong with the first author that cannot be read. An author without a name is none.
pub(crate) fn list(value: Value) -> ReadValue<Vec<String>> {
    match value {
        Value::String(text) => match parse_list(&text) {
            Some(authors) => list(authors),
            // A semicolon ends a character reference too.
            None => Ok(Some(split_names(&MarkupRule::Inline.text(&text))).filter(|names| !names.is_empty())).into(),
        },
        Value::Array(items) => {
            let (mut names, mut wrong) = (Vec::with_capacity(items.len()), None);
            for item in items {
                let name = match item {
                    Value::String(name) if name.trim().len() == name.len() => {
                        Ok(Some(name).filter(|name| !name.is_empty()))
                    }
                    other => author(&other),
                };
                match name {
                    Ok(name) => names.extend(name),
                    Err(reason) => wrong = wrong.or(Some(reason)),
                }
            }
            ReadValue { value: Some(names).filter(|names| !names.is_empty()), wrong }
        }
        // Hugging Face's data sets have a list of structures as a structure of lists.
        Value::Object(mut parts) if parts.get("name").is_some_and(Value::is_array) => {
            list(parts.remove("name").unwrap_or_default())
        }
        Value::Object(_) => author(&value).map(|name| name.map(|name| vec![name])).into(),
        other => Err(format!("{} is not a list of authors", quoted(&other))).into(),
    }
}

/// The name of one author, if there is one.
fn author(value: &Value) -> Result<Option<String>, String> {
    const WHOLE: [&str; 5] = ["name", "full_name", "fullname", "display_name", "raw_author_name"];
    const GIVEN: [&str; 5] = ["given", "given_name", "first_name", "first", "forenames"];
    const FAMILY: [&str; 5] = ["family", "family_name", "last_name", "last", "keyname"];
    let fields = match value {
        Value::Null => return Ok(None),
        Value::String(name) => return Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty())),
        Value::Array(parts) => return parsed_author(parts).map_err(|()| format!("{} is not an author", quoted(value))),
        Value::Object(fields) => fields,
        _ => return Err(not_an_author(value)),
    };
    let part = |names: &[&str]| {
        let parts = names.iter().filter_map(|name| fields.get(*name)?.as_str());
        parts.map(str::trim).find(|part| !part.is_empty())
    };
    // An authorship of OpenAlex.
    if let Some(author @ Value::Object(_)) = fields.get("author")
        && let Ok(Some(name)) = self::author(author)
    {
        return Ok(Some(name));
    }
    if let Some(name) = part(&WHOLE) {
        return Ok(Some(name.to_owned()));
    }
    let names: Vec<&str> = [part(&GIVEN), part(&FAMILY)].into_iter().flatten().collect();
    let is_author =
        || [&WHOLE[..], &GIVEN, &FAMILY, &["author"]].concat().iter().any(|name| fields.contains_key(*name));
    match names[..] {
        [] if !is_author() => Err(not_an_author(value)),
        [] => Ok(None),
        _ => Ok(Some(names.join(" "))),
    }
}

fn not_an_author(value: &Value) -> String {
    format!("{} is not an author: expected a name, or an object with `name`", quoted(value))
}

/// A name in the parts that arXiv has: family, given, suffix, affiliations.
fn parsed_author(parts: &[Value]) -> Result<Option<String>, ()> {
    let mut texts = [""; 3];
    for (text, part) in texts.iter_mut().zip(parts) {
        match part {
            Value::String(part) => *text = part.trim(),
            Value::Null => {}
            _ => return Err(()),
        }
    }
    let [family, given, suffix] = texts;
    let name = [given, family, suffix].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// Names out of one text: between [`SEPARATORS`] or `|`, or between ` and `, or between commas. What stands for further names is
/// left out.
fn split_names(text: &str) -> Vec<String> {
    let text = without_others(text);
    let parts: Vec<&str> = match () {
        () if text.contains(SEPARATORS) => text.split(SEPARATORS).collect(),
        () if text.contains('|') => text.split('|').collect(),
        // Within a name of Latin letters it may be the comma behind the family name.
        () if text.contains('，') && text.split('，').all(has_unsegmented) => text.split('，').collect(),
        () => {
            let parts = text.split(" and ").flat_map(|part| part.split(" & "));
            return parts.flat_map(split_at_commas).collect();
        }
    };
    parts.into_iter().filter_map(name).collect()
}

/// Names between commas, where it is clear which are: `Ann Lee, Bo Chen`, `Lee A., Chen B.C.`, or names with their
/// initials behind them: `Lee, A., Chen, B.C.`. Not `Lee, Ann` or `van Dyk, A. B.`.
fn split_at_commas(text: &str) -> Vec<String> {
    let parts: Vec<&str> =
        text.split(',').filter_map(|part| Some(part.trim()).filter(|part| !is_filler(part))).collect();
    let is_whole_name = |name: &&str| {
        let mut words = name.split_whitespace();
        words.clone().count() >= 2 && words.any(|word| !word.ends_with('.'))
    };
    if parts.len() > 1 && parts.iter().all(is_whole_name) {
        return parts.into_iter().filter_map(name).collect();
    }
    let is_pair = |pair: &[&str]| matches!(pair, [family, given] if is_family(family) && is_initials(given));
    if parts.len() > 2 && parts.chunks(2).all(is_pair) {
        return parts.chunks(2).map(|pair| pair.join(", ")).collect();
    }
    name(text).into_iter().collect()
}

/// Whether this may be a family name, and no initials.
fn is_family(text: &str) -> bool {
    text.contains(char::is_lowercase) || text.chars().count() > 1 && !text.contains('.')
}

/// A name without what separates it from the others.
fn name(part: &str) -> Option<String> {
    let part = part.trim().trim_end_matches(',').trim();
    let part = part.strip_prefix("and ").or_else(|| part.strip_prefix("& ")).unwrap_or(part).trim();
    (!is_filler(part)).then(|| part.to_owned())
}

/// Whether there is nothing in it, or `...`, which stands for names that are left out.
fn is_filler(part: &str) -> bool {
    part.chars().all(|c| matches!(c, '.' | '…') || c.is_whitespace())
}

/// A list of names without `et al.` or `...` at its end.
fn without_others(text: &str) -> &str {
    let text = text.trim_end();
    let is_end = |end: &&str| {
        let start = text.len().checked_sub(end.len()).filter(|start| text.is_char_boundary(*start));
        start.is_some_and(|start| text[start..].eq_ignore_ascii_case(end) && text[..start].ends_with([' ', ',', ';']))
    };
    match ["et al.", "et al", "and others"].iter().find(|end| is_end(end)) {
        Some(end) => text[..text.len() - end.len()].trim_end_matches([' ', ',', ';']),
        None => text,
    }
}

/// `Lee, Ann` as `Ann Lee`, `Lee, Jr., Ann` and `Lee, Ann, Jr.` as `Ann Lee, Jr.`, and other names as they are. EndNote
/// writes a comma behind the name of a group: no given name follows.
pub(crate) fn given_name_first(name: &str) -> String {
    if !name.contains(',') {
        return name.trim().to_owned();
    }
    let mut parts = name.split(',').map(str::trim).filter(|part| !part.is_empty());
    match [(); 4].map(|()| parts.next()) {
        [Some(name), None, ..] => name.to_owned(),
        [Some(family), Some(behind), third, None] => in_spoken_order(family, behind, third),
        _ => name.trim().to_owned(),
    }
}

/// The two or three parts of a name, which stood between commas, as they are spoken. BibTeX has the suffix in the second
/// place, RIS in the third.
pub(crate) fn in_spoken_order(family: &str, second: &str, third: Option<&str>) -> String {
    match third {
        None if is_suffix_of(family, second) => [family, ", ", second].concat(),
        None => [second, " ", family].concat(),
        Some(suffix) if is_name_suffix(suffix) => [second, " ", family, ", ", suffix].concat(),
        Some(given) => [given, " ", family, ", ", second].concat(),
    }
}

/// The parts of a name.
#[derive(Debug, PartialEq)]
pub(crate) struct NameParts<'n> {
    pub(crate) family: &'n str,
    pub(crate) given: &'n str,
    pub(crate) suffix: &'n str,
}

impl NameParts<'_> {
    /// The family name and, each behind a comma, the other parts that there are.
    pub(crate) fn between_commas(parts: [&str; 3]) -> String {
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// Splits a name: at a comma, before the initials behind it, else before the last word. `None` for a single word.
pub(crate) fn name_parts(author: &str) -> Option<NameParts<'_>> {
    let (name, behind) = author.split_once(',').map_or((author, ""), |(name, behind)| (name.trim(), behind.trim()));
    if name.is_empty() {
        return None;
    }
    if !behind.is_empty() && !is_suffix_of(name, behind) {
        let (given, suffix) = match behind.split_once(',') {
            Some((given, suffix)) if is_name_suffix(suffix) => (given.trim(), suffix.trim()),
            Some((suffix, given)) if is_name_suffix(suffix) => (given.trim(), suffix.trim()),
            _ => (behind, ""),
        };
        return Some(NameParts { family: name, given, suffix });
    }
    let family = without_initials(name);
    let (family, given) = match name[family.len()..].trim() {
        "" => last_word(name),
        initials => (family, initials),
    };
    (!given.is_empty() || !behind.is_empty()).then_some(NameParts { family, given, suffix: behind })
}

/// The last word of a name, with a suffix behind it, and what stands before it.
fn last_word(name: &str) -> (&str, &str) {
    let end = match name.rsplit_once(' ') {
        Some((before, suffix)) if is_suffix_of(before, suffix) => before.len(),
        _ => name.len(),
    };
    let start = name[..end].rfind(' ').map_or(0, |space| space + 1);
    (&name[start..], name[..start].trim())
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
            json!(["Ann Lee", "", {"name": null}, {"given": null, "family": null}, [], [null, ""], {"name": "Bo Chen"}]),
            json!({"name": ["Ann Lee", null, "Bo Chen"], "affiliation": [null, null, null]}),
            json!([{"name": "Ann Lee"}, {"full_name": "Bo Chen"}]),
            json!([{"given": "Ann", "family": "Lee"}, {"first_name": "Bo", "last_name": "Chen"}]),
            json!("Ann Lee and Bo Chen"),
            json!("Ann Lee & Bo Chen"),
            json!("Ann Lee; Bo Chen;"),
            json!("Ann Lee, Bo Chen"),
            json!("Ann Lee, and Bo Chen"),
            json!([["Lee", "Ann", ""], ["Chen", "Bo", "", "Invented University"]]),
            json!([{"author": {"id": "A1", "display_name": "Ann Lee"}}, {"raw_author_name": "Bo Chen"}]),
            json!([{"author": {"display_name": null}, "raw_author_name": "Ann Lee"}, {"author": {"name": "Bo Chen"}}]),
            json!([{"author": {"display_name": null}, "raw_author_name": null}, "Ann Lee", "Bo Chen"]),
            json!("[{'name': 'Ann Lee'}, {'name': None}, {'name': 'Bo Chen'}]"),
            json!("Ann Lee|Bo Chen"),
            json!("Ann Lee;; Bo Chen"),
            json!("Ann Lee; Bo Chen; "),
            json!("Ann Lee; and Bo Chen"),
            json!("Ann Lee, Bo Chen, ..."),
            json!("Ann Lee, …, Bo Chen"),
            json!("Ann Lee, Bo Chen et al."),
            json!("Ann Lee; Bo Chen; et al"),
            json!("Ann Lee and Bo Chen and others"),
            json!("Ann Lee；Bo Chen"),
            json!("['Ann Lee', 'Bo Chen']"),
            json!("[\"Ann Lee\", \"Bo Chen\"]"),
            json!("('Ann Lee', 'Bo Chen')"),
            json!("['Ann Lee' 'Bo Chen']"),
            json!("[nan, 'Ann Lee', None, 'Bo Chen']"),
        ] {
            check(value, Ok(&["Ann Lee", "Bo Chen"]));
        }
        check(json!("Zo&euml; Ash; Lee, Ann"), Ok(&["Zoë Ash", "Lee, Ann"]));
        check(json!("Lee, Ann"), Ok(&["Lee, Ann"]));
        check(json!("van Dyk, A. B."), Ok(&["van Dyk, A. B."]));
        check(json!("Lee, Ann and Chen, Bo"), Ok(&["Lee, Ann", "Chen, Bo"]));
        check(json!("Lee, A.; Chen, B."), Ok(&["Lee, A.", "Chen, B."]));
        check(json!("A. Lee, B. Chen, C. Diaz and D. Eo"), Ok(&["A. Lee", "B. Chen", "C. Diaz", "D. Eo"]));
        for (text, names) in [
            ("Lee A., Chen B.C., de la Diaz D.", &["Lee A.", "Chen B.C.", "de la Diaz D."][..]),
            ("Lee A, Chen BC, Diaz D.", &["Lee A", "Chen BC", "Diaz D."]),
            ("A Lee, BC Chen, D Diaz", &["A Lee", "BC Chen", "D Diaz"]),
            ("Lee, A.B., Chen, C.", &["Lee, A.B.", "Chen, C."]),
            ("van Dyk, A. B., Chen, C.-D., & Ó Diaz, É.", &["van Dyk, A. B.", "Chen, C.-D.", "Ó Diaz, É."]),
            ("LI, W., WU, X.", &["LI, W.", "WU, X."]),
            ("Lee, A., Chen, B. et al.", &["Lee, A.", "Chen, B."]),
            ("Lee, Ada; Chen, Bo", &["Lee, Ada", "Chen, Bo"]),
            ("Lee, Ada and Chen, Bo et al.", &["Lee, Ada", "Chen, Bo"]),
            ("Lee A.; Chen B.C.", &["Lee A.", "Chen B.C."]),
            ("Lee, A.B., Jr.", &["Lee, A.B., Jr."]),
            ("Lee, Chen, Diaz, Eo", &["Lee, Chen, Diaz, Eo"]),
            ("王伟；李娜", &["王伟", "李娜"]),
            ("王伟、李娜", &["王伟", "李娜"]),
            ("王伟，李娜", &["王伟", "李娜"]),
            ("Lee，Ann", &["Lee，Ann"]),
            ("Bret Al", &["Bret Al"]),
            ("Anders", &["Anders"]),
        ] {
            check(json!(text), Ok(names));
        }
        check(json!([null, {"name": null}]), Ok(&[]));
        check(json!("..."), Ok(&[]));
        check(json!({"name": "Solo"}), Ok(&["Solo"]));
        check(json!([{"family": "Lee"}]), Ok(&["Lee"]));
        check(json!("Alexander Andersson"), Ok(&["Alexander Andersson"]));
        check(json!(3), Err("`3` is not a list of authors"));
        check(json!(["a", 3]), Ok(&["a"]));
        check(json!([3]), Err("`3` is not an author: expected a name, or an object with `name`"));
        check(
            json!({"affiliation": "x"}),
            Err("`{\"affiliation\":\"x\"}` is not an author: expected a name, or an object with `name`"),
        );
        check(json!([["Lee", 3]]), Err("`[\"Lee\",3]` is not an author"));
    }

    #[test]
    fn people() {
        for (name, expect) in [
            ("Lee, Ann", "Ann Lee"),
            ("Lee, Jr., Ann", "Ann Lee, Jr."),
            ("Lee, Ann, Jr.", "Ann Lee, Jr."),
            ("Elm,B.C.,Jr.", "B.C. Elm, Jr."),
            ("Lee, Ann, III", "Ann Lee, III"),
            ("Lee, Ann, 3rd", "Ann Lee, 3rd"),
            ("Lee, Ann, MD", "Ann Lee, MD"),
            ("Lee, Ann, Ph.D.", "Ann Lee, Ph.D."),
            ("Ann Lee, Jr.", "Ann Lee, Jr."),
            ("Lee, MD", "MD Lee"),
            ("Ann Lee", "Ann Lee"),
            ("Lee,", "Lee"),
            ("", ""),
        ] {
            assert_eq!(given_name_first(name), expect, "{name}");
        }
    }

    #[test]
    fn parts_of_names() {
        for (name, expect) in [
            ("Ann Lee", ["Lee", "Ann", ""]),
            ("Ann B. Lee", ["Lee", "Ann B.", ""]),
            ("Lee, Ann", ["Lee", "Ann", ""]),
            ("Lee A.B.", ["Lee", "A.B.", ""]),
            ("de la Diaz D.", ["de la Diaz", "D.", ""]),
            ("Ann Lee, Jr.", ["Lee", "Ann", "Jr."]),
            ("Lee, A.B., Jr.", ["Lee", "A.B.", "Jr."]),
            ("Lee, Jr., A.B.", ["Lee", "A.B.", "Jr."]),
            ("Lee, Jr.", ["Lee", "", "Jr."]),
            ("Ann Lee Jr.", ["Lee Jr.", "Ann", ""]),
        ] {
            let [family, given, suffix] = expect;
            assert_eq!(name_parts(name), Some(NameParts { family, given, suffix }), "{name}");
        }
        for name in ["Lee", ""] {
            assert_eq!(name_parts(name), None, "{name}");
        }
    }
}
