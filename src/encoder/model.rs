//! Which model, where its files come from, and what makes it the same model again.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use super::bad_model;
use super::bert::BertWeights;
use super::bundled;
use super::config::{self, BertConfig, ModulesConfig, TruncationConfig};
use super::hub::{HubOptions, HubSnapshot};
use super::pooling::Pooling;
use super::sha256::sha256_hex;
use super::tokenizer::TextTokenizer;
use super::weights::TensorFile;
use crate::{Error, Result};

/// What the user asked for.
///
/// ```
/// use paperkin::encoder::ModelChoice;
///
/// let choice: ModelChoice = "BAAI/bge-small-en-v1.5".parse().unwrap();
/// assert_eq!(choice.to_string(), "BAAI/bge-small-en-v1.5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModelChoice {
    /// all-MiniLM-L6-v2 in int8: compiled in with the feature `bundled-model` where the sources have its weights, as those in
    /// the repository do; otherwise made once of the published model, which is downloaded from the hub.
    #[default]
    Bundled,
    /// A folder with `config.json`, `tokenizer.json`, `model.safetensors` and, as sentence-transformers writes
    /// them, `modules.json`, the pooling's `config.json` and `sentence_bert_config.json`.
    Directory(PathBuf),
    /// A model of the Hugging Face hub.
    Hub {
        /// `organisation/name`.
        id: String,
        /// A commit, tag or branch; `main` without it.
        revision: Option<String>,
    },
}

impl FromStr for ModelChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<ModelChoice> {
        if text == bundled::NAME || text == "bundled" {
            return Ok(ModelChoice::Bundled);
        }
        let path = Path::new(text);
        if text.starts_with(['.', '/', '~']) || path.is_absolute() || path.is_dir() {
            let under_home = text.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
            return Ok(ModelChoice::Directory(under_home.unwrap_or_else(|| path.to_path_buf())));
        }
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (text, None),
        };
        let plain = |text: &str| {
            !text.is_empty()
                && text != ".."
                && text != "."
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let is_id = id.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name));
        if !is_id || !revision.is_none_or(|revision| revision.split('/').all(plain)) {
            let reason = format!(
                "unknown model: use `{}`, a directory, or a Hugging Face id such as `owner/name` or `owner/name@revision`",
                bundled::NAME
            );
            return Err(bad_model(text, reason));
        }
        Ok(ModelChoice::Hub { id: id.to_owned(), revision: revision.map(str::to_owned) })
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelChoice::Bundled => f.write_str(bundled::NAME),
            ModelChoice::Directory(path) => write!(f, "{}", path.display()),
            ModelChoice::Hub { id, revision: None } => f.write_str(id),
            ModelChoice::Hub { id, revision: Some(revision) } => write!(f, "{id}@{revision}"),
        }
    }
}

/// What tells one model's embeddings from another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelIdentity {
    /// For people: the bundled model's name, the folder's, or the hub's id.
    pub name: String,
    /// Everything that decides an embedding, as 64 hex digits: the SHA-256 of these lines, each ended by `\n`:
    /// `paperkin encoder 1`, `weights` and the SHA-256 of the weights' file, `tokenizer` and that of
    /// `tokenizer.json`, `network bert heads=H activation=A epsilon=E`, `pooling` and its name,
    /// `reading max_tokens=N lower_case=B`, `normalised`: in its first spelling, as libraries have it.
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
    pub(super) pooling: Pooling,
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
                config::pooling(asked, &file, &needed(file.clone())?, config.hidden_size)?
            }
            None => Pooling::Mean,
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

        let mut recipe = String::from("paperkin encoder 1\n");
        let written = writeln!(
            recipe,
            "weights {}\ntokenizer {}\nnetwork bert heads={} activation={:?} epsilon={:e}\npooling {}\nreading max_tokens={max_tokens} lower_case={}\nnormalised",
            files.sha256(&file, &weights),
            files.sha256(&within("tokenizer.json"), &tokenizer),
            config.num_attention_heads,
            config.hidden_act,
            config.layer_norm_eps,
            pooling.name(),
            reading.do_lower_case,
        );
        written.expect("a String takes everything");
        let identity =
            ModelIdentity { name, fingerprint: sha256_hex(recipe.as_bytes()), dimension: config.hidden_size };
        Ok(Model { identity, config, parameters, tokens, pooling })
    }
}

fn folder_name(path: &Path) -> String {
    let whole = fs::canonicalize(path);
    let name = whole.as_deref().unwrap_or(path).file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Where a model's files are.
enum ModelFiles<'a> {
    Bundled(&'a HubOptions),
    Directory(&'a Path),
    Hub(Box<HubSnapshot>),
}

impl ModelFiles<'_> {
    /// A file's bytes; `None` when the model has no such file.
    fn read(&self, name: &str) -> Result<Option<Cow<'static, [u8]>>> {
        let path = match self {
            ModelFiles::Bundled(hub) => return bundled::file(name, hub),
            ModelFiles::Directory(path) => path.join(name),
            ModelFiles::Hub(snapshot) => match snapshot.file(name)? {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path, "read")(error)),
        }
    }

    /// The SHA-256 of a file as 64 hex digits, known beforehand where the model is bundled.
    fn sha256(&self, name: &str, bytes: &[u8]) -> Cow<'static, str> {
        let known = match self {
            ModelFiles::Bundled(_) => bundled::SHA256.iter().find(|(file, _)| *file == name),
            ModelFiles::Directory(_) | ModelFiles::Hub(_) => None,
        };
        known.map_or_else(|| sha256_hex(bytes).into(), |(_, sha256)| (*sha256).into())
    }

    /// Whether the model has a file, without fetching it.
    fn has(&self, name: &str) -> Result<bool> {
        match self {
            ModelFiles::Bundled(_) => Ok(bundled::has(name)),
            ModelFiles::Directory(path) => Ok(path.join(name).exists()),
            ModelFiles::Hub(snapshot) => snapshot.has(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_by_text() {
        let hub = |id: &str, revision: Option<&str>| ModelChoice::Hub {
            id: id.into(),
            revision: revision.map(str::to_owned),
        };
        let check = |text: &str, expect: ModelChoice| {
            assert_eq!(text.parse::<ModelChoice>().unwrap(), expect);
            assert_eq!(expect.to_string().parse::<ModelChoice>().unwrap(), expect);
        };
        check("bundled", ModelChoice::Bundled);
        check("all-MiniLM-L6-v2", ModelChoice::Bundled);
        check("./models/x", ModelChoice::Directory("./models/x".into()));
        check("/models/x", ModelChoice::Directory("/models/x".into()));
        check("src/encoder", ModelChoice::Directory("src/encoder".into()));
        check("BAAI/bge-small-en-v1.5", hub("BAAI/bge-small-en-v1.5", None));
        check("BAAI/bge-small-en-v1.5@refs/pr/1", hub("BAAI/bge-small-en-v1.5", Some("refs/pr/1")));
        for wrong in ["", "minilm", "a/b/c", "a/", "a/b@", "a/../b", "a/b@../c", "a b/c", "https://huggingface.co/a/b"]
        {
            let message = wrong.parse::<ModelChoice>().unwrap_err().to_string();
            assert!(message.contains("`all-MiniLM-L6-v2`, a directory, or a Hugging Face id"), "{wrong:?}: {message}");
        }
    }
}
