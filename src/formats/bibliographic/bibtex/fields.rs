//! Splits the text of a BibTeX entry into its fields. A field that cannot be read is left out, with the reason; those
//! before and behind it are kept.

use crate::formats::common::input::MAX_RECORD;
use crate::formats::reference::MAX_DROPPED;

/// How many fields of an entry may lack their closing brace: to find the end of each, the rest of the entry is read.
const MAX_UNCLOSED: usize = 8;
/// What a field takes in memory beside the text of its name and its value: the two strings.
const FIELD_BYTES: usize = size_of::<(String, String)>();
/// Longest name of a field, in bytes.
const MAX_NAME: usize = 100;
/// Fields that have a line of their own in every program's files: within a value, such a line tells that the value is
/// not closed.
const USUAL: &str = " abstract address author booktitle chapter date day doi edition editor eprint file isbn issn \
                     institution journal journaltitle keywords month note number organization pages publisher school \
                     series subtitle title type url urldate volume year ";

/// The fields of one entry as they stand in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct BibtexFields {
    /// What other entries call it.
    pub(super) key: String,
    /// Names, in lower case, and values, in their order.
    pub(super) values: Vec<(String, String)>,
    /// What could not be read, and why.
    pub(super) dropped: Vec<(String, String)>,
}

impl BibtexFields {
    /// Reads the text of an entry. `expand` returns what an abbreviation stands for.
    pub(super) fn read<'a>(body: &str, expand: impl Fn(&str) -> Option<&'a str>) -> BibtexFields {
        let (key, mut rest) = match body.split_once(',') {
            Some((key, rest)) if !key.contains('=') => (key.trim(), rest),
            _ if !body.contains('=') => (body.trim(), ""),
            _ => ("", body),
        };
        let mut fields = BibtexFields { key: key.to_owned(), ..BibtexFields::default() };
        let (mut unread, mut unclosed, mut is_last_bare) = (MAX_RECORD, 0, false);
        loop {
            // A brace too many is of a field that was not closed.
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '}'));
            if rest.is_empty() || unclosed > MAX_UNCLOSED {
                return fields;
            }
            let Some((name, after)) = field_name(rest) else {
                let word = beginning(rest).split_whitespace().next().map(start).unwrap_or_default();
                let reason = format!("expected a field, found `{}`", start(rest));
                // `title = Lamps, bells and more`: what was read is the start of a value.
                let last = if is_last_bare { fields.values.pop() } else { None };
                fields.drop(last.map_or(word, |(name, _)| name), reason);
                is_last_bare = false;
                rest = after_field(rest);
                continue;
            };
            let mut value = String::new();
            match FieldValue::read(name, after, &mut value, &mut unread, &expand) {
                FieldValue::Read { after, is_bare } => {
                    fields.values.push((name.to_lowercase(), value));
                    (rest, is_last_bare) = (after, is_bare);
                }
                FieldValue::Unclosed(next) => {
                    unclosed += 1;
                    fields.drop(name.to_lowercase(), format!("`{name}` is not closed: a brace is missing"));
                    rest = next;
                }
                FieldValue::Unreadable(reason) => {
                    fields.drop(name.to_lowercase(), reason);
                    rest = after_field(after);
                }
            }
        }
    }

    /// Notes what could not be read, as long as somebody reads it.
    fn drop(&mut self, name: String, reason: String) {
        if self.dropped.len() < MAX_DROPPED {
            self.dropped.push((name, reason));
        }
    }

    /// Returns about how many bytes they take in memory.
    pub(super) fn size(&self) -> usize {
        let values = self.values.iter().map(|(name, value)| FIELD_BYTES + name.len() + value.len());
        FIELD_BYTES + self.key.len() + values.sum::<usize>()
    }
}

/// What was found behind the name of a field.
enum FieldValue<'t> {
    /// The value was read; whether it ends with a word that is neither a number nor an abbreviation.
    Read { after: &'t str, is_bare: bool },
    /// It has no end before this, which looks like another field.
    Unclosed(&'t str),
    /// Something else is wrong.
    Unreadable(String),
}

impl FieldValue<'_> {
    /// Reads the parts of a value, which `#` joins, to `value`. All values together have `unread` bytes at most:
    /// abbreviations may be made of others, each of twice the one before.
    fn read<'t, 'a>(
        name: &str,
        text: &'t str,
        value: &mut String,
        unread: &mut usize,
        expand: impl Fn(&str) -> Option<&'a str>,
    ) -> FieldValue<'t> {
        let mut rest = text;
        loop {
            let mut is_bare = false;
            rest = rest.trim_start();
            let (part, after) = match rest.as_bytes().first() {
                Some(b'{') => match end_of_balanced(rest, b'}') {
                    Some(end) => (&rest[1..end], &rest[end + 1..]),
                    None => return FieldValue::Unclosed(next_field(rest).map_or("", |at| &rest[at..])),
                },
                Some(b'"') => match end_of_balanced(&rest[1..], b'"') {
                    Some(end) if !rest[1..=end].trim_end().ends_with('=') => (&rest[1..=end], &rest[end + 2..]),
                    _ => return FieldValue::Unclosed(next_field(rest).map_or("", |at| &rest[at..])),
                },
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || ",#{}\"=()".contains(c)).unwrap_or(rest.len());
                    if end == 0 {
                        return FieldValue::Unreadable(format!("`{name}` has no value"));
                    }
                    let (word, after) = rest.split_at(end);
                    let expanded = expand(word);
                    is_bare = expanded.is_none() && !word.bytes().all(|b| b.is_ascii_digit());
                    (expanded.unwrap_or(word), after)
                }
            };
            if rest.starts_with(['{', '"'])
                && let Some(at) = next_field(part)
            {
                return FieldValue::Unclosed(&rest[1 + at..]);
            }
            *unread = unread.saturating_sub(part.len());
            if *unread == 0 {
                return FieldValue::Unreadable(format!(
                    "longer than {} MB with abbreviations expanded",
                    MAX_RECORD >> 20
                ));
            }
            value.push_str(part);
            rest = after.trim_start();
            match rest.strip_prefix('#') {
                Some(more) => rest = more,
                None if rest.is_empty() || rest.starts_with([',', '}']) || field_name(rest).is_some() => {
                    return FieldValue::Read { after: rest, is_bare };
                }
                None => return FieldValue::Unreadable(format!("`{name}` is followed by `{}`", start(rest))),
            }
        }
    }
}

/// Returns the name of the field that a text begins with, and what stands behind its equals sign.
fn field_name(text: &str) -> Option<(&str, &str)> {
    let within = beginning(text);
    let is_end = |c: char| matches!(c, '{' | '}' | '"' | ',' | '#' | '=') || c.is_whitespace();
    let end = within.find(is_end)?;
    let after = text[end..].trim_start().strip_prefix('=')?;
    (end > 0).then_some((&text[..end], after))
}

/// Returns where in a value a line begins with a usual field, after a line that ends with a comma: there the value was
/// meant to end.
fn next_field(value: &str) -> Option<usize> {
    if !value.contains('=') {
        return None;
    }
    let is_field = |at: &usize| {
        let (before, rest) = value.split_at(*at);
        let line = rest.split('\n').next().unwrap_or_default().trim_start();
        let Some((name, after)) = field_name(line) else { return false };
        let begins = after.trim_start().starts_with(|c: char| c == '{' || c == '"' || c.is_ascii_digit());
        begins && before.trim_end().ends_with(',') && USUAL.contains(&format!(" {} ", name.to_lowercase()))
    };
    value.match_indices('\n').map(|(at, _)| at + 1).find(is_field)
}

/// Returns what follows the comma that ends a field which cannot be read. A quotation mark without another is no mark.
fn after_field(text: &str) -> &str {
    let comma = |has_quotes: bool| {
        let (mut depth, mut is_quoted) = (0_usize, false);
        let end = text.bytes().position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b'"' if depth == 0 => is_quoted = has_quotes && !is_quoted,
                _ => {}
            }
            byte == b',' && depth == 0 && !is_quoted
        });
        end.ok_or(is_quoted)
    };
    match comma(true).or_else(|is_quoted| if is_quoted { comma(false) } else { Err(false) }) {
        Ok(end) => &text[end + 1..],
        Err(_) => "",
    }
}

/// Returns the beginning of a text, however long its first word is.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

/// Returns the first words of a text, for messages.
fn start(text: &str) -> String {
    const LENGTH: usize = 30;
    beginning(text).split_whitespace().take(LENGTH).collect::<Vec<_>>().join(" ").chars().take(LENGTH).collect()
}

/// Returns the position of the first `end` with which no brace is open.
fn end_of_balanced(text: &str, end: u8) -> Option<usize> {
    let mut depth = 0_usize;
    memchr::memchr3_iter(b'{', b'}', end, text.as_bytes()).find(|at| {
        let byte = text.as_bytes()[*at];
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && byte == end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, values: &[(&str, &str)], dropped: &[&str]) {
        let fields = BibtexFields::read(body, |word| (word == "jan").then_some("<jan>"));
        let found: Vec<_> = fields.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reasons: Vec<_> = fields.dropped.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!((&found[..], &reasons[..]), (values, dropped), "{body}");
    }

    #[test]
    fn fields_of_entries() {
        check(
            "key, Title = {A {B} c}, year = 2001 , month = jan # \"~5\",\n note = \"say {\"}x{\"}\",",
            &[("title", "A {B} c"), ("year", "2001"), ("month", "<jan>~5"), ("note", "say {\"}x{\"}")],
            &[],
        );
        check("title = {no key}", &[("title", "no key")], &[]);
        check("k, a = {no comma} b = {c}", &[("a", "no comma"), ("b", "c")], &[]);
        check("key", &[], &[]);
        check("key,\n", &[], &[]);
        let fields = BibtexFields::read(" DBLP:conf/x/Oak , a = 1", |_| None);
        assert_eq!((fields.key.as_str(), fields.values.len()), ("DBLP:conf/x/Oak", 1));
    }

    #[test]
    fn a_bad_field_costs_itself_only() {
        let kept = &[("a", "b"), ("z", "1")];
        check("k, a = {b}, x = , z = 1", kept, &["`x` has no value"]);
        check("k, a = {b}, c d = {e, f}, z = 1", kept, &["expected a field, found `c d = {e, f}, z = 1`"]);
        check("k, a = {b}, c, z = 1", kept, &["expected a field, found `c, z = 1`"]);
        check("k, a = {b}, c d = \"e, z = 1", kept, &["expected a field, found `c d = \"e, z = 1`"]);
        check("k, a = {b}, x = Some, words, z = 1", kept, &["expected a field, found `words, z = 1`"]);
        check("k, a = {b}, x = Some words here, z = 1", kept, &["`x` is followed by `words here, z = 1`"]);
        check("k, a = {b}, x = {c} {d}, z = 1", kept, &["`x` is followed by `{d}, z = 1`"]);
    }

    #[test]
    fn a_value_that_is_not_closed_ends_at_the_next_field() {
        let unclosed = &["`title` is not closed: a brace is missing"];
        check("k, a = {b},\n title = {x,\n  year = 2001", &[("a", "b"), ("year", "2001")], unclosed);
        check("k, a = {b},\n title = {x,\n  year = {2001}\n}", &[("a", "b"), ("year", "2001")], unclosed);
        check("k, a = {b},\n title = \"x,\n  year = \"2001\"", &[("a", "b"), ("year", "2001")], unclosed);
        check("k, title = {x,\n  where y = {2}}", &[("title", "x,\n  where y = {2}")], &[]);
        check("k, title = {x", &[], unclosed);
    }
}
