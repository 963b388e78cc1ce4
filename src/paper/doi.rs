//! DOIs: one spelling for all that people and programs write
//! (<https://www.doi.org/doi-handbook/HTML/encoding-rules-for-urls.html>).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::address::split_host;

/// What is encoded in the address of a DOI.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What may stand before a DOI, in lower case. They come together: `doi:https://doi.org/10.1000/1`.
const PREFIXES: [&str; 4] = ["doi", "info:doi/", "urn:doi:", "hdl:"];
/// The entities that stand for signs of DOIs, the one of the sign that they all have first.
const ENTITIES: [(&str, &str); 6] =
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&#60;", "<"), ("&#62;", ">"), ("&quot;", "\"")];

/// Returns the DOI in any spelling of one, with `doi:` before it and in lower case: DOIs are compared without regard to
/// case. Of several DOIs, the first.
///
/// Only an address encodes signs with a percent sign; in a bare DOI it is a sign as any other. What is in the normal
/// spelling already stays as it is, so ids in a library keep their names.
pub(super) fn doi(text: &str) -> Option<String> {
    // Most ids are none: a search of a few bytes without the set-up of a searcher.
    if !text.as_bytes().windows(3).any(|window| window == b"10.") {
        return None;
    }
    if let Some(name) = text.strip_prefix("doi:")
        && is_doi(name)
        && !name.contains(char::is_uppercase)
    {
        return Some(text.to_owned());
    }
    let text = without_entities(text);
    let text = without_invisible(&text);
    let name = bare(first(&text))?;
    let name = without_marks(&name);
    is_doi(name).then(|| format!("doi:{}", name.to_lowercase()))
}

/// Returns the address of a DOI.
pub(super) fn doi_address(name: &str) -> String {
    format!("https://doi.org/{}", utf8_percent_encode(name, ENCODED))
}

/// Whether a text is a registrant's number, a slash and a name.
fn is_doi(text: &str) -> bool {
    let Some((registrant, name)) = text.strip_prefix("10.").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let registered = !registrant.is_empty() && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    registered && !name.is_empty() && !name.contains(char::is_whitespace)
}

/// Returns a text without the characters that nobody sees, which are copied with DOIs from pages.
fn without_invisible(text: &str) -> Cow<'_, str> {
    let is_invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    match !text.is_ascii() && text.contains(is_invisible) {
        true => Cow::Owned(text.replace(is_invisible, "")),
        false => Cow::Borrowed(text),
    }
}

fn without_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let text = ENTITIES.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign));
    Cow::Owned(text)
}

/// Returns the text up to where another DOI begins (after white space, a comma, a semicolon or a bar) or a tag of HTML
/// ends, as of `10.5555/abc</a>`.
fn first(text: &str) -> &str {
    let text = text.find("</").map_or(text, |end| &text[..end]);
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let begins = |text: &str| {
        let prefix = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let number = text.strip_prefix("10.").and_then(|rest| rest.split_once('/'));
        let is_number =
            number.is_some_and(|(number, _)| number.len() >= 4 && number.bytes().all(|b| b.is_ascii_digit()));
        is_number || ["doi:", "http://", "https://"].into_iter().any(prefix)
    };
    let end = text.match_indices(is_separator).map(|(at, _)| at).find(|at| {
        let (before, after) = text.split_at(*at);
        before.contains("10.") && begins(after.trim_start_matches(is_separator))
    });
    end.map_or(text, |end| &text[..end])
}

/// Returns a DOI without what stands before it, decoded if that is an address.
fn bare(text: &str) -> Option<Cow<'_, str>> {
    let mut rest = text.trim().trim_start_matches(['<', '(', '[', '{', '"', '\'']);
    loop {
        if rest.starts_with("10.") {
            // `10.5555%2Fabc` was copied from an address.
            let is_encoded = !rest.contains('/') && (rest.contains("%2F") || rest.contains("%2f"));
            return Some(if is_encoded { decoded(rest) } else { Cow::Borrowed(rest) });
        }
        if let Some((host, path)) = split_host(rest)
            && ["doi.org", "dx.doi.org"].contains(&&*host)
        {
            // The number sign that a name may end with (`...3.0.CO;2-#`) is no fragment.
            let path = decoded(path).into_owned() + if rest.ends_with(";2-#") { "#" } else { "" };
            return bare(&path).map(|name| Cow::Owned(name.into_owned()));
        }
        let after = |prefix: &&str| {
            let start = rest.get(..prefix.len())?;
            start.eq_ignore_ascii_case(prefix).then(|| rest[prefix.len()..].trim_start_matches([':', '=', '/', ' ']))
        };
        rest = PREFIXES.iter().find_map(after)?;
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

/// Returns a DOI without the marks of the sentence around it: a bracket at its end belongs to it if it is opened in it.
fn without_marks(mut name: &str) -> &str {
    loop {
        let is_closed_only = |open: char, close: char| name.matches(close).count() > name.matches(open).count();
        let is_mark = match name.chars().next_back() {
            Some('.' | ',' | ';' | ':' | '"' | '\'' | '”' | '’' | '»' | '…') => true,
            Some(c) if c.is_whitespace() => true,
            Some(')') => is_closed_only('(', ')'),
            Some(']') => is_closed_only('[', ']'),
            Some('}') => is_closed_only('{', '}'),
            Some('>') => is_closed_only('<', '>'),
            _ => false,
        };
        if !is_mark {
            return name;
        }
        name = &name[..name.len() - name.chars().next_back().map_or(0, char::len_utf8)];
    }
}

#[cfg(test)]
mod tests {
    use super::doi;

    #[test]
    fn spellings_of_dois() {
        for (text, expect) in [
            ("10.5555/ABC.1", Some("doi:10.5555/abc.1")),
            ("https://doi.org/10.5555%2Fabc.1", Some("doi:10.5555/abc.1")),
            ("https://www.doi.org/10.5555/abc.1?x=y#z", Some("doi:10.5555/abc.1")),
            ("doi.org/10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("doi:https://doi.org/10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("DOI http://dx.doi.org/10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("https://doi.org/doi:10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("doi:doi: 10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("info:doi/10.5555/abc.1", Some("doi:10.5555/abc.1")),
            ("10.5555%2Fabc.1", Some("doi:10.5555/abc.1")),
            ("10.5555/a%2Fb", Some("doi:10.5555/a%2fb")),
            ("https://doi.org/10.5555/a%252fb", Some("doi:10.5555/a%2fb")),
            ("10.5555/aaa.1, 10.5555/aaa.2", Some("doi:10.5555/aaa.1")),
            ("10.5555/aaa.1,10.5555/aaa.2", Some("doi:10.5555/aaa.1")),
            ("10.5555/aaa.1 10.5555/aaa.2", Some("doi:10.5555/aaa.1")),
            ("DOI: 10.5555/AAA.1; DOI: 10.5555/AAA.2", Some("doi:10.5555/aaa.1")),
            ("https://doi.org/10.5555/aaa.1 | https://doi.org/10.5555/aaa.2", Some("doi:10.5555/aaa.1")),
            ("10.5555/(SICI)1&lt;2::X&gt;3", Some("doi:10.5555/(sici)1<2::x>3")),
            ("10.5555/(SICI)1&amp;lt;2::X&amp;gt;3.0.CO;2-#", Some("doi:10.5555/(sici)1<2::x>3.0.co;2-#")),
            ("https://doi.org/10.5555/(SICI)1%3C2::X%3E3.0.CO;2-%23", Some("doi:10.5555/(sici)1<2::x>3.0.co;2-#")),
            ("https://doi.org/10.5555/(SICI)1<2::X>3.0.CO;2-#", Some("doi:10.5555/(sici)1<2::x>3.0.co;2-#")),
            ("10.5555/abc(1)", Some("doi:10.5555/abc(1)")),
            ("(10.5555/abc(1)).", Some("doi:10.5555/abc(1)")),
            ("[10.5555/abc]", Some("doi:10.5555/abc")),
            ("<https://doi.org/10.5555/abc>", Some("doi:10.5555/abc")),
            ("10.5555/abc\u{200b}", Some("doi:10.5555/abc")),
            ("\u{feff}10.5555/\u{200b}abc", Some("doi:10.5555/abc")),
            ("10.5555/abc</a>", Some("doi:10.5555/abc")),
            ("10.5555/abc&lt;/a&gt;.", Some("doi:10.5555/abc")),
            ("10.5555/abc.;", Some("doi:10.5555/abc")),
            ("doi:10.5555/stored.", Some("doi:10.5555/stored.")),
            ("doi:10.5555/a,10.5555/b", Some("doi:10.5555/a,10.5555/b")),
            ("10.5555/a b", None),
            ("10.x/y", None),
            ("10.5555/.", None),
            ("https://example.org/10.5555/abc", None),
            ("doi:10.", None),
        ] {
            assert_eq!(doi(text).as_deref(), expect, "{text}");
        }
    }
}
