//! Texts to word-piece ids.

mod config;
mod vocab;
mod word_piece;

use std::borrow::Cow;

use serde::Deserialize;
use tokenizers::{Tokenizer, TruncationParams};

use super::bad_model;
use crate::{Error, Result};
use word_piece::WordPiece;

/// A tokenizer with the model's truncation, and without padding.
pub(super) struct TextTokenizer {
    splitter: TokenizerBackend,
    max_tokens: usize,
    lower_case: bool,
    /// For a network that takes no special tokens.
    words_only: Option<WordsOnly>,
}

/// A text without special tokens.
struct WordsOnly {
    /// The id of unknown words, if these are left out.
    left_out: Option<u32>,
    /// The id that stands for a text of which nothing is left.
    nothing: u32,
    /// Characters of a text that are looked at.
    characters: usize,
}

enum TokenizerBackend {
    /// BERT's own recipe, which nearly every model has: thirty times as fast, and read in a tenth of the time.
    WordPiece(Box<WordPiece>),
    /// Whatever else there is in a `tokenizer.json`.
    Any(Box<Tokenizer>),
}

/// What `tokenizer.json` says of truncation and unknown words.
#[derive(Deserialize)]
struct WordsConfig {
    truncation: Option<TruncationParams>,
    model: UnknownWord,
}

#[derive(Deserialize)]
struct UnknownWord {
    unk_token: Option<String>,
    unk_id: Option<u32>,
}

/// Bytes of a text that are looked at first, for each word piece wanted: ten times what English needs. The tokenizer
/// takes about 120 bytes of memory for each byte, so it is not given a book for the sake of its first page.
const FIRST_LOOK: usize = 64;

impl TextTokenizer {
    /// Reads `tokenizer.json`. Its own truncation and padding are replaced: at most `max_tokens`, none.
    pub(super) fn new(model: &str, tokenizer: &[u8], max_tokens: usize, lower_case: bool) -> Result<TextTokenizer> {
        let splitter = TokenizerBackend::read(tokenizer).map_err(|error| bad_tokenizer(model, error))?;
        TextTokenizer::truncated(model, splitter, max_tokens, lower_case)
    }

    fn truncated(
        model: &str,
        mut splitter: TokenizerBackend,
        max_tokens: usize,
        lower_case: bool,
    ) -> Result<TextTokenizer> {
        let special = match &splitter {
            TokenizerBackend::WordPiece(word_piece) => word_piece.before.len() + word_piece.after.len(),
            TokenizerBackend::Any(tokenizer) => {
                tokenizer.encode_fast("", true).map_err(|error| bad_tokenizer(model, error))?.len()
            }
        };
        if special == 0 {
            return Err(bad_model(model, "tokenizer.json: no special tokens; [CLS] and [SEP] are required"));
        }
        if max_tokens <= special {
            let reason = format!("max_seq_length {max_tokens} leaves no room for text after {special} special tokens");
            return Err(bad_model(model, reason));
        }
        if let TokenizerBackend::Any(tokenizer) = &mut splitter {
            let truncation = TruncationParams { max_length: max_tokens, ..Default::default() };
            tokenizer.with_truncation(Some(truncation)).map_err(|error| bad_tokenizer(model, error))?;
        }
        Ok(TextTokenizer { splitter, max_tokens, lower_case, words_only: None })
    }

    /// Reads `tokenizer.json` for a table of words, whose size is the id of a text without any known word. Of its own
    /// truncation and padding, the truncation is used unless there is another one. With model2vec, unknown words are left out.
    pub(super) fn words_only(
        model: &str,
        tokenizer: &[u8],
        max_tokens: Option<usize>,
        is_model2vec: bool,
        table_size: usize,
    ) -> Result<TextTokenizer> {
        let WordsConfig { truncation, model: words } =
            serde_json::from_slice(tokenizer).map_err(|error| bad_tokenizer(model, error.into()))?;
        let max_tokens = max_tokens.or(truncation.map(|truncation| truncation.max_length)).unwrap_or(usize::MAX);
        let mut splitter = TokenizerBackend::read(tokenizer).map_err(|error| bad_tokenizer(model, error))?;
        let unknown = match (&mut splitter, words.unk_token) {
            (TokenizerBackend::WordPiece(word_piece), _) => {
                word_piece.before.clear();
                word_piece.after.clear();
                Some(word_piece.unknown)
            }
            (TokenizerBackend::Any(tokenizer), Some(unknown)) => tokenizer.token_to_id(&unknown),
            (TokenizerBackend::Any(_), None) => words.unk_id,
        };
        let nothing = u32::try_from(table_size).map_err(|error| bad_tokenizer(model, error.into()))?;
        // As model2vec does, which is to save time and shortens texts of short words.
        let characters = if is_model2vec { max_tokens.saturating_mul(splitter.median_length()) } else { usize::MAX };
        let left_out = unknown.filter(|_| is_model2vec);
        let words_only = Some(WordsOnly { left_out, nothing, characters });
        Ok(TextTokenizer { splitter, max_tokens: max_tokens.max(1), lower_case: false, words_only })
    }

    /// The most word pieces of a text.
    pub(super) fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// How many word pieces there are.
    pub(super) fn vocab_size(&self) -> usize {
        match &self.splitter {
            TokenizerBackend::WordPiece(word_piece) => word_piece.pieces.len(),
            TokenizerBackend::Any(tokenizer) => tokenizer.get_vocab_size(true),
        }
    }

    /// The word pieces of a text with the special ones, truncated.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let text = match &self.words_only {
            Some(WordsOnly { characters, .. }) => first_characters(text, *characters),
            None => text,
        };
        let mut look = self.max_tokens.saturating_mul(FIRST_LOOK);
        let mut ids = loop {
            let start = start(text, look);
            let ids = self.token_ids(start)?;
            if ids.len() >= self.max_tokens || start.len() == text.len() {
                break ids;
            }
            look = look.saturating_mul(4);
        };
        if let Some(WordsOnly { left_out, nothing, .. }) = &self.words_only {
            ids.retain(|id| Some(*id) != *left_out);
            if ids.is_empty() {
                ids.push(*nothing);
            }
        }
        Ok(ids)
    }

    fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        let text = if self.lower_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let ids = match &self.splitter {
            TokenizerBackend::WordPiece(word_piece) => word_piece.ids(&text, self.max_tokens),
            TokenizerBackend::Any(tokenizer) => {
                let special_tokens = self.words_only.is_none();
                tokenizer.encode_fast(text, special_tokens).map(|encoding| {
                    let ids = encoding.get_ids();
                    ids[..ids.len().min(self.max_tokens)].to_vec()
                })
            }
        };
        ids.map_err(|source| Error::Encoder { doing: "tokenize a text", source })
    }
}

impl TokenizerBackend {
    /// The file in the faster way where that is possible.
    fn read(tokenizer: &[u8]) -> tokenizers::Result<TokenizerBackend> {
        match config::read(tokenizer) {
            Some(word_piece) => Ok(TokenizerBackend::WordPiece(Box::new(word_piece))),
            None => TokenizerBackend::any(tokenizer),
        }
    }

    /// The median of the word pieces' lengths in characters, rounded down.
    fn median_length(&self) -> usize {
        let mut lengths = match self {
            TokenizerBackend::WordPiece(word_piece) => word_piece.pieces.lengths(),
            TokenizerBackend::Any(tokenizer) => {
                tokenizer.get_vocab(true).keys().map(|piece| piece.chars().count()).collect()
            }
        };
        lengths.sort_unstable();
        match (lengths.len() / 2, lengths.len() % 2) {
            (0, 0) => 0,
            (middle, 0) => usize::midpoint(lengths[middle - 1], lengths[middle]),
            (middle, _) => lengths[middle],
        }
    }

    /// The file as the `tokenizers` crate reads it, without truncation.
    fn any(tokenizer: &[u8]) -> tokenizers::Result<TokenizerBackend> {
        let mut tokenizer = Tokenizer::from_bytes(tokenizer)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None)?;
        Ok(TokenizerBackend::Any(Box::new(tokenizer)))
    }
}

fn bad_tokenizer(model: &str, error: tokenizers::Error) -> Error {
    bad_model(model, format!("tokenizer.json: {error}"))
}

fn first_characters(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
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
mod tests;
