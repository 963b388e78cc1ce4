//! BERT's own way from a text to word pieces (Devlin et al., arXiv:1810.04805): clean, lower-case, split at blanks and
//! punctuation, then take the longest piece again and again.
//!
//! The ids are those of the `tokenizers` crate. Words in ASCII are done here. A run with other characters goes through
//! the crate's normalizer and pre-tokenizer, as they need its tables of characters. That may be done run by run: at a
//! blank or a punctuation mark in ASCII words end in any case, and no normalization reaches across one, as canonical
//! decomposition leaves it alone and orders only the marks between two such characters.

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Result};

use super::vocab::Vocab;

/// The recipe: with `clean_text` and `handle_chinese_chars`.
pub(super) struct WordPiece {
    pub(super) pieces: Vocab,
    /// The id for words that cannot be split.
    pub(super) unknown: u32,
    /// Characters of a word; longer ones are not split.
    pub(super) longest_word: usize,
    /// Tokens that stand for themselves wherever they are, the longest first. All begin with ASCII punctuation.
    pub(super) added: Vec<(String, u32)>,
    pub(super) normalizer: BertNormalizer,
    pub(super) pre_tokenizer: BertPreTokenizer,
    /// The special ids before a text's own.
    pub(super) before: Vec<u32>,
    /// The special ids after a text's own.
    pub(super) after: Vec<u32>,
}

/// Bytes of a run that are normalized at a time, where it can be cut.
const PORTION: usize = 1024;

impl WordPiece {
    /// The ids of a text with the special ones, at most `max_tokens`. Looks at no more of the text than it needs.
    pub(super) fn ids(&self, text: &str, max_tokens: usize) -> Result<Vec<u32>> {
        let most = max_tokens - self.after.len();
        let mut ids = self.before.clone();
        let mut word = Vec::new();
        let mut rest = text;
        while let Some(byte) = rest.bytes().next()
            && ids.len() < most
        {
            let size = if is_blank(byte) {
                1
            } else if !byte.is_ascii_punctuation() {
                let size = rest.bytes().position(|byte| is_blank(byte) || byte.is_ascii_punctuation());
                let size = size.unwrap_or(rest.len());
                match &rest[..size] {
                    run if run.is_ascii() => self.ascii(run, &mut word, &mut ids),
                    run => self.other(run, most, &mut ids)?,
                }
                size
            } else if let Some((content, id)) = self.added.iter().find(|(content, _)| rest.starts_with(content)) {
                ids.push(*id);
                content.len()
            } else {
                self.split(&[byte], 1, &mut ids);
                1
            };
            rest = &rest[size..];
        }
        ids.truncate(most);
        ids.extend_from_slice(&self.after);
        Ok(ids)
    }

    /// One word in ASCII, or none where only control characters are. `word` is a place to write it.
    fn ascii(&self, run: &str, word: &mut Vec<u8>, ids: &mut Vec<u32>) {
        word.clear();
        // One byte more shows that the word is too long.
        word.extend(run.bytes().filter(|byte| !byte.is_ascii_control()).take(self.longest_word.saturating_add(1)));
        if self.normalizer.lowercase {
            word.make_ascii_lowercase();
        }
        if !word.is_empty() {
            self.split(word, word.len(), ids);
        }
    }

    /// The words of a run that is not in ASCII, until there are at least `most` ids.
    fn other(&self, mut run: &str, most: usize, ids: &mut Vec<u32>) -> Result<()> {
        while !run.is_empty() && ids.len() < most {
            // Each of these characters becomes a word of its own, so a run can be cut there.
            let is_word = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            let cut = run.char_indices().find(|(at, c)| *at >= PORTION && is_word(*c)).map_or(run.len(), |(at, _)| at);
            let (portion, rest) = run.split_at(cut);
            let mut words = PreTokenizedString::from(portion);
            words.normalize(|portion| self.normalizer.normalize(portion))?;
            self.pre_tokenizer.pre_tokenize(&mut words)?;
            for (word, _, _) in words.get_splits(OffsetReferential::Normalized, OffsetType::None) {
                self.split(word.as_bytes(), word.chars().count(), ids);
            }
            run = rest;
        }
        Ok(())
    }

    fn split(&self, word: &[u8], characters: usize, ids: &mut Vec<u32>) {
        if characters > self.longest_word || !self.pieces.split(word, ids) {
            ids.push(self.unknown);
        }
    }
}

/// What cleaning makes a blank; it removes all other control characters.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
