//! Models of the Hugging Face hub: the cache first, then the network, each file held to its hash.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hf_hub::api::sync::{Api, ApiBuilder};
use hf_hub::{Cache, Repo, RepoType};

use super::bad_model;
use super::sha256::sha256_hex;
use crate::{Error, Result};

/// The branch that is meant when no revision is named.
const DEFAULT_REVISION: &str = "main";
const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// How to reach the hub.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HubOptions {
    /// The cache's folder, in the layout that all of Hugging Face's libraries share. Without one, models of the hub
    /// cannot be used.
    pub cache: Option<PathBuf>,
    /// The hub's address; `https://huggingface.co` without it.
    pub endpoint: Option<String>,
    /// Sent along as a bearer token. Without it, the file `token` beside the cache is used when it is there.
    pub token: Option<String>,
    /// Never use the network.
    pub offline: bool,
}

impl HubOptions {
    /// As Hugging Face's libraries do: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `huggingface/hub` in
    /// `XDG_CACHE_HOME` or `~/.cache`; `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`. For the program's edge.
    pub fn from_env() -> HubOptions {
        HubOptions::from_variables(|name| env::var(name).ok(), env::home_dir())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>, home: Option<PathBuf>) -> HubOptions {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let folder = |name: &str| set(name).map(PathBuf::from);
        let cache = folder("HF_HUB_CACHE")
            .or_else(|| Some(folder("HF_HOME")?.join("hub")))
            .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("huggingface/hub")))
            .or_else(|| Some(home.filter(|home| !home.as_os_str().is_empty())?.join(".cache/huggingface/hub")));
        let yes = |value: String| ["1", "on", "yes", "true"].contains(&value.trim().to_ascii_lowercase().as_str());
        HubOptions {
            cache,
            endpoint: set("HF_ENDPOINT"),
            token: set("HF_TOKEN"),
            offline: set("HF_HUB_OFFLINE").is_some_and(yes),
        }
    }
}

impl HubOptions {
    /// The address without a slash at its end.
    fn endpoint(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(DEFAULT_ENDPOINT).trim_end_matches('/')
    }

    /// The cache, in which a model is looked for.
    fn cache(&self, id: &str) -> Result<Cache> {
        let Some(cache) = self.cache.as_deref() else {
            let reason = "no cache directory for downloaded models: set HF_HOME, or give a model directory".to_owned();
            return Err(Error::Hub { url: format!("{}/{id}", self.endpoint()), reason });
        };
        Ok(Cache::new(std::path::absolute(cache).map_err(Error::io(cache, "find"))?))
    }
}

/// The folder of a model in the cache.
fn folder(cache: &Cache, id: &str) -> PathBuf {
    cache.path().join(Repo::new(id.to_owned(), RepoType::Model).folder_name())
}

/// Without the token: it is a secret.
impl fmt::Debug for HubOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubOptions")
            .field("cache", &self.cache)
            .field("endpoint", &self.endpoint)
            .field("token", &self.token.as_ref().map(|_| "secret"))
            .field("offline", &self.offline)
            .finish()
    }
}

/// One commit of one model, its files fetched when they are asked for.
pub(super) struct HubSnapshot {
    id: String,
    commit: String,
    /// `models--owner--name` in the cache.
    folder: PathBuf,
    options: HubOptions,
    endpoint: String,
    cache: Cache,
    /// The names of the commit's files, once the hub was asked.
    listing: OnceLock<Vec<String>>,
}

impl HubSnapshot {
    /// Finds the commit that a revision means: in the cache, else by asking the hub.
    pub(super) fn open(id: &str, revision: Option<&str>, options: &HubOptions) -> Result<HubSnapshot> {
        let revision = revision.unwrap_or(DEFAULT_REVISION);
        let cache = options.cache(id)?;
        let mut snapshot = HubSnapshot {
            id: id.to_owned(),
            commit: String::new(),
            folder: folder(&cache, id),
            options: options.clone(),
            endpoint: options.endpoint().to_owned(),
            cache,
            listing: OnceLock::new(),
        };
        snapshot.commit = match snapshot.cached_commit(revision) {
            Some(commit) => commit,
            None => {
                let (commit, listing) = snapshot.ask(revision)?;
                snapshot.listing = OnceLock::from(listing);
                let reference = Repo::with_revision(id.to_owned(), RepoType::Model, revision.to_owned());
                let written = snapshot.cache.repo(reference).create_ref(&commit);
                written.map_err(Error::io(snapshot.folder.join("refs"), "write"))?;
                commit
            }
        };
        Ok(snapshot)
    }

    /// The folder of a model in the cache.
    #[cfg(any(test, not(bundled_weights)))]
    pub(super) fn folder(id: &str, options: &HubOptions) -> Result<PathBuf> {
        Ok(folder(&options.cache(id)?, id))
    }

    /// A file of which the content is known beforehand, fetched if need be. One with another content is removed.
    #[cfg(any(test, not(bundled_weights)))]
    pub(super) fn file_with_sha256(&self, name: &str, sha256: &str) -> Result<Vec<u8>> {
        let path = self.file(name)?.ok_or_else(|| bad_model(&self.id, format!("no {name}")))?;
        let blob = fs::canonicalize(&path).map_err(Error::io(&path, "find"))?;
        self.read_checked(name, &path, &blob, sha256)
    }

    /// The model's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is known that the commit has a file, or that it has none: by the cache or by asking the hub.
    pub(super) fn knows(&self, name: &str) -> bool {
        if self.absence(name).exists() {
            return true;
        }
        let known = self.has(name);
        known.inspect_err(|error| tracing::warn!(model = self.id, "{}: going on without it", error.one_line())).is_ok()
    }

    /// Where Hugging Face's libraries remember that a commit has no such file.
    fn absence(&self, name: &str) -> PathBuf {
        self.folder.join(".no_exist").join(&self.commit).join(name)
    }

    /// The path of a file, fetched if need be; `None` when the commit has no such file.
    pub(super) fn file(&self, name: &str) -> Result<Option<PathBuf>> {
        let path = self.folder.join("snapshots").join(&self.commit).join(name);
        if path.exists() {
            self.check(name, &path)?;
            return Ok(Some(path));
        }
        let absent = self.absence(name);
        if absent.exists() {
            return Ok(None);
        }
        if !self.has(name)? {
            let folder = absent.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder).map_err(Error::io(folder, "create"))?;
            fs::write(&absent, "").map_err(Error::io(&absent, "write"))?;
            return Ok(None);
        }
        tracing::info!(model = self.id, file = name, commit = self.commit, "downloading");
        let path = self
            .api()?
            .repo(self.repo(&self.commit))
            .download(name)
            .map_err(|error| self.failed(name, &error.to_string()))?;
        self.check(name, &path)?;
        Ok(Some(path))
    }

    /// Whether the commit has a file, by the cache or by asking the hub.
    pub(super) fn has(&self, name: &str) -> Result<bool> {
        if self.folder.join("snapshots").join(&self.commit).join(name).exists() {
            return Ok(true);
        }
        if self.listing.get().is_none() {
            let (_, listing) = self.ask(&self.commit).map_err(|error| match error {
                Error::Hub { url, reason } if self.options.offline => {
                    Error::Hub { url, reason: format!("{name} is not in the cache: {reason}") }
                }
                error => error,
            })?;
            self.listing.get_or_init(|| listing);
        }
        Ok(self.listing.get().is_some_and(|listing| listing.iter().any(|file| file == name)))
    }

    fn cached_commit(&self, revision: &str) -> Option<String> {
        let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_commit(revision) && self.folder.join("snapshots").join(revision).is_dir() {
            return Some(revision.to_owned());
        }
        let commit = fs::read_to_string(self.folder.join("refs").join(revision)).ok()?.trim().to_owned();
        is_commit(&commit).then_some(commit)
    }

    /// The commit of a revision and the names of its files.
    fn ask(&self, revision: &str) -> Result<(String, Vec<String>)> {
        if self.options.offline {
            let reason = format!(
                "offline, but {}@{revision} is not in {}: run once without HF_HUB_OFFLINE, or give a model directory",
                self.id,
                self.cache.path().display()
            );
            return Err(Error::Hub { url: format!("{}/{}", self.endpoint, self.id), reason });
        }
        let info =
            self.api()?.repo(self.repo(revision)).info().map_err(|error| self.failed(revision, &error.to_string()))?;
        let commit = info.sha;
        if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.failed(revision, &format!("the hub returned an invalid commit, `{commit}`")));
        }
        Ok((commit, info.siblings.into_iter().map(|file| file.rfilename).collect()))
    }

    fn repo(&self, revision: &str) -> Repo {
        Repo::with_revision(self.id.clone(), RepoType::Model, revision.to_owned())
    }

    fn api(&self) -> Result<Api> {
        let mut builder =
            ApiBuilder::from_cache(self.cache.clone()).with_endpoint(self.endpoint.clone()).with_progress(false);
        if let Some(token) = &self.options.token {
            builder = builder.with_token(Some(token.clone()));
        }
        builder.build().map_err(|error| self.failed("", &error.to_string()))
    }

    /// Large files lie in `blobs/` under their SHA-256, and the snapshot links to them. One that is not what its
    /// name says is removed.
    fn check(&self, name: &str, path: &Path) -> Result<()> {
        let blob = fs::canonicalize(path).map_err(Error::io(path, "find"))?;
        let expected = blob.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(());
        }
        self.read_checked(name, path, &blob, expected).map(drop)
    }

    /// The content of a file, a link and a blob, that has to have a SHA-256.
    fn read_checked(&self, name: &str, path: &Path, blob: &Path, expected: &str) -> Result<Vec<u8>> {
        let bytes = fs::read(blob).map_err(Error::io(blob, "read"))?;
        let found = sha256_hex(&bytes);
        if found == expected {
            return Ok(bytes);
        }
        for damaged in [path, blob] {
            fs::remove_file(damaged).map_err(Error::io(damaged, "remove"))?;
        }
        let reason =
            format!("{name}: sha256 is {found}, expected {expected}; the file was deleted, run again to download it");
        Err(bad_model(&self.id, reason))
    }

    fn failed(&self, what: &str, message: &str) -> Error {
        let url = format!("{}/{}/{what}", self.endpoint, self.id);
        let hint = if message.contains("404") || message.contains("401") || message.contains("403") {
            ": no such model or revision; if it is private, set HF_TOKEN"
        } else {
            ""
        };
        Error::Hub { url: url.trim_end_matches('/').to_owned(), reason: format!("{message}{hint}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_as_everywhere_else() {
        let check = |variables: &[(&str, &str)], home: Option<&str>, expect: Option<&str>| {
            let variable = |name: &str| Some(variables.iter().find(|(key, _)| *key == name)?.1.to_owned());
            let options = HubOptions::from_variables(variable, home.map(PathBuf::from));
            assert_eq!(options.cache, expect.map(PathBuf::from), "{variables:?}");
            options
        };
        check(&[], None, None);
        check(&[], Some(""), None);
        check(&[], Some("/home/me"), Some("/home/me/.cache/huggingface/hub"));
        check(&[("XDG_CACHE_HOME", "/x")], Some("/home/me"), Some("/x/huggingface/hub"));
        check(&[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")], None, Some("/h/hub"));
        check(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")], None, Some("/c"));
        for (value, offline) in [("1", true), ("True", true), ("0", false), ("", false), ("no", false)] {
            assert_eq!(check(&[("HF_HUB_OFFLINE", value)], None, None).offline, offline);
        }
        let options = check(&[("HF_ENDPOINT", "http://mirror"), ("HF_TOKEN", "hf_x")], None, None);
        assert_eq!((options.endpoint.as_deref(), options.token.as_deref()), (Some("http://mirror"), Some("hf_x")));
        assert!(!format!("{options:?}").contains("hf_x"));
    }
}
