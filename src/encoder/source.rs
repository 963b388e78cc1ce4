//! Reads the parts of a model out of its files.

use std::borrow::Cow;

use serde::Deserialize;

use super::bad_model;
use super::config::{self, DenseConfig, HeadModule, NetworkConfig, PoolingConfig, TruncationConfig};
use super::dense::{DenseLayer, HeadStep};
use super::files::ModelFiles;
use super::network::NetworkWeights;
use super::static_table::{StaticTable, is_model2vec};
use super::tokenizer::TextTokenizer;
use super::weights::TensorFile;
use crate::Result;

const WEIGHTS: &str = "model.safetensors";

/// A model's files, and where the network's are among them.
pub(super) struct ModelSource<'a> {
    /// The model, as the user named it.
    pub(super) asked: &'a str,
    pub(super) files: &'a ModelFiles<'a>,
    /// Empty or ending in `/`.
    pub(super) folder: &'a str,
}

/// A network with what belongs to it.
pub(super) struct NetworkParts {
    pub(super) network: NetworkWeights,
    /// Numbers in a row.
    pub(super) size: usize,
    pub(super) tokens: TextTokenizer,
    pub(super) pooling: PoolingConfig,
    /// The lines of the fingerprint before that of the pooling.
    pub(super) before_pooling: String,
    /// Those after it.
    pub(super) after_pooling: String,
}

/// `config.json` of model2vec.
#[derive(Deserialize)]
struct Model2VecConfig {
    model_type: Option<String>,
    /// `null` for no truncation.
    #[serde(default = "model2vec_max_length")]
    max_length: Option<usize>,
}

/// What model2vec takes without a word about it.
fn model2vec_max_length() -> Option<usize> {
    Some(512)
}

impl ModelSource<'_> {
    fn within(&self, file: &str) -> String {
        format!("{}{file}", self.folder)
    }

    fn needed(&self, file: &str) -> Result<Cow<'static, [u8]>> {
        self.files.read(file)?.ok_or_else(|| bad_model(self.asked, format!("no {file}")))
    }

    /// The weights in a folder, which is empty or ends in `/`.
    fn weights(&self, folder: &str) -> Result<(String, Cow<'static, [u8]>)> {
        let file = format!("{folder}{WEIGHTS}");
        if let Some(weights) = self.files.read(&file)? {
            return Ok((file, weights));
        }
        let hint = match self.files.has(&format!("{folder}pytorch_model.bin"))? {
            true => "; pytorch_model.bin is not supported because it can run code: convert it to safetensors",
            false => "",
        };
        Err(bad_model(self.asked, format!("no {file}{hint}")))
    }

    fn check_vocabulary(&self, tokens: &TextTokenizer, rows: usize, what: &str) -> Result<()> {
        let pieces = tokens.vocab_size();
        if pieces <= rows {
            return Ok(());
        }
        Err(bad_model(self.asked, format!("tokenizer.json has {pieces} word pieces, but {what} is {rows}")))
    }

    /// Whether `config.json` names model2vec, which writes `modules.json` in its newer versions only.
    pub(super) fn is_model2vec(&self) -> Result<bool> {
        let Some(bytes) = self.files.read(&self.within("config.json"))? else { return Ok(false) };
        let config: Model2VecConfig = config::json(self.asked, "config.json", &bytes)?;
        Ok(config.model_type.as_deref() == Some("model2vec"))
    }

    /// Reads a network with layers, with the folder of its pooling.
    pub(super) fn read_transformer(&self, pooling: Option<&str>) -> Result<NetworkParts> {
        let asked = self.asked;
        let config = NetworkConfig::parse(asked, &self.needed(&self.within("config.json"))?)?;
        let size = config.hidden_size();
        let pooling = match pooling {
            Some(folder) => {
                let file = format!("{folder}config.json");
                PoolingConfig::parse(asked, &file, &self.needed(&file)?, size)?
            }
            None => PoolingConfig::default(),
        };
        let reading = match self.files.read(&self.within("sentence_bert_config.json"))? {
            Some(bytes) => TruncationConfig::parse(asked, &bytes)?,
            None => TruncationConfig::default(),
        };
        let limits = match reading.max_seq_length {
            Some(_) => None,
            None => self.files.read_if_known(&self.within("tokenizer_config.json"))?,
        };
        let reading = match limits {
            Some(bytes) => reading.limited_by(asked, &bytes)?,
            None => reading,
        };
        let positions = config.positions();
        let max_tokens = reading.max_seq_length.map_or(positions, |most| most.min(positions));
        let lower_case = reading.do_lower_case;
        let tokenizer = self.needed(&self.within("tokenizer.json"))?;
        let tokens = TextTokenizer::new(asked, &tokenizer, max_tokens, lower_case)?;
        self.check_vocabulary(&tokens, config.vocab_size(), "vocab_size in config.json")?;

        let (file, weights) = self.weights(self.folder)?;
        let before_pooling = self.recipe(&file, &weights, &tokenizer, &config.recipe_line());
        let network = match &weights {
            Cow::Borrowed(weights) => NetworkWeights::read(&TensorFile::lasting(asked, &file, weights)?, config)?,
            Cow::Owned(weights) => NetworkWeights::read(&TensorFile::new(asked, &file, weights)?, config)?,
        };
        let after_pooling = format!("reading max_tokens={max_tokens} lower_case={lower_case}\n");
        Ok(NetworkParts { network, size, tokens, pooling, before_pooling, after_pooling })
    }

    /// Reads a table of words.
    pub(super) fn read_static(&self) -> Result<NetworkParts> {
        let asked = self.asked;
        let tokenizer = self.needed(&self.within("tokenizer.json"))?;
        let (file, weights) = self.weights(self.folder)?;
        let tensors = TensorFile::new(asked, &file, &weights)?;
        let table = StaticTable::read(asked, &file, &tensors)?;
        let is_model2vec = is_model2vec(&tensors);
        let max_tokens = match self.files.read(&self.within("config.json"))? {
            Some(bytes) if is_model2vec => {
                config::json::<Model2VecConfig>(asked, "config.json", &bytes)?.max_length.unwrap_or(usize::MAX).into()
            }
            _ => None,
        };
        let tokens = TextTokenizer::words_only(asked, &tokenizer, max_tokens, is_model2vec, table.pieces())?;
        self.check_vocabulary(&tokens, table.pieces(), "the number of embeddings")?;
        let before_pooling = self.recipe(&file, &weights, &tokenizer, "network static\n");
        let after_pooling = format!("reading max_tokens={} unknown={}\n", tokens.max_tokens(), !is_model2vec);
        let (size, network, pooling) = (table.size(), NetworkWeights::Static(table), PoolingConfig::default());
        Ok(NetworkParts { network, size, tokens, pooling, before_pooling, after_pooling })
    }

    /// Reads a step after the pooling, for embeddings of so many numbers, and its line of the fingerprint.
    pub(super) fn read_head(&self, module: &HeadModule, size: usize) -> Result<(HeadStep, String)> {
        let folder = match module {
            HeadModule::Normalize => return Ok((HeadStep::Normalize, "normalize\n".to_owned())),
            HeadModule::Dense(folder) => folder,
        };
        let file = format!("{folder}config.json");
        let config = DenseConfig::parse(self.asked, &file, &self.needed(&file)?)?;
        let (file, weights) = self.weights(folder)?;
        let layer = DenseLayer::read(self.asked, &file, &weights, config, size)?;
        let line = format!("dense {} activation={:?}\n", self.files.sha256(&file, &weights), config.activation);
        Ok((HeadStep::Dense(layer), line))
    }

    /// The first lines of the fingerprint.
    fn recipe(&self, file: &str, weights: &[u8], tokenizer: &[u8], network: &str) -> String {
        let weights = self.files.sha256(file, weights);
        let tokenizer = self.files.sha256(&self.within("tokenizer.json"), tokenizer);
        format!("paperkin encoder 1\nweights {weights}\ntokenizer {tokenizer}\n{network}")
    }
}
