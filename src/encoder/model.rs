//! What a model's files hold, checked, and what makes it the same model again.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::bad_model;
use super::bundled;
use super::choice::ModelChoice;
use super::config::{ModulesConfig, PoolingConfig};
use super::dense::HeadStep;
use super::files::ModelFiles;
use super::hub::{HubOptions, HubSnapshot};
use super::network::NetworkWeights;
use super::pooling::Pooling;
use super::prompts::{PROMPTS_FILE, Prompts};
use super::sha256::sha256_hex;
use super::source::{ModelSource, NetworkParts};
use super::tokenizer::TextTokenizer;
use crate::Result;

/// What tells one model's embeddings from another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelIdentity {
    /// For people: the bundled model's name, the folder's, or the hub's id.
    pub name: String,
    /// Everything that decides an embedding, as 64 hex digits: the SHA-256 of these lines, each ended by `\n`:
    /// `paperkin encoder 1`, `weights` and the SHA-256 of the weights' file, `tokenizer` and that of
    /// `tokenizer.json`, `network bert heads=H activation=A epsilon=E` or what another network has instead, `pooling` and its
    /// name, `reading max_tokens=N lower_case=B`, for each Dense module `dense`, the SHA-256 of its weights and
    /// `activation=A`, for a model with prompts `prompts query="Q" document="D" pooled=B`, and
    /// `normalised`: in its first spelling, as libraries have it.
    pub fingerprint: String,
    /// Numbers in an embedding.
    pub dimension: usize,
}

/// A model with its files found, read and checked; not yet on a device.
pub struct Model {
    pub(super) identity: ModelIdentity,
    pub(super) network: NetworkWeights,
    pub(super) tokens: TextTokenizer,
    pub(super) pooling: PoolingConfig,
    /// Whether the files say nothing about the pooling.
    pooling_is_open: bool,
    pub(super) head: Vec<HeadStep>,
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
    /// [`Error::BadModel`](crate::Error::BadModel) names what is missing, damaged or cannot be run;
    /// [`Error::Hub`](crate::Error::Hub) what the hub did not give.
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
            Some(bytes) => Some(ModulesConfig::parse(asked, &bytes)?),
            None => None,
        };
        let pooling_is_open = modules.is_none();
        let modules = modules.unwrap_or_default();
        let source = ModelSource { asked, files, folder: &modules.network };
        let read = match modules.is_static || source.is_model2vec()? {
            true => source.read_static()?,
            false => source.read_transformer(modules.pooling.as_deref())?,
        };
        let NetworkParts { network, size, tokens, pooling, before_pooling, mut after_pooling } = read;
        let pooling_is_open = pooling_is_open && !matches!(network, NetworkWeights::Static(_));

        let mut dimension = size;
        let mut head = Vec::new();
        for module in &modules.head {
            let (step, line) = source.read_head(module, dimension)?;
            if let HeadStep::Dense(layer) = &step {
                dimension = layer.outputs();
            }
            after_pooling.push_str(&line);
            head.push(step);
        }
        let prompts = match files.read_if_known(PROMPTS_FILE)? {
            Some(bytes) => Prompts::parse(asked, &bytes)?,
            None => Prompts::default(),
        };
        let prompts = match files.hub_id() {
            Some(id) if prompts.is_empty() => Prompts::published(id),
            _ => prompts,
        };
        let recipe = FingerprintRecipe { before_pooling, after_pooling };
        let identity = ModelIdentity { name, fingerprint: recipe.fingerprint(pooling, &prompts), dimension };
        Ok(Model { identity, network, tokens, pooling, pooling_is_open, head, prompts, recipe })
    }

    /// The model with another pooling than sentence-transformers takes where a model's files say nothing about it.
    ///
    /// # Errors
    /// [`Error::BadModel`](crate::Error::BadModel) when they do, and say otherwise.
    pub fn with_pooling(mut self, mode: Pooling) -> Result<Model> {
        if mode != self.pooling.mode && !self.pooling_is_open {
            let reason =
                format!("it was trained with {} pooling, which cannot be replaced by {mode}", self.pooling.mode);
            return Err(bad_model(&self.identity.name, reason));
        }
        self.pooling.mode = mode;
        self.pooling_is_open = false;
        self.identity.fingerprint = self.recipe.fingerprint(self.pooling, &self.prompts);
        Ok(self)
    }

    /// The model as a library has it whose embeddings have this fingerprint, where that is possible: with the pooling that was
    /// chosen for it, and without its prompts, if the library was embedded before they were known.
    pub(crate) fn matching(mut self, fingerprint: &str) -> Model {
        let poolings = match self.pooling_is_open {
            true => Pooling::ALL.to_vec(),
            false => vec![self.pooling.mode],
        };
        for prompts in [self.prompts.clone(), Prompts::default()] {
            for mode in &poolings {
                let pooling = PoolingConfig { mode: *mode, ..self.pooling };
                if self.recipe.fingerprint(pooling, &prompts) == fingerprint {
                    if prompts != self.prompts {
                        let name = &self.identity.name;
                        tracing::warn!("the library is without the prompts of {name}: `paperkin reembed` uses them");
                    }
                    self.identity.fingerprint = fingerprint.to_owned();
                    return Model { pooling, prompts, pooling_is_open: false, ..self };
                }
            }
        }
        self
    }

    /// Warns of a pooling that nobody chose.
    pub(super) fn check_pooling(&self) {
        if self.pooling_is_open {
            let name = &self.identity.name;
            tracing::warn!(
                "{name} has no modules.json: using mean pooling, as sentence-transformers does; choose another with --pooling"
            );
        }
    }
}

impl FingerprintRecipe {
    fn fingerprint(&self, pooling: PoolingConfig, prompts: &Prompts) -> String {
        let FingerprintRecipe { before_pooling, after_pooling } = self;
        let mode = pooling.mode;
        let prompts = prompts.recipe_line(pooling.include_prompt);
        sha256_hex(format!("{before_pooling}pooling {mode}\n{after_pooling}{prompts}normalised\n").as_bytes())
    }
}

fn folder_name(path: &Path) -> String {
    let whole = fs::canonicalize(path);
    let name = whole.as_deref().unwrap_or(path).file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
