//! Papers and profiles as resources: `paperkin://paper/2401.12345`, `paperkin://profile/me`.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde::Serialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryKind, Profile};
use crate::present;

const PAPER: &str = "paperkin://paper/";
const PROFILE: &str = "paperkin://profile/";
const JSON: &str = "application/json";
/// Papers of a profile's history that are listed, the newest ones.
const LISTED_HISTORY: usize = 50;

/// What a resource is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResourceName {
    /// The paper with an ID.
    Paper(String),
    /// The profile with a name.
    Profile(String),
}

impl ResourceName {
    /// Reads the URI of a resource.
    pub(super) fn parse(uri: &str) -> std::result::Result<ResourceName, String> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).ok();
        let paper = || uri.strip_prefix(PAPER).and_then(decoded).map(ResourceName::Paper);
        let profile = || uri.strip_prefix(PROFILE).and_then(decoded).map(ResourceName::Profile);
        paper().or_else(profile).ok_or_else(|| format!("`{uri}` is no resource: use {PAPER}ID or {PROFILE}NAME"))
    }
}

/// The resource of a profile.
pub(super) fn profile_resource(name: &str) -> Resource {
    let uri = format!("{PROFILE}{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
    Resource::new(uri, name).with_description("Reading history of a profile").with_mime_type(JSON)
}

/// The resources that have no list.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |prefix: &str, name: &str, description: &str| {
        let uri = format!("{prefix}{{{name}}}");
        ResourceTemplate::new(uri, name).with_description(description).with_mime_type(JSON)
    };
    vec![template(PAPER, "paper", "A paper by its id"), template(PROFILE, "profile", "A profile by its name")]
}

/// The contents of a resource.
pub(super) fn contents(uri: String, json: &Value) -> ResourceContents {
    ResourceContents::text(json.to_string(), uri).with_mime_type(JSON)
}

/// A profile, without what lets others in.
#[derive(Debug, Serialize)]
pub(super) struct ProfileSummary {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    follows_authors: Vec<String>,
    papers: usize,
    /// The newest of them, the newest first.
    newest: Vec<ListedHistoryEntry>,
}

#[derive(Debug, Serialize)]
struct ListedHistoryEntry {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    kind: HistoryKind,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interest: Option<String>,
}

impl ProfileSummary {
    pub(super) fn read(engine: &Engine, name: &str) -> Result<ProfileSummary> {
        let Profile { name, authors, mut history, .. } = engine.profile(name.trim())?;
        let papers = history.len();
        history.reverse();
        history.truncate(LISTED_HISTORY);
        let line = |HistoryEntry { id, kind, at, interest, .. }: HistoryEntry| {
            let title = engine.paper(&id)?.map(|stored| present::headline(&stored.paper));
            Ok(ListedHistoryEntry { id: id.to_string(), title, kind, at: at.to_string(), interest })
        };
        let newest = history.into_iter().map(line).collect::<Result<_>>()?;
        Ok(ProfileSummary { name, follows_authors: authors, papers, newest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_resources() {
        let paper = |id: &str| Ok(ResourceName::Paper(id.to_owned()));
        for (uri, expected) in [
            ("paperkin://paper/2401.12345", paper("2401.12345")),
            ("paperkin://paper/10.1145%2F3292500.3330701", paper("10.1145/3292500.3330701")),
            ("paperkin://paper/doi:10.1145/1", paper("doi:10.1145/1")),
            ("paperkin://profile/Ada%20L", Ok(ResourceName::Profile("Ada L".to_owned()))),
        ] {
            assert_eq!(ResourceName::parse(uri), expected, "{uri}");
        }
        for uri in ["file:///etc/passwd", "paperkin://", "paperkin://index/1", "paperkin://paper/%ff", ""] {
            assert!(ResourceName::parse(uri).is_err(), "{uri}");
        }
        let uri = profile_resource("a/b é").uri;
        assert_eq!(ResourceName::parse(&uri), Ok(ResourceName::Profile("a/b é".to_owned())));
    }
}
