//! What a model's files hold, checked, and what makes it the same model again.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::bad_model;
use super::bert::BertWeights;
use super::bundled;
use super::choice::ModelChoice;
use super::config::{BertConfig, ModulesConfig, PoolingConfig, TruncationConfig};
use super::files::ModelFiles;
use super::hub::{HubOptions, HubSnapshot};
use super::prompts::{PROMPTS_FILE, Prompts};
use super::sha256::sha256_hex;
use super::tokenizer::TextTokenizer;
use super::weights::TensorFile;
use crate::Result;

/// What tells one model's embeddings from another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelIdentity {
    /// For people: the bundled model's name, the folder's, or the hub's id.
    pub name: String,
    /// Everything that decides an embedding, as 64 hex digits: the SHA-256 of these lines, each ended by `\n`:
    /// `paperkin encoder 1`, `weights` and the SHA-256 of the weights' file, `tokenizer` and that of
    /// `tokenizer.json`, `network bert heads=H activation=A epsilon=E`, `pooling` and its name,
    /// `reading max_tokens=N lower_case=B`, for a model with prompts `prompts query="Q" document="D" pooled=B`, and
    /// `normalised`: in its first spelling, as libraries have it.
    pub fingerprint: String,
    /// Numbers in an embedding.
    pub dimension: usize,
}

/// A model with its files found, read and checked; not yet on a device.
pub struct Model {
    pub(super) identity: ModelIdentity,
    pub(super) config: BertConfig,
    pub(super) parameters: BertWeights,
    pub(super) tokens: TextTokenizer,
    pub(super) pooling: PoolingConfig,
    pub(super) prompts: Prompts,
    recipe: FingerprintRecipe,
}

/// The lines of the fingerprint that are about the files, before the pooling's and after it.
struct FingerprintRecipe {
    before_pooling: String,
    after_pooling: String,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Model {
    /// Finds and reads the files. Only a model of the hub, and the bundled one where it is not compiled in, may use the network,
    /// and only for what is not in the cache.
    ///
    /// # Errors
    /// [`Error::BadModel`] names what is missing, damaged or cannot be run; [`Error::Hub`] what the hub did not give.
    pub fn open(choice: &ModelChoice, hub: &HubOptions) -> Result<Model> {
        let asked = choice.to_string();
        match choice {
            ModelChoice::Bundled => Model::read(bundled::NAME.to_owned(), &asked, &ModelFiles::Bundled(hub)),
            ModelChoice::Directory(path) if !path.is_dir() => Err(bad_model(&asked, "no such directory")),
            ModelChoice::Directory(path) => Model::read(folder_name(path), &asked, &ModelFiles::Directory(path)),
            ModelChoice::Hub { id, revision } => {
                let snapshot = HubSnapshot::open(id, revision.as_deref(), hub)?;
                Model::read(asked.clone(), &asked, &ModelFiles::Hub(Box::new(snapshot)))
            }
        }
    }

    /// Name, fingerprint and dimension.
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn read(name: String, asked: &str, files: &ModelFiles) -> Result<Model> {
        let modules = match files.read("modules.json")? {
            Some(bytes) => ModulesConfig::parse(asked, &bytes)?,
            None => {
                tracing::warn!(model = asked, "no modules.json: using mean pooling, as sentence-transformers does");
                ModulesConfig { transformer: String::new(), pooling: None }
            }
        };
        let within = |file: &str| format!("{}{file}", modules.transformer);
        let needed = |file: String| -> Result<Cow<'static, [u8]>> {
            files.read(&file)?.ok_or_else(|| bad_model(asked, format!("no {file}")))
        };

        let config = BertConfig::parse(asked, &needed(within("config.json"))?)?;
        let pooling = match modules.pooling {
            Some(folder) => {
                let file = format!("{folder}config.json");
                PoolingConfig::parse(asked, &file, &needed(file.clone())?, config.hidden_size)?
            }
            None => PoolingConfig::default(),
        };
        let reading = match files.read(&within("sentence_bert_config.json"))? {
            Some(bytes) => TruncationConfig::parse(asked, &bytes)?,
            None => TruncationConfig::default(),
        };
        let positions = config.max_position_embeddings;
        let max_tokens = reading.max_seq_length.map_or(positions, |most| most.min(positions));

        let tokenizer = needed(within("tokenizer.json"))?;
        let tokens = TextTokenizer::new(asked, &tokenizer, max_tokens, reading.do_lower_case)?;

        if tokens.vocab_size() > config.vocab_size {
            let (pieces, rows) = (tokens.vocab_size(), config.vocab_size);
            let reason = format!("tokenizer.json has {pieces} word pieces, but vocab_size in config.json is {rows}");
            return Err(bad_model(asked, reason));
        }

        let file = within("model.safetensors");
        let Some(weights) = files.read(&file)? else {
            let hint = match files.has(&within("pytorch_model.bin"))? {
                true => "; pytorch_model.bin is not supported because it can run code: convert it to safetensors",
                false => "",
            };
            return Err(bad_model(asked, format!("no {file}{hint}")));
        };
        let parameters = match &weights {
            Cow::Borrowed(weights) => BertWeights::read(&TensorFile::lasting(asked, &file, weights)?, &config)?,
            Cow::Owned(weights) => BertWeights::read(&TensorFile::new(asked, &file, weights)?, &config)?,
        };

        let prompts = match files.read_if_known(PROMPTS_FILE)? {
            Some(bytes) => Prompts::parse(asked, &bytes)?,
            None => Prompts::default(),
        };
        let prompts = match files.hub_id() {
            Some(id) if prompts.is_empty() => Prompts::published(id),
            _ => prompts,
        };

        let mut recipe = FingerprintRecipe {
            before_pooling: "paperkin encoder 1\n".to_owned(),
            after_pooling: format!("reading max_tokens={max_tokens} lower_case={}\n", reading.do_lower_case),
        };
        let written = writeln!(
            recipe.before_pooling,
            "weights {}\ntokenizer {}\nnetwork bert heads={} activation={:?} epsilon={:e}",
            files.sha256(&file, &weights),
            files.sha256(&within("tokenizer.json"), &tokenizer),
            config.num_attention_heads,
            config.hidden_act,
            config.layer_norm_eps,
        );
        written.expect("a String takes everything");
        let fingerprint = recipe.fingerprint(pooling, &prompts);
        let identity = ModelIdentity { name, fingerprint, dimension: config.hidden_size };
        Ok(Model { identity, config, parameters, tokens, pooling, prompts, recipe })
    }

    /// The model as a library has it whose embeddings have this fingerprint, where that is possible: without its prompts, if it
    /// was embedded before they were known.
    pub(crate) fn matching(mut self, fingerprint: &str) -> Model {
        if self.identity.fingerprint != fingerprint
            && !self.prompts.is_empty()
            && self.recipe.fingerprint(self.pooling, &Prompts::default()) == fingerprint
        {
            let name = &self.identity.name;
            tracing::warn!("the library was embedded without the prompts of {name}: `paperkin reembed` uses them");
            self.prompts = Prompts::default();
            self.identity.fingerprint = fingerprint.to_owned();
        }
        self
    }
}

impl FingerprintRecipe {
    fn fingerprint(&self, pooling: PoolingConfig, prompts: &Prompts) -> String {
        let FingerprintRecipe { before_pooling, after_pooling } = self;
        let mode = pooling.mode.name();
        let prompts = prompts.recipe_line(pooling.include_prompt);
        sha256_hex(format!("{before_pooling}pooling {mode}\n{after_pooling}{prompts}normalised\n").as_bytes())
    }
}

fn folder_name(path: &Path) -> String {
    let whole = fs::canonicalize(path);
    let name = whole.as_deref().unwrap_or(path).file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
