//! HTML and the XML of publishers as plain text: tags dropped, entities read, spaces between blocks.

use quick_xml::escape::resolve_html5_entity;

/// Inline elements: they do not separate the words around them.
const INLINE: [&str; 14] =
    ["a", "b", "i", "u", "em", "strong", "sub", "sup", "span", "font", "scp", "italic", "bold", "sc"];

/// Longest tag, comment or entity, in bytes: what goes on for longer is text.
const MAX_TAG: usize = 8 * 1024;

/// Returns the text between the tags. A `<` that does not begin a tag stays: formulas compare.
pub(crate) fn plain_text(markup: &str) -> String {
    if !markup.contains(['<', '&']) {
        return markup.to_owned();
    }
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let read = if rest.starts_with('<') { tag(rest) } else { entity(rest) };
        let (instead, length) = read.unwrap_or_else(|| (rest[..1].to_owned(), 1));
        text.push_str(&instead);
        rest = &rest[length..];
    }
    text + rest
}

/// Returns the text with its entities read and its tags left as they are: the value of an attribute.
pub(crate) fn unescape(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let (instead, length) = entity(&rest[at..]).unwrap_or_else(|| ("&".to_owned(), 1));
        text.push_str(&instead);
        rest = &rest[at + length..];
    }
    text + rest
}

/// Returns what replaces the tag or the comment that the text begins with, and its length.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        let end = text.as_bytes()[..text.len().min(MAX_TAG)].windows(3).position(|end| end == b"-->")?;
        return Some((String::new(), end + 3));
    }
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = text.bytes().take(MAX_TAG).position(|byte| byte == b'>')?;
    let name = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    let instead = if INLINE.contains(&name.as_str()) { "" } else { " " };
    Some((instead.to_owned(), end + 1))
}

/// Returns the character of the entity that the text begins with, and its length.
fn entity(text: &str) -> Option<(String, usize)> {
    let end = text.bytes().take(40).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
            char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)?.to_string()
        }
        None => resolve_html5_entity(name)?.to_owned(),
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn markup_as_text() {
        for (markup, expect) in [
            ("plain", "plain"),
            ("<p>One</p><p>two</p>", " One  two "),
            ("H<sub>2</sub>O &amp; caf&eacute; &#233; &#x1F600;", "H2O & café é 😀"),
            ("<jats:p>An <jats:italic>invented</jats:italic> text</jats:p>", " An invented text "),
            ("a < b and c > d & e &nonsense; <", "a < b and c > d & e &nonsense; <"),
            ("x <!-- gone --> y<br/>z <a href=\"u\">here</a>", "x  y z here"),
            ("&#xffffffff; &#; <unclosed", "&#xffffffff; &#; <unclosed"),
        ] {
            assert_eq!(plain_text(markup), expect, "{markup}");
        }
    }
}
