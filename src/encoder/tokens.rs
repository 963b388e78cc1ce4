//! Texts to word-piece ids.

use std::borrow::Cow;

use tokenizers::{Tokenizer, TruncationParams};

use super::bad_model;
use crate::{Error, Result};

/// A tokenizer with the model's truncation, and without padding.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    lower_case: bool,
}

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
        Ok(Tokens { tokenizer, lower_case })
    }

    /// The word pieces of a text with the special ones, truncated.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let text = if self.lower_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|source| Error::Encoder { doing: "split a text into word pieces", source })?;
        Ok(encoding.get_ids().to_vec())
    }
}
