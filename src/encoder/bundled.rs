//! The model that the program brings along. Where its weights are not compiled in, they are made of the published ones at the
//! first use, and are the same bytes.

use std::borrow::Cow;

use super::HubOptions;
use crate::Result;

/// The name of the model.
pub(super) const NAME: &str = "all-MiniLM-L6-v2";

/// The file with the weights.
pub(super) const WEIGHTS: &str = "model.safetensors";

/// The SHA-256 of that file.
pub(super) const WEIGHTS_SHA256: &str = "4e08d78f8845fddc29f2718da761ac14df0e3cacac58a2908440f2e96c05e1e9";

/// The SHA-256 of those of its files that the fingerprint is made of.
pub(super) const SHA256: [(&str, &str); 2] =
    [(WEIGHTS, WEIGHTS_SHA256), ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")];

macro_rules! model_file {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/all-MiniLM-L6-v2/", $name))
    };
}

/// The files beside the weights.
const FILES: [(&str, &[u8]); 5] = [
    ("modules.json", model_file!("modules.json")),
    ("config.json", model_file!("config.json")),
    ("1_Pooling/config.json", model_file!("1_Pooling/config.json")),
    ("sentence_bert_config.json", model_file!("sentence_bert_config.json")),
    ("tokenizer.json", model_file!("tokenizer.json")),
];

/// A file of the model; `None` when it has no such file.
pub(super) fn file(name: &str, hub: &HubOptions) -> Result<Option<Cow<'static, [u8]>>> {
    if name == WEIGHTS {
        return weights(hub).map(Some);
    }
    Ok(FILES.iter().find(|(file, _)| *file == name).map(|(_, bytes)| Cow::Borrowed(*bytes)))
}

/// Whether the model has a file.
pub(super) fn has(name: &str) -> bool {
    name == WEIGHTS || FILES.iter().any(|(file, _)| *file == name)
}

#[cfg(bundled_weights)]
fn weights(_: &HubOptions) -> Result<Cow<'static, [u8]>> {
    Ok(Cow::Borrowed(model_file!("model.safetensors")))
}

#[cfg(not(bundled_weights))]
fn weights(hub: &HubOptions) -> Result<Cow<'static, [u8]>> {
    super::published::weights(hub).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::super::sha256::sha256_hex;
    use super::*;

    #[test]
    #[cfg(bundled_weights)]
    fn files_have_their_sha256() {
        for (name, sha256) in SHA256 {
            let bytes = file(name, &HubOptions::default()).unwrap().unwrap();
            assert_eq!(sha256_hex(&bytes), sha256, "{name}");
        }
    }
}
