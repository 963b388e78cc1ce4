//! Character references of HTML: `&amp;`, `&eacute;`, `&#233;`.

use encoding_rs::WINDOWS_1252;
use quick_xml::escape::resolve_html5_entity;

/// Longest character reference, in bytes: `&CounterClockwiseContourIntegral;`.
const MAX_REFERENCE_BYTES: usize = 40;

/// What stands in the place of a piece of markup, and the length of that piece.
pub(super) type Replacement = (String, usize);

/// Returns the text with its character references read and its tags left as they are: the value of an attribute.
pub(crate) fn unescape(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let (instead, length) = reference(&rest[at..]).unwrap_or_else(|| ("&".to_owned(), 1));
        text.push_str(&instead);
        rest = &rest[at + length..];
    }
    text + rest
}

/// Returns the character of the reference that a text begins with, and the length of the reference.
pub(super) fn reference(text: &str) -> Option<Replacement> {
    let end = text.bytes().take(MAX_REFERENCE_BYTES).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
            numbered(hex.unwrap_or_else(|| number.parse()).ok()?)?
        }
        None => resolve_html5_entity(name)?.to_owned(),
    };
    // A soft hyphen says where a word may be parted.
    let character = if character == "\u{ad}" { String::new() } else { character };
    Some((character, end + 1))
}

/// The character of a number. Those of control characters are meant for windows-1252 (HTML standard, 13.2.5.80).
fn numbered(number: u32) -> Option<String> {
    match u8::try_from(number) {
        Ok(byte @ 0x80..=0x9f) => Some(WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned()),
        Ok(0) => None,
        _ => char::from_u32(number).map(String::from),
    }
}
