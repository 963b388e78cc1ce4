//! Lists of names in BibTeX: `Oak, Ada and {The Lamp Group} and others`, and biblatex's names of labeled parts.

use crate::formats::common::authors;
use crate::text::latex::field_text;

/// The labels of a name's parts (biblatex 3.4, "extended name format"), in the order in which they are spoken.
const SPOKEN_PARTS: [&str; 3] = ["given", "prefix", "family"];

/// Returns names as they are spoken. A name within braces, as of a group, is one whatever stands in it.
pub(super) fn names(list: &str) -> Vec<String> {
    let list = format!(" {} ", list.split_whitespace().collect::<Vec<_>>().join(" "));
    // The space behind ` and` may be the one before the next.
    let is_and = |rest: &str| rest.get(..5).is_some_and(|and| and.eq_ignore_ascii_case(" and "));
    let mut names = split(&list, |rest| is_and(rest).then_some(4));
    if let [only] = names[..] {
        // Some programs write lists as people do: `Oak, A.; Elm, B.`
        names = split(only, |rest| rest.starts_with(';').then_some(1));
    }
    let names = names.into_iter().map(|name| name.trim().trim_end_matches(',').trim());
    // `xdata=...` is a reference to a name in another entry.
    let is_name =
        |name: &&str| !matches!(*name, "" | "others" | "{others}" | "et al." | "et al") && !name.starts_with("xdata=");
    names.filter(is_name).map(name).filter(|name| !name.is_empty()).collect()
}

fn name(name: &str) -> String {
    let spoken = match in_braces(name) {
        Some(group) if !group.contains('=') => field_text(name),
        Some(group) => labeled(group).unwrap_or_else(|| field_text(name)),
        None => labeled(name).unwrap_or_else(|| ordered(name)),
    };
    without_number(spoken.trim()).to_owned()
}

/// Returns what stands within the braces that a text is in from its start to its end.
fn in_braces(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut depth = 0_usize;
    let is_one = inside.bytes().all(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return false,
            b'}' => depth -= 1,
            _ => {}
        }
        true
    });
    is_one.then_some(inside)
}

/// `Oak, Ada`, `van der Meer, Jr., Willem` and `Ada Oak`, given names first.
fn ordered(name: &str) -> String {
    let parts: Vec<String> = commas(name).into_iter().map(|part| field_text(part.trim()).trim().to_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [family, given] => authors::in_spoken_order(family, given, None),
        [family, second, third] => authors::in_spoken_order(family, second, Some(third)),
        _ => parts.join(", "),
    }
}

/// `family=Meer, given=Willem, prefix=van der`: the parts of a name, in any order. Commas in a part are in braces or,
/// with its label, in quotation marks.
fn labeled(name: &str) -> Option<String> {
    if !name.contains('=') {
        return None;
    }
    let parts: Vec<(String, String)> = commas(name).into_iter().filter_map(label_and_part).collect();
    let part = |label: &str| parts.iter().find(|(known, _)| known == label).map(|(_, part)| part.as_str());
    let spoken: Vec<&str> = SPOKEN_PARTS.iter().filter_map(|label| part(label)).collect();
    part("family").or(part("given"))?;
    let suffix = part("suffix").map(|suffix| format!(", {suffix}")).unwrap_or_default();
    Some(spoken.join(" ") + &suffix)
}

fn label_and_part(text: &str) -> Option<(String, String)> {
    let text = text.trim().trim_matches('"');
    let (label, part) = text.split_once('=')?;
    let part = field_text(part.trim().trim_matches('"')).trim().to_owned();
    Some((label.trim().to_ascii_lowercase(), part)).filter(|(_, part)| !part.is_empty())
}

/// Splits a name at its commas outside of braces and quotation marks.
fn commas(name: &str) -> Vec<&str> {
    let has_labels = name.contains('=');
    let mut is_quoted = false;
    split(name, |rest| {
        is_quoted ^= has_labels && rest.starts_with('"');
        (rest.starts_with(',') && !is_quoted).then_some(1)
    })
}

/// Splits a text where `separator` returns the length of one, outside of braces.
fn split(text: &str, mut separator: impl FnMut(&str) -> Option<usize>) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 || at < start => {}
            _ => {
                if let Some(length) = separator(&text[at..]) {
                    parts.push(&text[start..at]);
                    start = at + length;
                }
            }
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Returns a name without the number by which dblp tells people of the same name apart, `Wei Wang 0001`: nobody else
/// writes it, so the name would be another person's.
fn without_number(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((name, number))
            if number.len() == 4 && number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn lists_of_names() {
        for (list, expect) in [
            ("Ada Oak", &["Ada Oak"][..]),
            ("Oak, Ada and Ben Elm", &["Ada Oak", "Ben Elm"]),
            ("Oak, Ada AND\n  Elm, Ben and others", &["Ada Oak", "Ben Elm"]),
            ("van der Meer, Jr., Willem", &["Willem van der Meer, Jr."]),
            ("Oak, Ada, Jr. and Ada Oak, Jr.", &["Ada Oak, Jr.", "Ada Oak, Jr."]),
            ("{The Lamp and Bell Group} and {Oak, Elm, Inc.}", &["The Lamp and Bell Group", "Oak, Elm, Inc."]),
            ("{Oak}, A. and {van Elm}, {B. C.}", &["A. Oak", "B. C. van Elm"]),
            ("{Oak}, {Ada}", &["Ada Oak"]),
            ("{Oak, Jr.}, Ada", &["Ada Oak, Jr."]),
            ("M{\\\"u}ller, J{\\\"o}rg and {\\'E}mile Zo{\\\"e}", &["Jörg Müller", "Émile Zoë"]),
            ("Oak, A.; Elm, B.;", &["A. Oak", "B. Elm"]),
            ("Wei Wang 0001 and Oak 0002, Ada and Band 2000", &["Wei Wang", "Ada Oak", "Band 2000"]),
            ("{\\relax Yu}ri Fir and and xdata=k-author", &["Yuri Fir"]),
            (" and and ", &[]),
            ("Oak,", &["Oak"]),
            ("", &[]),
        ] {
            assert_eq!(names(list), expect, "{list}");
        }
    }

    #[test]
    fn names_of_labeled_parts() {
        for (list, expect) in [
            ("family=Meer, given=Willem, prefix=van der, useprefix=true", &["Willem van der Meer"][..]),
            ("given=Jo, family=Ash, suffix=Jr. and Oak, Ada", &["Jo Ash, Jr.", "Ada Oak"]),
            ("Family = {Oak, Elm and Sons}, given-i={A}", &["Oak, Elm and Sons"]),
            ("\"family=Oak, Elm\", \"given=Ada\"", &["Ada Oak, Elm"]),
            ("family=\"Oak, Elm\", given=\"Ada\"", &["Ada Oak, Elm"]),
            ("{family=Oak, given=Ada}", &["Ada Oak"]),
            ("given=Ada, id=ada1", &["Ada"]),
            ("{E=mc Group}", &["E=mc Group"]),
        ] {
            assert_eq!(names(list), expect, "{list}");
        }
    }
}
