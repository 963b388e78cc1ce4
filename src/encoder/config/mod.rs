//! The JSON files beside the weights: what the network looks like, how to pool, where to truncate.

mod bert;
mod modern_bert;
mod modules;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bad_model;
use crate::Result;

pub(super) use bert::{BertConfig, PositionIds};
pub(super) use modern_bert::ModernBertConfig;
pub(super) use modules::{DenseActivation, DenseConfig, HeadModule, ModulesConfig, PoolingConfig};

/// The function between the two halves of the feed-forward layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::encoder) enum Activation {
    /// `x Φ(x)`, exact.
    #[serde(rename = "gelu")]
    Gelu,
    /// `x Φ(x)` by its tanh approximation.
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    /// `max(x, 0)`.
    #[serde(rename = "relu")]
    Relu,
}

/// The architecture that `config.json` names.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::encoder) enum NetworkConfig {
    Bert(BertConfig),
    ModernBert(ModernBertConfig),
}

impl NetworkConfig {
    /// Reads `config.json`, and refuses what is not known.
    pub(in crate::encoder) fn parse(model: &str, bytes: &[u8]) -> Result<NetworkConfig> {
        #[derive(Deserialize)]
        struct Kind {
            model_type: Option<String>,
        }
        let kind: Kind = json(model, "config.json", bytes)?;
        match kind.model_type.as_deref() {
            Some("bert") => BertConfig::parse(model, bytes).map(NetworkConfig::Bert),
            Some("roberta" | "xlm-roberta") => BertConfig::parse_roberta(model, bytes).map(NetworkConfig::Bert),
            Some("modernbert") => ModernBertConfig::parse(model, bytes).map(NetworkConfig::ModernBert),
            other => {
                let found = other.map_or("none".to_owned(), |name| format!("`{name}`"));
                let reason = format!(
                    "config.json: unsupported model_type {found}; bert, roberta, xlm-roberta, modernbert and model2vec are \
                     supported"
                );
                Err(bad_model(model, reason))
            }
        }
    }

    /// Numbers in a row.
    pub(in crate::encoder) fn hidden_size(&self) -> usize {
        match self {
            NetworkConfig::Bert(config) => config.hidden_size,
            NetworkConfig::ModernBert(config) => config.hidden_size,
        }
    }

    /// Rows of the table of word pieces.
    pub(in crate::encoder) fn vocab_size(&self) -> usize {
        match self {
            NetworkConfig::Bert(config) => config.vocab_size,
            NetworkConfig::ModernBert(config) => config.vocab_size,
        }
    }

    /// The most word pieces of a text.
    pub(in crate::encoder) fn positions(&self) -> usize {
        match self {
            NetworkConfig::Bert(config) => config.positions(),
            NetworkConfig::ModernBert(config) => config.max_position_embeddings,
        }
    }

    /// The line of a model's fingerprint: what decides an embedding and is not in the weights.
    pub(in crate::encoder) fn recipe_line(&self) -> String {
        match self {
            NetworkConfig::Bert(config) => {
                let BertConfig { num_attention_heads, hidden_act, layer_norm_eps, padding, .. } = config;
                let common =
                    format!("heads={num_attention_heads} activation={hidden_act:?} epsilon={layer_norm_eps:e}");
                match padding {
                    None => format!("network bert {common}\n"),
                    Some(padding) => format!("network roberta {common} padding={padding}\n"),
                }
            }
            NetworkConfig::ModernBert(config) => {
                let ModernBertConfig { num_attention_heads, activation, norm_eps, is_global, reach, .. } = config;
                let ModernBertConfig { global_theta, local_theta, .. } = config;
                let layers: String = is_global.iter().map(|is_global| if *is_global { 'g' } else { 'l' }).collect();
                format!(
                    "network modernbert heads={num_attention_heads} activation={activation:?} epsilon={norm_eps:e} \
                     layers={layers} reach={reach} theta={global_theta:e},{local_theta:e}\n"
                )
            }
        }
    }
}

/// `sentence_bert_config.json`: how much of a text is read.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(in crate::encoder) struct TruncationConfig {
    /// The most word pieces of a text, with the special ones.
    pub(in crate::encoder) max_seq_length: Option<usize>,
    /// Whether texts are lower-cased before the tokenizer sees them.
    #[serde(default)]
    pub(in crate::encoder) do_lower_case: bool,
}

/// `tokenizer_config.json`: where newer versions of sentence-transformers leave the most word pieces of a text.
#[derive(Deserialize)]
struct TokenizerLimits {
    /// Some say `1e30`.
    model_max_length: Option<f64>,
}

impl TruncationConfig {
    /// Reads `sentence_bert_config.json`.
    pub(in crate::encoder) fn parse(model: &str, bytes: &[u8]) -> Result<TruncationConfig> {
        json(model, "sentence_bert_config.json", bytes)
    }

    /// Takes the most word pieces from `tokenizer_config.json`, where there was nothing about it.
    pub(in crate::encoder) fn limited_by(self, model: &str, bytes: &[u8]) -> Result<TruncationConfig> {
        let TokenizerLimits { model_max_length } = json(model, "tokenizer_config.json", bytes)?;
        let limit = model_max_length.filter(|length| *length >= 1.0).map(|length| length as usize);
        Ok(TruncationConfig { max_seq_length: self.max_seq_length.or(limit), ..self })
    }
}

pub(in crate::encoder) fn json<T: DeserializeOwned>(model: &str, file: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| bad_model(model, format!("{file}: {error}")))
}

/// Refuses an activation that is not one of [`Activation`].
fn check_activation(model: &str, field: &str, name: Option<&str>) -> Result<()> {
    match name {
        Some(name) if !["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"].contains(&name) => {
            let reason =
                format!("config.json: unsupported {field} `{name}`; only gelu, gelu_new and relu are supported");
            Err(bad_model(model, reason))
        }
        _ => Ok(()),
    }
}

/// Refuses heads that do not divide a row.
fn check_heads(model: &str, hidden_size: usize, heads: usize) -> Result<()> {
    if hidden_size.is_multiple_of(heads) {
        return Ok(());
    }
    let reason = format!("config.json: hidden_size {hidden_size} is not a multiple of num_attention_heads {heads}");
    Err(bad_model(model, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    pub(super) fn refused<T>(result: Result<T>, expect: &str) {
        let message = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expect), "{message:?} does not say {expect:?}");
    }

    #[test]
    fn what_cannot_be_run_is_named() {
        let check = |json: &str, found: &str| {
            let expect =
                format!("unsupported model_type {found}; bert, roberta, xlm-roberta, modernbert and model2vec");
            refused(NetworkConfig::parse("m", json.as_bytes()), &expect);
        };
        check(r#"{"model_type":"mpnet"}"#, "`mpnet`");
        check("{}", "none");
    }
}
