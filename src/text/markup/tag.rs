//! Tags: where one ends, and its attributes.

use super::character_reference::unescape;

/// Longest tag, in bytes: an image may be in its address.
const MAX_TAG_BYTES: usize = 256 << 10;

/// Attributes of HTML that need no value.
const BARE_ATTRIBUTES: [&str; 12] = [
    "allowfullscreen",
    "async",
    "checked",
    "compact",
    "controls",
    "defer",
    "disabled",
    "hidden",
    "ismap",
    "noshade",
    "nowrap",
    "open",
];

/// A whole tag at the beginning of a text.
#[derive(Debug, PartialEq)]
pub(super) struct MarkupTag<'t> {
    /// Its name with its prefix, in lower case.
    pub(super) name: String,
    /// Whether it closes an element: `</p>`.
    pub(super) closes: bool,
    /// Whether the element has no content: `<br/>`.
    pub(super) empty: bool,
    /// Name and value of each attribute, as they stand there.
    pub(super) attributes: Vec<(&'t str, &'t str)>,
    /// Its length in bytes.
    pub(super) length: usize,
}

impl<'t> MarkupTag<'t> {
    /// Returns the tag that a text begins with, if it is well formed.
    pub(super) fn at(text: &'t str) -> Option<MarkupTag<'t>> {
        let within = text.strip_prefix('<')?;
        let (closes, within) = within.strip_prefix('/').map_or((false, within), |within| (true, within));
        let end = within.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':')).unwrap_or(within.len());
        let (name, mut rest) = within.split_at(end);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let mut attributes = Vec::new();
        loop {
            let trimmed = rest.trim_ascii_start();
            let length = |rest: &str| text.len() - rest.len();
            if let Some(after) = trimmed.strip_prefix('>') {
                let (name, length) = (name.to_ascii_lowercase(), length(after));
                return Some(MarkupTag { name, closes, empty: false, attributes, length });
            }
            if let Some(after) = trimmed.strip_prefix("/>") {
                let (name, length) = (name.to_ascii_lowercase(), length(after));
                return (!closes).then_some(MarkupTag { name, closes, empty: true, attributes, length });
            }
            if closes || trimmed.len() == rest.len() || length(trimmed) > MAX_TAG_BYTES {
                return None;
            }
            let (attribute, after) = attribute(trimmed)?;
            attributes.push(attribute);
            rest = after;
            // Two attributes may touch where the first is in quotes.
            if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return None;
            }
        }
    }

    /// Returns its name without its prefix.
    pub(super) fn local_name(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or_default()
    }

    /// Returns the value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(unescape(value))
    }
}

/// The attribute that a text begins with, and the rest.
fn attribute(text: &str) -> Option<((&str, &str), &str)> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || "=<>/\"'".contains(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
        return BARE_ATTRIBUTES.iter().any(|bare| name.eq_ignore_ascii_case(bare)).then_some(((name, ""), rest));
    };
    let value = value.trim_ascii_start();
    match value.chars().next()? {
        quote @ ('"' | '\'') => {
            let (value, rest) = value[1..].split_once(quote)?;
            Some(((name, value), rest))
        }
        _ => {
            let end = value.find(|c: char| c.is_ascii_whitespace() || "<>\"'=".contains(c))?;
            (end > 0).then(|| ((name, &value[..end]), &value[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MarkupTag;

    #[test]
    fn tags() {
        for (text, expect) in [
            ("<b>x", Some(("b", false, false, 0, 3))),
            ("</B >x", Some(("b", true, false, 0, 5))),
            ("<br/>", Some(("br", false, true, 0, 5))),
            ("<jats:p>", Some(("jats:p", false, false, 0, 8))),
            ("<a href='u>v' class=\"w\">", Some(("a", false, false, 2, 24))),
            ("<a href=u>", Some(("a", false, false, 1, 10))),
            ("<td nowrap>", Some(("td", false, false, 1, 11))),
            ("<b and c>", None),
            ("<b$ fails if $b>", None),
            ("<b, c>", None),
            ("<b a=1 if c>", None),
            ("<i<j>", None),
            ("<a href='u>", None),
            ("<1>", None),
            ("< b>", None),
            ("</b c=\"d\">", None),
            ("<b", None),
            ("<", None),
        ] {
            let found = MarkupTag::at(text);
            let found = found.as_ref().map(|tag| (&*tag.name, tag.closes, tag.empty, tag.attributes.len(), tag.length));
            assert_eq!(found, expect, "{text}");
        }
        let tag = MarkupTag::at("<math altText='a &lt; b'>").unwrap();
        assert_eq!(tag.attribute("alttext").as_deref(), Some("a < b"));
    }
}
