//! The configuration of the daily run, `paperkin.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::recommend::Strategy;

/// Results per profile unless `papers` is set.
const DEFAULT_PAPERS: usize = 20;
/// Environment variable of the mail password unless `password_env` is set.
const DEFAULT_PASSWORD_ENV: &str = "PAPERKIN_SMTP_PASSWORD";

/// What a daily run does.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyConfig {
    /// Contact address sent to services.
    pub contact: Option<String>,
    /// URL of the web page, for links in digests.
    pub page: Option<String>,
    /// Directory of the weekly reports.
    pub weekly_reports: Option<PathBuf>,
    /// Where papers are fetched from.
    #[serde(default)]
    pub fetch: SourcesConfig,
    /// What each profile receives, by the profile's name.
    #[serde(default)]
    pub profiles: BTreeMap<String, ReaderConfig>,
    /// How mail is sent.
    pub mail: Option<MailConfig>,
}

/// The sources of papers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourcesConfig {
    /// Whether to fetch Hugging Face daily papers.
    pub hf_daily: bool,
    /// arXiv categories.
    pub arxiv: Vec<String>,
    /// Queries in arXiv's syntax.
    pub arxiv_queries: Vec<String>,
    /// URLs of feeds.
    pub feeds: Vec<String>,
    /// Base URL of Hugging Face, for a mirror or proxy.
    pub hf_daily_url: Option<String>,
    /// Base URL of arXiv, for a mirror or proxy.
    pub arxiv_url: Option<String>,
    /// Delay between requests, in seconds.
    pub pause: Option<f64>,
}

/// What the reader behind a profile receives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderConfig {
    /// Maximum number of papers per run.
    #[serde(default = "default_papers")]
    pub papers: usize,
    /// Ranking strategy.
    #[serde(default)]
    pub strategy: Strategy,
    /// Feed files to write; the extension selects the format.
    #[serde(default)]
    pub feeds: Vec<PathBuf>,
    /// Directory for digests.
    pub digests: Option<PathBuf>,
    /// Recipients of the digest by mail.
    #[serde(default)]
    pub mail: Vec<String>,
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Host name of the mail server.
    pub host: String,
    /// Port; the usual one of the security mode if absent.
    pub port: Option<u16>,
    /// How the connection is secured.
    #[serde(default)]
    pub security: MailSecurity,
    /// Sender address.
    pub from: String,
    /// User name; no authentication if absent.
    pub user: Option<String>,
    /// Environment variable that holds the password.
    #[serde(default = "default_password_env")]
    pub password_env: String,
}

/// How the connection to the mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// Upgrade to TLS after connecting.
    #[default]
    StartTls,
    /// TLS from the start.
    Tls,
    /// Unencrypted, for a server on this machine only.
    None,
}

fn default_papers() -> usize {
    DEFAULT_PAPERS
}

fn default_password_env() -> String {
    DEFAULT_PASSWORD_ENV.to_owned()
}

impl DailyConfig {
    /// The commented example that `paperkin init` writes.
    pub const EXAMPLE: &str = include_str!("paperkin.toml");

    /// The commented example for one profile, with arXiv categories to fetch and recipients of its digest.
    ///
    /// ```
    /// use paperkin::daily::DailyConfig;
    ///
    /// let text = DailyConfig::example("ada", &["cs.CL".to_owned()], &["ada@example.org".to_owned()]);
    /// let config = DailyConfig::parse(&text).unwrap();
    /// assert_eq!(config.fetch.arxiv, ["cs.CL"]);
    /// assert_eq!(config.profiles["ada"].mail, ["ada@example.org"]);
    /// ```
    pub fn example(profile: &str, categories: &[String], mail: &[String]) -> String {
        // A string of JSON is one of TOML, too.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let list = |items: &[String]| items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ");
        let is_bare = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let key = if is_bare(profile) { profile.to_owned() } else { quoted(profile) };
        let (mut lines, mut in_mail) = (Vec::new(), false);
        for line in DailyConfig::EXAMPLE.lines() {
            in_mail |= line == "#: [mail]";
            lines.push(match line {
                "[profiles.me]" => format!("[profiles.{key}]"),
                line if line.starts_with("#: arxiv = ") && !categories.is_empty() => {
                    format!("arxiv = [{}]", list(categories))
                }
                line if line.starts_with("#: mail = ") && !mail.is_empty() => format!("mail = [{}]", list(mail)),
                line if in_mail && !mail.is_empty() => line.trim_start_matches("#: ").to_owned(),
                line => line.replace("paperkin profile me ", &format!("paperkin profile {profile} ")),
            });
        }
        lines.join("\n") + "\n"
    }

    /// Parses TOML. Paths stay as they are, relative to the current directory of the process.
    ///
    /// # Errors
    /// [`Error::BadFile`] with the line of the problem, for the file `paperkin.toml`.
    pub fn parse(text: &str) -> Result<DailyConfig> {
        DailyConfig::parse_file(text, Path::new("paperkin.toml"))
    }

    /// Parses the text of a file. Relative paths in it resolve against the directory of the file.
    ///
    /// # Errors
    /// [`Error::BadFile`] with the file and the line of the problem.
    pub fn parse_file(text: &str, path: &Path) -> Result<DailyConfig> {
        let bad = |reason: String| Error::BadFile { file: path.display().to_string(), reason };
        let mut config: DailyConfig = toml::from_str(text).map_err(|error| bad(one_line(text, &error)))?;
        let directory = path.parent().unwrap_or(Path::new("."));
        if config.weekly_reports.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(bad("`weekly_reports` must name a directory".to_owned()));
        }
        config.weekly_reports.iter_mut().for_each(|path| *path = directory.join(&*path));
        for (name, reader) in &mut config.profiles {
            if !reader.mail.is_empty() && config.mail.is_none() {
                return Err(bad(format!("profile `{name}` has `mail`, but the [mail] section is missing")));
            }
            if reader.papers == 0 {
                return Err(bad(format!("profile `{name}`: `papers` must be at least 1")));
            }
            reader.feeds.iter_mut().chain(&mut reader.digests).for_each(|path| *path = directory.join(&*path));
        }
        Ok(config)
    }
}

/// Returns what is wrong, and on which line.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let reason = error.message().replace('\n', " ");
    line.map_or(reason.clone(), |line| format!("line {line}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<DailyConfig, String> {
        DailyConfig::parse(text).map_err(|error| error.one_line())
    }

    #[test]
    fn the_example_is_valid_with_and_without_its_optional_parts() {
        parse(DailyConfig::EXAMPLE).unwrap();
        let uncomment = |line: &str| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n";
        let everything: String = DailyConfig::EXAMPLE.lines().map(uncomment).collect();
        let config = parse(&everything).unwrap();
        assert!(config.mail.is_some() && config.fetch.hf_daily && !config.profiles["me"].mail.is_empty());
    }

    #[test]
    fn the_example_takes_any_name() {
        for profile in ["me", "ada-1", "Ada \"the first\" Example/RL", "日本"] {
            let text = DailyConfig::example(profile, &[], &[]);
            let config = DailyConfig::parse(&text).unwrap();
            assert_eq!(config.profiles.keys().collect::<Vec<_>>(), [profile], "{text}");
            assert!(config.fetch.arxiv.is_empty() && config.mail.is_none());
        }
        assert_eq!(DailyConfig::example("me", &[], &[]), DailyConfig::EXAMPLE);
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let text =
            "weekly_reports = \"reports\"\n[profiles.me]\nfeeds = [\"me.atom\", \"/me.rss\"]\ndigests = \"digests\"\n";
        let config = DailyConfig::parse_file(text, Path::new("/etc/paperkin/daily.toml")).unwrap();
        assert_eq!(config.weekly_reports.as_deref(), Some(Path::new("/etc/paperkin/reports")));
        let reader = &config.profiles["me"];
        assert_eq!(reader.feeds, [Path::new("/etc/paperkin/me.atom"), Path::new("/me.rss")]);
        assert_eq!(reader.digests.as_deref(), Some(Path::new("/etc/paperkin/digests")));
    }

    #[test]
    fn problems_are_reported_with_their_line() {
        let table = [
            ("[fetch]\nhf_dayly = true", "line 2: unknown field `hf_dayly`"),
            ("contact = ", "line 1: "),
            ("[profiles.me]\nmail = [\"me@example.org\"]", "the [mail] section is missing"),
            ("[profiles.me]\npapers = 0", "`papers` must be at least 1"),
            ("weekly_reports = \"\"", "`weekly_reports` must name a directory"),
            ("[mail]\nhost = \"h\"\nfrom = \"f\"\nsecurity = \"ssl\"", "line 4: "),
        ];
        for (text, expected) in table {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
        }
    }
}
