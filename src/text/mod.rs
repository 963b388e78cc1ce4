//! Text that came with markup as plain Unicode: LaTeX, HTML and publishers' XML. Scripts without spaces between words.
//! Texts without characters that a terminal obeys.

pub(crate) mod latex;
pub(crate) mod markup;
pub(crate) mod script;
#[cfg(any(feature = "cli", feature = "fetch"))]
mod similar_names;
mod visible;

#[cfg(any(feature = "cli", feature = "fetch"))]
pub(crate) use similar_names::similar_names;
pub(crate) use visible::{is_invisible, visible};

/// Returns the beginning of a text, at most so many characters and an ellipsis, up to the end of a word.
pub(crate) fn truncate_at_word(text: &str, max_chars: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return text.to_owned() };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{}…", text[..end].trim_end())
}
