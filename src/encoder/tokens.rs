//! Texts to word-piece ids.

use std::borrow::Cow;

use tokenizers::{Tokenizer, TruncationParams};

use super::bad_model;
use crate::{Error, Result};

/// A tokenizer with the model's truncation, and without padding.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    max_tokens: usize,
    lower_case: bool,
}

/// Bytes of a text that are looked at first, for each word piece wanted: ten times what English needs. The tokenizer
/// takes about 120 bytes of memory for each byte, so it is not given a book for the sake of its first page.
const FIRST_LOOK: usize = 64;

impl Tokens {
    /// Reads `tokenizer.json`. Its own truncation and padding are replaced: at most `max_tokens`, none.
    pub(super) fn new(model: &str, tokenizer: &[u8], max_tokens: usize, lower_case: bool) -> Result<Tokens> {
        let bad = |error: tokenizers::Error| bad_model(model, format!("tokenizer.json: {error}"));
        let mut tokenizer = Tokenizer::from_bytes(tokenizer).map_err(bad)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(bad)?;
        let special = tokenizer.encode_fast("", true).map_err(bad)?.len();
        if special == 0 {
            return Err(bad_model(model, "tokenizer.json: adds no special tokens; [CLS] and [SEP] are needed"));
        }
        if max_tokens <= special {
            let reason = format!("max_seq_length {max_tokens} leaves no room beside {special} special tokens");
            return Err(bad_model(model, reason));
        }
        let truncation = TruncationParams { max_length: max_tokens, ..Default::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(bad)?;
        Ok(Tokens { tokenizer, max_tokens, lower_case })
    }

    /// How many word pieces there are.
    pub(super) fn vocabulary(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// The word pieces of a text with the special ones, truncated.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let mut look = self.max_tokens * FIRST_LOOK;
        loop {
            let start = start(text, look);
            let ids = self.whole(start)?;
            if ids.len() >= self.max_tokens || start.len() == text.len() {
                return Ok(ids);
            }
            look *= 4;
        }
    }

    fn whole(&self, text: &str) -> Result<Vec<u32>> {
        let text = if self.lower_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|source| Error::Encoder { doing: "split a text into word pieces", source })?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// At most `size` bytes of the text's beginning, and only whole words, as long as there are any blanks to see them by.
fn start(text: &str, size: usize) -> &str {
    if text.len() <= size {
        return text;
    }
    match text[..text.floor_char_boundary(size)].rfind([' ', '\n', '\t', '\r']) {
        Some(blank) => &text[..blank],
        None => text,
    }
}

#[cfg(test)]
#[cfg(feature = "bundled-model")]
mod tests {
    use super::*;

    #[test]
    fn a_first_look_sees_what_the_whole_would_give() {
        let json = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/all-MiniLM-L6-v2/tokenizer.json"));
        let tokens = Tokens::new("m", json, 32, false).unwrap();
        let check = |text: &str| assert_eq!(tokens.ids(text).unwrap(), tokens.whole(text).unwrap(), "{:.50}", text);
        for word in ["word ", "über\u{301}\u{85}x ", "日本語", "unbelievable, ", "\u{200b} ", "  \n", &"x".repeat(150)]
        {
            check(&word.repeat(3));
            check(&word.repeat(3000));
            check(&format!("{}{}", "many words ".repeat(180), word.repeat(900)));
        }
        // Each one unknown word, and together more than one look.
        check(&format!("{} ", "y".repeat(400)).repeat(60));
    }

    #[test]
    fn starts_end_at_blanks() {
        assert_eq!(start("ab cd", 5), "ab cd");
        assert_eq!(start("ab cd", 4), "ab");
        assert_eq!(start("ab\u{e9} cd", 4), "ab\u{e9} cd");
        assert_eq!(start("abcdef", 4), "abcdef");
        assert_eq!(start(" bcdef", 4), "");
    }
}
