//! The JSON files beside the weights: what the network looks like, how to pool, where to truncate.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bad_model;
use super::pooling::Pooling;
use crate::Result;

/// The function between the two halves of the feed-forward layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Activation {
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

/// `config.json` of a BERT. Numbers that are absent are those of transformers' `BertConfig`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct BertConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) hidden_act: Activation,
    #[serde(default = "two")]
    pub(super) type_vocab_size: usize,
    #[serde(default = "small")]
    pub(super) layer_norm_eps: f64,
}

fn two() -> usize {
    2
}

fn small() -> f64 {
    1e-12
}

impl BertConfig {
    /// Reads `config.json`, and refuses what is not a BERT.
    pub(super) fn parse(model: &str, bytes: &[u8]) -> Result<BertConfig> {
        #[derive(Deserialize)]
        struct Kind {
            model_type: Option<String>,
            position_embedding_type: Option<String>,
            hidden_act: Option<String>,
        }
        let kind: Kind = json(model, "config.json", bytes)?;
        match kind.model_type.as_deref() {
            Some("bert") => {}
            other => {
                let found = other.map_or("none".to_owned(), |name| format!("`{name}`"));
                let reason = format!("config.json: unsupported model_type {found}; only `bert` is supported");
                return Err(bad_model(model, reason));
            }
        }
        if let Some(kind) = kind.position_embedding_type.filter(|kind| kind != "absolute") {
            let reason =
                format!("config.json: unsupported position_embedding_type `{kind}`; only `absolute` is supported");
            return Err(bad_model(model, reason));
        }
        if let Some(name) = kind.hidden_act
            && !["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"].contains(&name.as_str())
        {
            let reason =
                format!("config.json: unsupported hidden_act `{name}`; only gelu, gelu_new and relu are supported");
            return Err(bad_model(model, reason));
        }
        let config: BertConfig = json(model, "config.json", bytes)?;
        let sizes = [config.vocab_size, config.hidden_size, config.num_attention_heads, config.max_position_embeddings];
        if sizes.contains(&0) || config.type_vocab_size == 0 || config.intermediate_size == 0 {
            return Err(bad_model(model, "config.json: sizes must not be 0"));
        }
        if !config.hidden_size.is_multiple_of(config.num_attention_heads) {
            let reason = format!(
                "config.json: hidden_size {} is not a multiple of num_attention_heads {}",
                config.hidden_size, config.num_attention_heads
            );
            return Err(bad_model(model, reason));
        }
        Ok(config)
    }

    /// Numbers in one attention head.
    pub(super) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// `modules.json`: where the parts of a sentence-transformer are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ModulesConfig {
    /// Folder of `config.json`, the weights and the tokenizer; empty or ending in `/`.
    pub(super) transformer: String,
    /// Folder of the pooling's `config.json`, ending in `/`; `None` without such a module.
    pub(super) pooling: Option<String>,
}

impl ModulesConfig {
    /// Reads `modules.json`, and refuses modules that are not Transformer, Pooling, Normalize in this order.
    pub(super) fn parse(model: &str, bytes: &[u8]) -> Result<ModulesConfig> {
        #[derive(Deserialize)]
        struct Module {
            path: String,
            r#type: String,
        }
        let modules: Vec<Module> = json(model, "modules.json", bytes)?;
        let mut transformer = None;
        let mut pooling = None;
        for module in modules {
            let kind = module.r#type.rsplit('.').next().unwrap_or_default();
            match (kind, &transformer, &pooling) {
                ("Transformer", None, None) => transformer = Some(folder(model, &module.path)?),
                ("Pooling", Some(_), None) => pooling = Some(folder(model, &module.path)?),
                ("Normalize", Some(_), Some(_)) => {}
                _ => {
                    let reason = format!(
                        "modules.json: unsupported module `{}`; Transformer, Pooling and Normalize are supported, in this order",
                        module.r#type
                    );
                    return Err(bad_model(model, reason));
                }
            }
        }
        let transformer = transformer.ok_or_else(|| bad_model(model, "modules.json: no Transformer module"))?;
        Ok(ModulesConfig { transformer, pooling })
    }
}

/// A module's path as a prefix of file names. Refuses one that leads out of the model.
fn folder(model: &str, path: &str) -> Result<String> {
    let safe = path.split('/').all(|part| part != ".." && !part.contains(['\\', ':']));
    match (path, safe && !path.starts_with('/')) {
        (_, false) => Err(bad_model(model, format!("modules.json: path `{path}` leads outside the model directory"))),
        ("" | ".", _) => Ok(String::new()),
        _ => Ok(format!("{}/", path.trim_end_matches('/'))),
    }
}

/// The pooling's `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolingConfig {
    /// How word pieces become a text.
    pub(super) mode: Pooling,
    /// Whether those of a prompt are among them.
    pub(super) include_prompt: bool,
}

/// Without a word about it.
impl Default for PoolingConfig {
    fn default() -> PoolingConfig {
        PoolingConfig { mode: Pooling::Mean, include_prompt: true }
    }
}

impl PoolingConfig {
    /// Reads the file: either `pooling_mode` by name, or one of the `pooling_mode_*` flags.
    pub(super) fn parse(model: &str, file: &str, bytes: &[u8], hidden_size: usize) -> Result<PoolingConfig> {
        let fields: serde_json::Map<String, serde_json::Value> = json(model, file, bytes)?;
        if let Some(dimension) = fields.get("word_embedding_dimension").and_then(serde_json::Value::as_u64)
            && dimension != hidden_size as u64
        {
            let reason = format!("{file}: word_embedding_dimension is {dimension}, but hidden_size is {hidden_size}");
            return Err(bad_model(model, reason));
        }
        let mut modes: Vec<&str> = match fields.get("pooling_mode").and_then(serde_json::Value::as_str) {
            Some(mode) => vec![mode],
            None => fields
                .iter()
                .filter(|(_, set)| set.as_bool() == Some(true))
                .filter_map(|(key, _)| key.strip_prefix("pooling_mode_"))
                .collect(),
        };
        modes.sort_unstable();
        let mode = match modes[..] {
            ["cls" | "cls_token"] => Pooling::Cls,
            ["mean" | "mean_tokens"] => Pooling::Mean,
            ["max" | "max_tokens"] => Pooling::Max,
            _ => {
                let found = if modes.is_empty() { "none".to_owned() } else { modes.join(" and ") };
                let reason = format!("{file}: unsupported pooling mode {found}; cls, mean and max are supported");
                return Err(bad_model(model, reason));
            }
        };
        let include_prompt = fields.get("include_prompt").and_then(serde_json::Value::as_bool).unwrap_or(true);
        Ok(PoolingConfig { mode, include_prompt })
    }
}

/// `sentence_bert_config.json`: how much of a text is read.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct TruncationConfig {
    /// The most word pieces of a text, with the special ones.
    pub(super) max_seq_length: Option<usize>,
    /// Whether texts are lower-cased before the tokenizer sees them.
    #[serde(default)]
    pub(super) do_lower_case: bool,
}

impl TruncationConfig {
    /// Reads `sentence_bert_config.json`.
    pub(super) fn parse(model: &str, bytes: &[u8]) -> Result<TruncationConfig> {
        json(model, "sentence_bert_config.json", bytes)
    }
}

pub(super) fn json<T: DeserializeOwned>(model: &str, file: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| bad_model(model, format!("{file}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32,"hidden_act":"gelu"}"#;

    #[track_caller]
    fn refused<T>(result: Result<T>, expect: &str) {
        let message = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expect), "{message:?} does not say {expect:?}");
    }

    #[test]
    fn config_is_a_bert() {
        let config = BertConfig::parse("m", CONFIG.as_bytes()).unwrap();
        assert_eq!((config.head_size(), config.type_vocab_size, config.layer_norm_eps), (4, 2, 1e-12));
        for (from, to, expect) in [
            ("\"bert\"", "\"mpnet\"", "unsupported model_type `mpnet`; only `bert`"),
            ("\"model_type\":\"bert\",", "", "unsupported model_type none"),
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
    fn modules_in_order() {
        let check = |types: &[(&str, &str)]| {
            let list: Vec<_> = types
                .iter()
                .map(|(kind, path)| serde_json::json!({"idx": 0, "name": "", "path": path, "type": kind}))
                .collect();
            ModulesConfig::parse("m", serde_json::to_string(&list).unwrap().as_bytes())
        };
        let (transformer, pooling) = (("a.b.Transformer", ""), ("a.b.Pooling", "1_Pooling"));
        let found = check(&[transformer, pooling, ("a.b.Normalize", "2_Normalize")]).unwrap();
        assert_eq!(found, ModulesConfig { transformer: String::new(), pooling: Some("1_Pooling/".into()) });
        assert_eq!(check(&[("x.Transformer", "0_BERT")]).unwrap().transformer, "0_BERT/");
        refused(check(&[transformer, pooling, ("a.b.Dense", "2_Dense")]), "unsupported module `a.b.Dense`");
        refused(check(&[pooling]), "`a.b.Pooling`");
        refused(check(&[]), "no Transformer");
        refused(check(&[("Transformer", "../x")]), "leads out");
        refused(check(&[("Transformer", "/etc")]), "leads out");
    }

    #[test]
    fn pooling_by_name_or_flag() {
        let read = |text: &str| PoolingConfig::parse("m", "1_Pooling/config.json", text.as_bytes(), 8);
        let check = |text: &str| read(text).map(|config| config.mode);
        assert!(read(r#"{"pooling_mode":"cls"}"#).unwrap().include_prompt);
        assert!(!read(r#"{"pooling_mode":"mean","include_prompt":false}"#).unwrap().include_prompt);
        assert_eq!(check(r#"{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}"#).unwrap(), Pooling::Cls);
        assert_eq!(check(r#"{"pooling_mode_mean_tokens":true,"include_prompt":true}"#).unwrap(), Pooling::Mean);
        assert_eq!(check(r#"{"pooling_mode":"max","word_embedding_dimension":8}"#).unwrap(), Pooling::Max);
        refused(check(r#"{"pooling_mode_lasttoken":true}"#), "pooling mode lasttoken");
        refused(
            check(r#"{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}"#),
            "cls_token and mean_tokens",
        );
        refused(check("{}"), "pooling mode none");
        refused(check(r#"{"pooling_mode":"mean","word_embedding_dimension":9}"#), "is 9, but hidden_size is 8");
    }
}
