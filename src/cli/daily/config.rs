//! `paperkin.toml`: what a day's round does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::recommend::Strategy;

/// What `paperkin init` writes.
pub(super) const EXAMPLE: &str = include_str!("paperkin.toml");

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DailyConfig {
    /// Sent along to services.
    pub contact: Option<String>,
    /// Where the reading page is.
    pub page: Option<String>,
    #[serde(default)]
    pub fetch: SourcesConfig,
    #[serde(default)]
    pub profiles: BTreeMap<String, ReaderConfig>,
    pub mail: Option<MailConfig>,
}

/// Where papers come from.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SourcesConfig {
    pub hf_daily: bool,
    /// Subject classes.
    pub arxiv: Vec<String>,
    /// Queries in arXiv's language.
    pub arxiv_queries: Vec<String>,
    /// Addresses of feeds.
    pub feeds: Vec<String>,
    /// Where services are that are not at their usual place.
    pub hf_daily_url: Option<String>,
    pub arxiv_url: Option<String>,
    /// Seconds between requests.
    pub pause: Option<f64>,
}

/// What somebody gets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReaderConfig {
    /// How many papers.
    #[serde(default = "usual")]
    pub papers: usize,
    /// How the history becomes a ranking.
    #[serde(default)]
    pub strategy: Strategy,
    /// Files of feeds; the ending says in which format.
    #[serde(default)]
    pub feeds: Vec<PathBuf>,
    /// The folder of digests.
    pub digests: Option<PathBuf>,
    /// Addresses that get the digest.
    #[serde(default)]
    pub mail: Vec<String>,
}

fn usual() -> usize {
    20
}

/// How mail is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailConfig {
    /// The server's name.
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub security: MailSecurity,
    /// The address that it comes from.
    pub from: String,
    pub user: Option<String>,
    /// The variable of the environment that has the password.
    #[serde(default = "password")]
    pub password_env: String,
}

fn password() -> String {
    "PAPERKIN_SMTP_PASSWORD".to_owned()
}

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MailSecurity {
    /// TLS after a greeting.
    #[default]
    StartTls,
    /// TLS from the begin.
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

impl DailyConfig {
    /// Reads a file; paths in it are as seen from its folder.
    pub(super) fn read(path: &Path) -> Result<DailyConfig> {
        let bad = |reason: String| Error::BadFile { file: path.display().to_string(), reason };
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(bad("is not there: `paperkin init` writes one".to_owned()));
            }
            read => read.map_err(Error::io(path, "read it"))?,
        };
        let mut config: DailyConfig = toml::from_str(&text).map_err(|error| bad(one_line(&text, &error)))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        for (name, reader) in &mut config.profiles {
            if !reader.mail.is_empty() && config.mail.is_none() {
                return Err(bad(format!("profile `{name}` gets mail, and there is no [mail] that says how")));
            }
            if reader.papers == 0 {
                return Err(bad(format!("profile `{name}`: `papers` is 0")));
            }
            reader.feeds.iter_mut().chain(&mut reader.digests).for_each(|path| *path = folder.join(&*path));
        }
        Ok(config)
    }
}

/// What is wrong, and in which line.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let reason = error.message().replace('\n', " ");
    line.map_or(reason.clone(), |line| format!("line {line}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<DailyConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paperkin.toml");
        std::fs::write(&path, text).unwrap();
        DailyConfig::read(&path).map_err(|error| error.one_line())
    }

    #[test]
    fn the_example_with_all_that_is_in_it() {
        read(EXAMPLE).unwrap();
        let all: String =
            EXAMPLE.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n").collect();
        let config = read(&all).unwrap();
        assert!(config.mail.is_some() && config.fetch.hf_daily && !config.profiles["me"].mail.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let table = [
            ("[fetch]\nhf_dayly = true", "line 2: unknown field `hf_dayly`"),
            ("contact = ", "line 1: "),
            ("[profiles.me]\nmail = [\"me@example.org\"]", "there is no [mail]"),
            ("[profiles.me]\npapers = 0", "`papers` is 0"),
            ("[mail]\nhost = \"h\"\nfrom = \"f\"\nsecurity = \"ssl\"", "line 4: "),
        ];
        for (text, expected) in table {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
        }
    }
}
