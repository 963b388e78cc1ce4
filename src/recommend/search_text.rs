//! What a person types in a search box: words, `"phrases"`, `-excluded`, and fields.
//!
//! | typed | meaning |
//! |---|---|
//! | `graph networks` | papers about this, best first |
//! | `"graph networks"` | has these words one after the other, in the title or the abstract |
//! | `-image`, `-"image generation"` | does not have them |
//! | `title:diffusion`, `title:"graph networks"` | has them in the title |
//! | `author:lecun`, `author:"Tri Dao"` | by this author; of several, by one of them |
//! | `category:cs.CL` | of this category; of several, of one of them |
//! | `year:2024`, `year:2024..2025`, `year:2024..` | of these years |
//!
//! Anything else is text, `NAME:` and `-` between words too.

use super::request::Request;
use crate::error::{Error, Result};
use crate::paper::YearRange;

/// A part of a search.
#[derive(Debug, PartialEq)]
struct SearchToken<'a> {
    is_excluded: bool,
    /// The field in front of a colon.
    field: Option<&'a str>,
    is_quoted: bool,
    value: &'a str,
}

impl Request {
    /// Papers for what a person typed in a search box: words, `"phrases"`, `-excluded`, `title:`, `author:`, `category:` and
    /// `year:`. Filters without words list papers, the newest first.
    ///
    /// ```
    /// use paperkin::Request;
    ///
    /// let request = Request::search(r#"diffusion -image author:"Tri Dao" year:2024.."#).unwrap();
    /// assert_eq!(request.text.as_deref(), Some("diffusion"));
    /// assert_eq!((request.without, request.by), (vec!["image".to_owned()], vec!["Tri Dao".to_owned()]));
    /// assert_eq!(request.published_after.unwrap().to_string(), "2024-01-01");
    /// ```
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a field without a value, and for years that are none.
    pub fn search(text: &str) -> Result<Request> {
        Request::default().and_search(text)
    }

    /// Adds what a person typed in a search box; see [`Request::search`].
    ///
    /// # Errors
    /// As [`Request::search`].
    pub fn and_search(mut self, text: &str) -> Result<Request> {
        let (mut words, mut has_filter): (Vec<&str>, bool) = (Vec::new(), false);
        let mut rest = text.trim();
        while let Some((token, after)) = next_token(rest) {
            rest = after;
            let SearchToken { is_excluded, field, is_quoted, value } = token;
            has_filter |= is_excluded || field.is_some();
            let Some(field) = field else {
                match (is_excluded, is_quoted) {
                    (true, _) => self.without.push(value.to_owned()),
                    (false, true) => {
                        words.push(value);
                        self.phrases.push(value.to_owned());
                    }
                    (false, false) => words.push(value),
                }
                continue;
            };
            let bad = |reason: String| Error::BadRequest { field: "text", reason };
            if is_excluded {
                return Err(bad(format!("`-{field}:` cannot be excluded: only words and phrases can")));
            }
            if value.is_empty() {
                return Err(bad(format!(
                    "`{field}:` has no value: write `{field}:VALUE`, with quotes if it has spaces"
                )));
            }
            match field {
                "title" => {
                    words.push(value);
                    self.titles.push(value.to_owned());
                }
                "author" => self.by.push(value.to_owned()),
                "category" => self.categories.push(value.to_owned()),
                _ => {
                    let reason =
                        |_| format!("`year:{value}` is no year: write `year:2024`, `year:2024..2025` or `year:2024..`");
                    let YearRange { first, last } = value.parse().map_err(reason).map_err(bad)?;
                    self.published_after = self.published_after.max(first);
                    self.published_before = match (self.published_before, last) {
                        (Some(before), Some(last)) => Some(before.min(last)),
                        (before, last) => before.or(last),
                    };
                }
            }
        }
        let words = words.join(" ");
        // An empty text is refused; filters need none.
        self.text = Some(words).filter(|words| !words.is_empty() || !has_filter);
        Ok(self)
    }

    /// Whether it lists the papers of an author, or with some words, and there is nothing that they could be like.
    pub(crate) fn is_listing(&self) -> bool {
        let filters = [&self.by, &self.titles, &self.phrases, &self.without];
        let has_filter = filters.iter().any(|filter| !filter.is_empty());
        self.text.is_none() && self.positive.is_empty() && self.negative.is_empty() && has_filter
    }
}

/// The first part of a search, and what comes behind it.
fn next_token(text: &str) -> Option<(SearchToken<'_>, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    let behind_minus =
        text.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || is_quote(c)));
    let body = behind_minus.unwrap_or(text);
    let field = ["title", "author", "category", "year"].into_iter().find_map(|name| {
        let (field, rest) = body.split_at_checked(name.len())?;
        Some((field.eq_ignore_ascii_case(name).then_some(name)?, rest.strip_prefix(':')?))
    });
    let (field, body) = field.map_or((None, body), |(name, rest)| (Some(name), rest));
    let (is_quoted, value, rest) = match body.strip_prefix(is_quote) {
        Some(quoted) if quoted.contains(is_quote) => {
            let (value, rest) = quoted.split_once(is_quote).unwrap_or((quoted, ""));
            (true, value.trim(), rest)
        }
        _ => {
            let (value, rest) = body.split_at(body.find(char::is_whitespace).unwrap_or(body.len()));
            (false, value, rest)
        }
    };
    Some((
        SearchToken { is_excluded: behind_minus.is_some(), field, is_quoted: is_quoted && !value.is_empty(), value },
        rest,
    ))
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_fields() {
        let table = [
            ("graph networks", r#"{"text":"graph networks"}"#),
            ("\"graph networks\" fast", r#"{"text":"graph networks fast","phrases":["graph networks"]}"#),
            ("\u{201c}graph networks\u{201d}", r#"{"text":"graph networks","phrases":["graph networks"]}"#),
            ("diffusion -image", r#"{"text":"diffusion","without":["image"]}"#),
            ("diffusion -\"image generation\"", r#"{"text":"diffusion","without":["image generation"]}"#),
            ("title:diffusion", r#"{"text":"diffusion","titles":["diffusion"]}"#),
            ("AUTHOR:lecun author:\"Tri Dao\"", r#"{"by":["lecun","Tri Dao"]}"#),
            ("category:cs.CL x", r#"{"text":"x","categories":["cs.CL"]}"#),
            ("year:2024", r#"{"published_after":"2024-01-01","published_before":"2024-12-31"}"#),
            ("x year:2024..", r#"{"text":"x","published_after":"2024-01-01"}"#),
            ("x year:..2024", r#"{"text":"x","published_before":"2024-12-31"}"#),
            ("year:2023..2025 year:2024..2026", r#"{"published_after":"2024-01-01","published_before":"2025-12-31"}"#),
            // What only looks like it.
            ("SAM: segment anything", r#"{"text":"SAM: segment anything"}"#),
            ("state-of-the-art - a survey", r#"{"text":"state-of-the-art - a survey"}"#),
            ("a 24\" screen", r#"{"text":"a 24\" screen"}"#),
            ("\"unfinished phrase", r#"{"text":"\"unfinished phrase"}"#),
            ("authors: many", r#"{"text":"authors: many"}"#),
            ("\"\" x", r#"{"text":" x"}"#),
            (" ", r#"{"text":""}"#),
        ];
        for (text, expected) in table {
            let expected: Request = serde_json::from_str(expected).unwrap();
            assert_eq!(Request::search(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn bad_fields_say_what_to_write() {
        let year =
            |year| format!("`text`: `year:{year}` is no year: write `year:2024`, `year:2024..2025` or `year:2024..`");
        let table = [
            ("year:soon", year("soon")),
            ("year:..", year("..")),
            ("year:20", year("20")),
            ("year:2024..x", year("2024..x")),
            (
                "author: lecun",
                "`text`: `author:` has no value: write `author:VALUE`, with quotes if it has spaces".to_owned(),
            ),
            ("-author:lecun", "`text`: `-author:` cannot be excluded: only words and phrases can".to_owned()),
        ];
        for (text, expected) in table {
            assert_eq!(Request::search(text).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_listing_has_filters_and_nothing_else() {
        let table =
            [("author:lecun", true), ("-image", true), ("year:2024", false), ("x author:lecun", false), ("", false)];
        for (text, expected) in table {
            assert_eq!(Request::search(text).unwrap().is_listing(), expected, "{text}");
        }
    }
}
