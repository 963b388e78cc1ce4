//! ModernBERT.

use serde::Deserialize;

use super::{Activation, check_activation, check_heads, json};
use crate::Result;
use crate::encoder::bad_model;

/// `config.json` of a ModernBERT. What is absent is as in transformers' `ModernBertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::encoder) struct ModernBertConfig {
    pub(in crate::encoder) vocab_size: usize,
    pub(in crate::encoder) hidden_size: usize,
    pub(in crate::encoder) intermediate_size: usize,
    pub(in crate::encoder) num_attention_heads: usize,
    pub(in crate::encoder) max_position_embeddings: usize,
    pub(in crate::encoder) activation: Activation,
    pub(in crate::encoder) norm_eps: f64,
    pub(in crate::encoder) norm_bias: bool,
    pub(in crate::encoder) attention_bias: bool,
    pub(in crate::encoder) mlp_bias: bool,
    /// For each layer, whether a word piece attends to all others, or only to those nearby.
    pub(in crate::encoder) is_global: Vec<bool>,
    /// How far a word piece attends in a layer that is not global, to either side.
    pub(in crate::encoder) reach: usize,
    /// The base of the wavelengths of positions in global layers.
    pub(in crate::encoder) global_theta: f64,
    /// The same in the others.
    pub(in crate::encoder) local_theta: f64,
}

/// The file, in its older and its newer spelling.
#[derive(Deserialize)]
struct ModernBertFile {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: Option<usize>,
    hidden_activation: Option<String>,
    norm_eps: Option<f64>,
    #[serde(default)]
    norm_bias: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    local_attention: Option<usize>,
    layer_types: Option<Vec<String>>,
    global_attn_every_n_layers: Option<usize>,
    global_rope_theta: Option<f64>,
    local_rope_theta: Option<f64>,
    rope_parameters: Option<RotaryParameters>,
    rope_scaling: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RotaryParameters {
    full_attention: Option<RotaryLayer>,
    sliding_attention: Option<RotaryLayer>,
}

#[derive(Deserialize)]
struct RotaryLayer {
    rope_type: Option<String>,
    rope_theta: Option<f64>,
}

impl ModernBertConfig {
    /// Reads `config.json` of a ModernBERT.
    pub(in crate::encoder) fn parse(model: &str, bytes: &[u8]) -> Result<ModernBertConfig> {
        let file: ModernBertFile = json(model, "config.json", bytes)?;
        let refuse = |reason: &str| Err(bad_model(model, format!("config.json: {reason}")));
        check_activation(model, "hidden_activation", file.hidden_activation.as_deref())?;
        let activation = match file.hidden_activation.as_deref() {
            Some("gelu_new" | "gelu_pytorch_tanh") => Activation::GeluTanh,
            Some("relu") => Activation::Relu,
            _ => Activation::Gelu,
        };
        let is_global = match (&file.layer_types, file.global_attn_every_n_layers) {
            (Some(types), _) => types.iter().map(|layer| layer == "full_attention").collect(),
            (None, Some(0)) => return refuse("global_attn_every_n_layers must not be 0"),
            (None, every) => {
                (0..file.num_hidden_layers).map(|layer| layer.is_multiple_of(every.unwrap_or(3))).collect()
            }
        };
        let (global, local) = match file.rope_parameters {
            Some(parameters) => (parameters.full_attention, parameters.sliding_attention),
            None => (None, None),
        };
        let is_plain = |layer: &Option<RotaryLayer>| {
            layer.as_ref().and_then(|layer| layer.rope_type.as_deref()).is_none_or(|kind| kind == "default")
        };
        if file.rope_scaling.is_some() || !is_plain(&global) || !is_plain(&local) {
            return refuse("unsupported scaling of rotary positions; only rope_type `default` is supported");
        }
        let theta = |layer: Option<RotaryLayer>| layer.and_then(|layer| layer.rope_theta);
        let config = ModernBertConfig {
            vocab_size: file.vocab_size,
            hidden_size: file.hidden_size,
            intermediate_size: file.intermediate_size,
            num_attention_heads: file.num_attention_heads,
            max_position_embeddings: file.max_position_embeddings.unwrap_or(8192),
            activation,
            norm_eps: file.norm_eps.unwrap_or(1e-5),
            norm_bias: file.norm_bias,
            attention_bias: file.attention_bias,
            mlp_bias: file.mlp_bias,
            is_global,
            reach: file.local_attention.unwrap_or(128) / 2,
            global_theta: theta(global).or(file.global_rope_theta).unwrap_or(160_000.0),
            local_theta: theta(local).or(file.local_rope_theta).unwrap_or(10_000.0),
        };
        let sizes = [config.vocab_size, config.hidden_size, config.num_attention_heads, config.intermediate_size];
        if sizes.contains(&0) || config.max_position_embeddings == 0 {
            return refuse("sizes must not be 0");
        }
        check_heads(model, config.hidden_size, config.num_attention_heads)?;
        if !config.head_size().is_multiple_of(2) {
            return refuse("attention heads must have an even size for rotary positions");
        }
        Ok(config)
    }

    /// Numbers in one attention head.
    pub(in crate::encoder) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// The wave numbers of the pairs of numbers in a head, in global layers and in the others.
    pub(in crate::encoder) fn wave_numbers(&self) -> [Vec<f32>; 2] {
        let size = self.head_size();
        [self.global_theta, self.local_theta].map(|theta| {
            let wave_number = |pair: usize| 1.0 / (theta as f32).powf((2 * pair) as f32 / size as f32);
            (0..size / 2).map(wave_number).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

    const OLD: &str = r#"{"model_type":"modernbert","vocab_size":10,"hidden_size":8,"num_hidden_layers":4,
        "num_attention_heads":2,"intermediate_size":16,"hidden_activation":"gelu","global_rope_theta":80000.0,
        "global_attn_every_n_layers":2,"local_attention":6}"#;
    const NEW: &str = r#"{"model_type":"modernbert","vocab_size":10,"hidden_size":8,"num_hidden_layers":4,
        "num_attention_heads":2,"intermediate_size":16,"local_attention":6,
        "layer_types":["full_attention","sliding_attention","full_attention","sliding_attention"],
        "rope_parameters":{"full_attention":{"rope_type":"default","rope_theta":80000.0}}}"#;

    #[test]
    fn both_spellings_say_the_same() {
        let config = ModernBertConfig::parse("m", OLD.as_bytes()).unwrap();
        assert_eq!(config, ModernBertConfig::parse("m", NEW.as_bytes()).unwrap());
        assert_eq!((&config.is_global[..], config.reach), (&[true, false, true, false][..], 3));
        assert_eq!((config.global_theta, config.local_theta), (80_000.0, 10_000.0));
        for (from, to, expect) in [
            ("\"gelu\"", "\"silu\"", "unsupported hidden_activation `silu`"),
            ("layers\":2", "layers\":0", "global_attn_every_n_layers must not be 0"),
            ("heads\":2", "heads\":8", "even size"),
            ("\"local_a", "\"rope_scaling\":{},\"local_a", "unsupported scaling"),
        ] {
            refused(ModernBertConfig::parse("m", OLD.replace(from, to).as_bytes()), expect);
        }
    }
}
