//! BERT and RoBERTa.

use serde::Deserialize;

use super::{Activation, check_activation, check_heads, json};
use crate::Result;
use crate::encoder::bad_model;

/// `config.json` of a BERT or a RoBERTa. Numbers that are absent are those of transformers' `BertConfig`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(in crate::encoder) struct BertConfig {
    pub(in crate::encoder) vocab_size: usize,
    pub(in crate::encoder) hidden_size: usize,
    pub(in crate::encoder) num_hidden_layers: usize,
    pub(in crate::encoder) num_attention_heads: usize,
    pub(in crate::encoder) intermediate_size: usize,
    pub(in crate::encoder) max_position_embeddings: usize,
    pub(in crate::encoder) hidden_act: Activation,
    #[serde(default = "two")]
    pub(in crate::encoder) type_vocab_size: usize,
    #[serde(default = "small")]
    pub(in crate::encoder) layer_norm_eps: f64,
    /// The id after which a RoBERTa counts positions; `None` for a BERT, which begins with 0.
    #[serde(skip)]
    pub(in crate::encoder) padding: Option<u32>,
}

/// How the positions of a text's word pieces are counted.
#[derive(Debug, Clone, Copy)]
pub(in crate::encoder) struct PositionIds {
    padding: Option<u32>,
}

impl PositionIds {
    /// The position of a text's first word piece.
    fn first(self) -> usize {
        self.padding.map_or(0, |padding| padding as usize + 1)
    }

    /// The positions of a text's word pieces. RoBERTa does not count those that stand for padding.
    pub(in crate::encoder) fn of(self, ids: &[u32]) -> impl Iterator<Item = usize> {
        let mut next = self.first();
        ids.iter().map(move |id| {
            if self.padding == Some(*id) {
                return *id as usize;
            }
            next += 1;
            next - 1
        })
    }
}

fn two() -> usize {
    2
}

fn one() -> u32 {
    1
}

fn small() -> f64 {
    1e-12
}

impl BertConfig {
    /// Reads `config.json` of a BERT.
    pub(in crate::encoder) fn parse(model: &str, bytes: &[u8]) -> Result<BertConfig> {
        #[derive(Deserialize)]
        struct Kind {
            position_embedding_type: Option<String>,
            hidden_act: Option<String>,
        }
        let kind: Kind = json(model, "config.json", bytes)?;
        if let Some(kind) = kind.position_embedding_type.filter(|kind| kind != "absolute") {
            let reason =
                format!("config.json: unsupported position_embedding_type `{kind}`; only `absolute` is supported");
            return Err(bad_model(model, reason));
        }
        check_activation(model, "hidden_act", kind.hidden_act.as_deref())?;
        let config: BertConfig = json(model, "config.json", bytes)?;
        let sizes = [config.vocab_size, config.hidden_size, config.num_attention_heads, config.max_position_embeddings];
        if sizes.contains(&0) || config.type_vocab_size == 0 || config.intermediate_size == 0 {
            return Err(bad_model(model, "config.json: sizes must not be 0"));
        }
        check_heads(model, config.hidden_size, config.num_attention_heads)?;
        Ok(config)
    }

    /// Reads `config.json` of a RoBERTa: its positions are counted from behind the id of the padding.
    pub(in crate::encoder) fn parse_roberta(model: &str, bytes: &[u8]) -> Result<BertConfig> {
        #[derive(Deserialize)]
        struct Padding {
            #[serde(default = "one")]
            pad_token_id: u32,
        }
        let Padding { pad_token_id } = json(model, "config.json", bytes)?;
        let config = BertConfig { padding: Some(pad_token_id), ..BertConfig::parse(model, bytes)? };
        if config.position_ids().first() >= config.max_position_embeddings {
            let reason = format!("config.json: pad_token_id {pad_token_id} leaves none of its positions");
            return Err(bad_model(model, reason));
        }
        Ok(config)
    }

    /// The most word pieces of a text.
    pub(in crate::encoder) fn positions(&self) -> usize {
        self.max_position_embeddings - self.position_ids().first()
    }

    /// How positions are counted.
    pub(in crate::encoder) fn position_ids(&self) -> PositionIds {
        PositionIds { padding: self.padding }
    }

    /// Numbers in one attention head.
    pub(in crate::encoder) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

    const CONFIG: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32,"hidden_act":"gelu"}"#;

    #[test]
    fn config_is_a_bert() {
        let config = BertConfig::parse("m", CONFIG.as_bytes()).unwrap();
        assert_eq!((config.head_size(), config.type_vocab_size, config.layer_norm_eps), (4, 2, 1e-12));
        for (from, to, expect) in [
            ("\"gelu\"", "\"silu\"", "hidden_act `silu`"),
            ("\"gelu\"", "\"relu\",\"position_embedding_type\":\"relative_key\"", "`relative_key`"),
            ("\"num_attention_heads\":2", "\"num_attention_heads\":3", "not a multiple"),
            ("\"vocab_size\":10", "\"vocab_size\":0", "sizes must not be 0"),
            ("\"vocab_size\":10,", "", "missing field `vocab_size`"),
        ] {
            refused(BertConfig::parse("m", CONFIG.replace(from, to).as_bytes()), expect);
        }
    }

    #[test]
    fn positions_of_a_roberta_begin_behind_its_padding() {
        let bert = BertConfig::parse("m", CONFIG.as_bytes()).unwrap();
        assert_eq!((bert.positions(), bert.position_ids().of(&[5, 1, 5]).collect()), (32, vec![0, 1, 2]));
        let roberta = BertConfig::parse_roberta("m", CONFIG.as_bytes()).unwrap();
        assert_eq!((roberta.positions(), roberta.position_ids().of(&[0, 5, 1, 5]).collect()), (30, vec![2, 3, 1, 4]));
        let without = CONFIG.replace("\"gelu\"", "\"gelu\",\"pad_token_id\":31");
        refused(BertConfig::parse_roberta("m", without.as_bytes()), "pad_token_id 31 leaves none");
    }
}
