//! Which model, in the user's words.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::bad_model;
use super::bundled;
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
    /// them, `modules.json`, the folders of its modules, `sentence_bert_config.json` and `config_sentence_transformers.json`.
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
