//! `tokenizer.json`, as far as it is BERT's own recipe.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use tokenizers::processors::template::{Piece, Sequence};
use tokenizers::{AddedToken, DecoderWrapper, NormalizerWrapper, PaddingParams, PreTokenizerWrapper, TruncationParams};

use super::vocab::{CONTINUES, Vocab};
use super::word_piece::WordPiece;

/// The recipe's splitter; `None` for a file with anything else in it, or not in order at all.
pub(super) fn read(json: &[u8]) -> Option<WordPiece> {
    let TokenizerConfig { version, added_tokens, normalizer, pre_tokenizer, post_processor, model, .. } =
        serde_json::from_slice(json).ok()?;
    let (NormalizerWrapper::BertNormalizer(normalizer), PreTokenizerWrapper::BertPreTokenizer(pre_tokenizer)) =
        (normalizer, pre_tokenizer)
    else {
        return None;
    };
    let known = version == "1.0"
        && normalizer.clean_text
        && normalizer.handle_chinese_chars
        && model.r#type == "WordPiece"
        && model.continuing_subword_prefix == CONTINUES;
    if !known {
        return None;
    }
    let (before, after) = post_processor.around()?;
    Some(WordPiece {
        unknown: model.vocab.id(&model.unk_token)?,
        longest_word: model.max_input_chars_per_word,
        added: added(added_tokens, &model.vocab)?,
        pieces: model.vocab,
        normalizer,
        pre_tokenizer,
        before,
        after,
    })
}

/// The file. The parts that are not looked at are still read as the `tokenizers` crate reads them: it has to refuse
/// what is wrong with them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenizerConfig {
    version: String,
    #[serde(rename = "truncation")]
    _truncation: Option<TruncationParams>,
    #[serde(rename = "padding")]
    _padding: Option<PaddingParams>,
    added_tokens: Vec<AddedTokenEntry>,
    normalizer: NormalizerWrapper,
    pre_tokenizer: PreTokenizerWrapper,
    post_processor: PostProcessor,
    #[serde(rename = "decoder")]
    _decoder: Option<DecoderWrapper>,
    model: WordPieceConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordPieceConfig {
    r#type: String,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: Vocab,
}

#[derive(Deserialize)]
struct AddedTokenEntry {
    id: u32,
    #[serde(flatten)]
    token: AddedToken,
}

/// The added tokens that can be found by looking at the text's ASCII punctuation alone, the longest first.
fn added(tokens: Vec<AddedTokenEntry>, pieces: &Vocab) -> Option<Vec<(String, u32)>> {
    let mut added: Vec<(String, u32)> = Vec::new();
    for AddedTokenEntry { id, token } in tokens {
        let found_as_it_is = !(token.normalized || token.single_word || token.lstrip || token.rstrip);
        let starts_a_word = token.content.starts_with(|c: char| c.is_ascii_punctuation());
        // The crate keeps one token for each id.
        let alone = added.iter().all(|(content, other)| *other != id || *content == token.content);
        if !found_as_it_is || !starts_a_word || !alone || pieces.id(&token.content) != Some(id) {
            return None;
        }
        added.push((token.content, id));
    }
    added.sort_by_key(|(content, _)| Reverse(content.len()));
    Some(added)
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
enum PostProcessor {
    BertProcessing {
        cls: (String, u32),
        sep: (String, u32),
    },
    TemplateProcessing {
        single: Vec<Piece>,
        #[serde(rename = "pair")]
        _pair: Vec<Piece>,
        special_tokens: HashMap<String, SpecialToken>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecialToken {
    #[serde(rename = "id")]
    _id: String,
    ids: Vec<u32>,
    #[serde(rename = "tokens")]
    _tokens: Vec<String>,
}

impl PostProcessor {
    /// The special ids before a text's own and after them.
    fn around(&self) -> Option<(Vec<u32>, Vec<u32>)> {
        match self {
            PostProcessor::BertProcessing { cls, sep } => Some((vec![cls.1], vec![sep.1])),
            PostProcessor::TemplateProcessing { single, special_tokens, .. } => match &single[..] {
                [
                    Piece::SpecialToken { id: before, .. },
                    Piece::Sequence { id: Sequence::A, .. },
                    Piece::SpecialToken { id: after, .. },
                ] => Some((special_tokens.get(before)?.ids.clone(), special_tokens.get(after)?.ids.clone())),
                _ => None,
            },
        }
    }
}

impl<'de> Deserialize<'de> for Vocab {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Vocab, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Vocab;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("word pieces and their ids")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocab, A::Error> {
                let mut pieces = Vocab::default();
                while let Some((Key(piece), id)) = map.next_entry()? {
                    if !pieces.insert(&piece, id) {
                        return Err(A::Error::custom(format!("`{piece}` occurs twice")));
                    }
                }
                Ok(pieces)
            }
        }

        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        deserializer.deserialize_map(Entries)
    }
}
