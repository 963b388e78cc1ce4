//! What follows the network in a sentence-transformer.

use serde::Deserialize;

use super::json;
use crate::Result;
use crate::encoder::bad_model;
use crate::encoder::pooling::Pooling;

/// `modules.json`: where the parts of a sentence-transformer are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::encoder) struct ModulesConfig {
    /// Folder of the network's `config.json`, its weights and the tokenizer; empty or ending in `/`.
    pub(in crate::encoder) network: String,
    /// Whether the network is only a table of word embeddings.
    pub(in crate::encoder) is_static: bool,
    /// Folder of the pooling's `config.json`, ending in `/`; `None` without such a module.
    pub(in crate::encoder) pooling: Option<String>,
    /// What follows the pooling. An embedding is normalized in the end in any case.
    pub(in crate::encoder) head: Vec<HeadModule>,
}

/// A step after the pooling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::encoder) enum HeadModule {
    /// To length 1.
    Normalize,
    /// A linear layer: the folder of its `config.json` and weights, ending in `/`.
    Dense(String),
}

impl ModulesConfig {
    /// Reads `modules.json`, and refuses other modules, and another order.
    pub(in crate::encoder) fn parse(model: &str, bytes: &[u8]) -> Result<ModulesConfig> {
        #[derive(Deserialize)]
        struct Module {
            path: String,
            r#type: String,
        }
        let modules: Vec<Module> = json(model, "modules.json", bytes)?;
        let mut found = ModulesConfig::default();
        for (place, module) in modules.iter().enumerate() {
            let kind = module.r#type.rsplit('.').next().unwrap_or_default();
            let is_pooled = found.is_static || found.pooling.is_some();
            match kind {
                "Transformer" | "StaticEmbedding" if place == 0 => {
                    found.network = folder(model, &module.path)?;
                    found.is_static = kind == "StaticEmbedding";
                }
                "Pooling" if place > 0 && !is_pooled => found.pooling = Some(folder(model, &module.path)?),
                "Normalize" if is_pooled => found.head.push(HeadModule::Normalize),
                "Dense" if is_pooled => found.head.push(HeadModule::Dense(folder(model, &module.path)?)),
                _ => {
                    let reason = format!(
                        "modules.json: unsupported module `{}`; Transformer and Pooling, or StaticEmbedding, and then Dense and \
                         Normalize are supported, in this order",
                        module.r#type
                    );
                    return Err(bad_model(model, reason));
                }
            }
        }
        if modules.is_empty() {
            return Err(bad_model(model, "modules.json: no Transformer module"));
        }
        while found.head.last() == Some(&HeadModule::Normalize) {
            found.head.pop();
        }
        Ok(found)
    }
}

/// `config.json` of a linear layer after the pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::encoder) struct DenseConfig {
    pub(in crate::encoder) inputs: usize,
    pub(in crate::encoder) outputs: usize,
    pub(in crate::encoder) bias: bool,
    pub(in crate::encoder) activation: DenseActivation,
}

/// The function after a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::encoder) enum DenseActivation {
    Identity,
    Tanh,
    Relu,
    Gelu,
}

impl DenseConfig {
    /// Reads the file, and refuses a layer that is used in another way than the usual one.
    pub(in crate::encoder) fn parse(model: &str, file: &str, bytes: &[u8]) -> Result<DenseConfig> {
        const EMBEDDING: &str = "sentence_embedding";
        #[derive(Deserialize)]
        struct DenseFile {
            in_features: usize,
            out_features: usize,
            #[serde(default = "yes")]
            bias: bool,
            activation_function: Option<String>,
            module_input_name: Option<String>,
            module_output_name: Option<String>,
            #[serde(default)]
            use_residual: bool,
        }
        let dense: DenseFile = json(model, file, bytes)?;
        let refuse = |what: String| Err(bad_model(model, format!("{file}: unsupported {what}")));
        let activation = dense.activation_function.as_deref().unwrap_or("torch.nn.modules.activation.Tanh");
        let activation = match activation.rsplit('.').next().unwrap_or_default() {
            "Identity" => DenseActivation::Identity,
            "Tanh" => DenseActivation::Tanh,
            "ReLU" => DenseActivation::Relu,
            "GELU" => DenseActivation::Gelu,
            _ => {
                return refuse(format!(
                    "activation_function `{activation}`; Identity, Tanh, ReLU and GELU are supported"
                ));
            }
        };
        for (field, name) in [("input", dense.module_input_name), ("output", dense.module_output_name)] {
            if let Some(name) = name.filter(|name| name != EMBEDDING) {
                return refuse(format!("module_{field}_name `{name}`; only `{EMBEDDING}` is supported"));
            }
        }
        if dense.use_residual {
            return refuse("use_residual".to_owned());
        }
        if dense.in_features == 0 || dense.out_features == 0 {
            return Err(bad_model(model, format!("{file}: sizes must not be 0")));
        }
        Ok(DenseConfig { inputs: dense.in_features, outputs: dense.out_features, bias: dense.bias, activation })
    }
}

fn yes() -> bool {
    true
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
pub(in crate::encoder) struct PoolingConfig {
    /// How word pieces become a text.
    pub(in crate::encoder) mode: Pooling,
    /// Whether those of a prompt are among them.
    pub(in crate::encoder) include_prompt: bool,
}

/// Without a word about it.
impl Default for PoolingConfig {
    fn default() -> PoolingConfig {
        PoolingConfig { mode: Pooling::Mean, include_prompt: true }
    }
}

impl PoolingConfig {
    /// Reads the file: either `pooling_mode` by name, or one of the `pooling_mode_*` flags.
    pub(in crate::encoder) fn parse(
        model: &str,
        file: &str,
        bytes: &[u8],
        hidden_size: usize,
    ) -> Result<PoolingConfig> {
        let fields: serde_json::Map<String, serde_json::Value> = json(model, file, bytes)?;
        // The older name and the newer one.
        for name in ["word_embedding_dimension", "embedding_dimension"] {
            if let Some(dimension) = fields.get(name).and_then(serde_json::Value::as_u64)
                && dimension != hidden_size as u64
            {
                let reason = format!("{file}: {name} is {dimension}, but hidden_size is {hidden_size}");
                return Err(bad_model(model, reason));
            }
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

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

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
        assert_eq!(found, ModulesConfig { pooling: Some("1_Pooling/".into()), ..ModulesConfig::default() });
        assert_eq!(check(&[("x.Transformer", "0_BERT")]).unwrap().network, "0_BERT/");
        let (dense, normalize) = (("a.b.Dense", "2_Dense"), ("a.b.Normalize", ""));
        let head = check(&[transformer, pooling, normalize, dense, normalize]).unwrap().head;
        assert_eq!(head, [HeadModule::Normalize, HeadModule::Dense("2_Dense/".into())]);
        assert!(check(&[("a.b.StaticEmbedding", "."), normalize]).unwrap().is_static);
        refused(check(&[transformer, pooling, ("a.b.Router", "2")]), "unsupported module `a.b.Router`");
        refused(check(&[transformer, dense]), "unsupported module `a.b.Dense`");
        refused(check(&[("a.b.StaticEmbedding", ""), pooling]), "unsupported module `a.b.Pooling`");
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

    #[test]
    fn dense_layers_as_usual() {
        let check = |json: &str| DenseConfig::parse("m", "2_Dense/config.json", json.as_bytes());
        let dense = check(
            r#"{"in_features":8,"out_features":3,"bias":false,
            "activation_function":"torch.nn.modules.linear.Identity"}"#,
        );
        let expect = DenseConfig { inputs: 8, outputs: 3, bias: false, activation: DenseActivation::Identity };
        assert_eq!(dense.unwrap(), expect);
        let dense = check(r#"{"in_features":8,"out_features":3}"#).unwrap();
        assert_eq!((dense.bias, dense.activation), (true, DenseActivation::Tanh));
        for (field, expect) in [
            (r#""activation_function":"torch.nn.SiLU""#, "activation_function `torch.nn.SiLU`; Identity, Tanh"),
            (r#""module_input_name":"token_embeddings""#, "module_input_name `token_embeddings`"),
            (r#""use_residual":true"#, "unsupported use_residual"),
            (r#""bias":true,"in_features":0"#, "2_Dense/config.json: "),
        ] {
            refused(check(&format!(r#"{{"in_features":8,"out_features":3,{field}}}"#)), expect);
        }
    }
}
