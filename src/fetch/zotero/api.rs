//! Requests to Zotero's local API and to its connector, and what is wrong with an answer.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::fetch::client::{HttpClient, HttpRequest, HttpResponse, address, failed};

/// Where Zotero is.
const BASE: &str = "http://127.0.0.1:23119";
/// Items of a page. Zotero gives as many as it is asked for, and looks at its whole library for each page: few large pages
/// are fast, and 500 items have one or two megabytes.
const PAGE: usize = 500;
/// Longest path of a collection, in bytes, as when the database is read: this also ends cycles.
const MAX_PATH: usize = 1000;

/// What to do where nothing answers.
const NOT_RUNNING: &str = "nothing answers here: start Zotero 7 or later, or give its address with --zotero-url";
/// What to do where another program answers.
const NOT_ZOTERO: &str = "another program than Zotero answers here: give Zotero's address with --zotero-url";
/// What to do where the local API is off.
const NOT_ALLOWED: &str = "Zotero lets no other program read its library: in its settings, under Advanced, tick `Allow \
                           other applications on this computer to communicate with Zotero`";

/// A running Zotero.
pub(super) struct ZoteroApi<'c> {
    client: &'c mut HttpClient,
    base: String,
}

/// A library of Zotero's.
pub(super) struct ZoteroLibrary {
    pub(super) name: String,
    /// Where the API has it: `users/0`.
    pub(super) prefix: String,
}

/// A part of a list.
#[derive(Default)]
pub(super) struct ApiPage {
    pub(super) values: Vec<Value>,
    /// Where it came from.
    pub(super) url: String,
    /// How long the list is.
    total: usize,
    /// The version of the library, which grows with each change.
    pub(super) version: u64,
    /// What tells this Zotero's versions from those of others; only Zotero 10 and later has it.
    pub(super) server: Option<String>,
}

/// A list that is read page by page.
pub(super) struct PageWalk {
    path: String,
    query: Vec<(&'static str, String)>,
    start: usize,
    total: usize,
    pub(super) is_done: bool,
}

impl PageWalk {
    pub(super) fn new(path: String, query: Vec<(&'static str, String)>) -> PageWalk {
        PageWalk { path, query, start: 0, total: 0, is_done: false }
    }

    /// The next page; `None` after the last.
    pub(super) fn next(&mut self, api: &mut ZoteroApi<'_>) -> Result<Option<ApiPage>> {
        if self.is_done {
            return Ok(None);
        }
        let [start, limit] = [self.start, PAGE].map(|number| number.to_string());
        let mut query: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.extend([("start", start.as_str()), ("limit", limit.as_str())]);
        let page = api.get(&self.path, &query)?;
        // What was deleted in the meantime has moved the others forward.
        let deleted = self.total.saturating_sub(page.total);
        self.start = (self.start + page.values.len()).saturating_sub(deleted);
        self.total = page.total;
        self.is_done = page.values.is_empty() || self.start >= page.total;
        Ok(Some(page))
    }
}

impl<'c> ZoteroApi<'c> {
    /// `base` is where it is, if not at its usual place: `127.0.0.1:23119`, with or without a scheme and the path of the API.
    pub(super) fn new(client: &'c mut HttpClient, base: Option<&str>) -> ZoteroApi<'c> {
        let base = base.unwrap_or(BASE).trim_end_matches('/');
        let base = base.strip_suffix("/api").unwrap_or(base);
        let scheme = if base.contains("://") { "" } else { "http://" };
        ZoteroApi { client, base: format!("{scheme}{base}") }
    }

    /// All libraries: the user's own, and those of groups.
    pub(super) fn libraries(&mut self) -> Result<(Vec<ZoteroLibrary>, Option<String>)> {
        let own = ZoteroLibrary { name: "My Library".to_owned(), prefix: "users/0".to_owned() };
        let mut libraries = vec![own];
        let (groups, server) = self.all("users/0/groups")?;
        for group in groups {
            let name = group.pointer("/data/name").or_else(|| group.get("name")).and_then(Value::as_str);
            if let (Some(name), Some(id)) =
                (name, group.get("id").or_else(|| group.pointer("/data/id")).and_then(Value::as_u64))
            {
                libraries.push(ZoteroLibrary { name: name.to_owned(), prefix: format!("groups/{id}") });
            }
        }
        Ok((libraries, server))
    }

    /// The paths of a library's collections by their keys. What is below a collection in the trash is left out.
    pub(super) fn collections(&mut self, library: &ZoteroLibrary) -> Result<HashMap<String, String>> {
        let (values, _) = self.all(&format!("{}/collections", library.prefix))?;
        let text = |value: &'_ Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let named = |value: &Value| Some((text(value, "/data/key")?, (text(value, "/data/name")?, parent(value))));
        let collections: HashMap<String, (String, Option<String>)> = values.iter().filter_map(named).collect();
        let path = |key: &String| {
            let (mut path, mut parent) = collections[key].clone();
            while let Some(key) = parent.take() {
                let (name, above) = collections.get(&key).filter(|_| path.len() < MAX_PATH)?;
                path = format!("{name}/{path}");
                parent = above.clone();
            }
            Some((key.clone(), path))
        };
        Ok(collections.keys().filter_map(path).collect())
    }

    /// The tags of a library.
    pub(super) fn tags(&mut self, library: &ZoteroLibrary) -> Result<Vec<String>> {
        let (values, _) = self.all(&format!("{}/tags", library.prefix))?;
        Ok(values.iter().filter_map(|tag| Some(tag.get("tag")?.as_str()?.to_owned())).collect())
    }

    /// All values of a list, and the server.
    fn all(&mut self, path: &str) -> Result<(Vec<Value>, Option<String>)> {
        let (mut walk, mut values, mut server) = (PageWalk::new(path.to_owned(), Vec::new()), Vec::new(), None);
        while let Some(page) = walk.next(self)? {
            values.extend(page.values);
            server = page.server;
        }
        Ok((values, server))
    }

    /// Asks the local API for a part of a list.
    fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<ApiPage> {
        let request = HttpRequest {
            url: address(&self.base, &format!("/api/{path}"), query),
            headers: vec![("zotero-api-version", "3".to_owned())],
            if_refused: Some(NOT_RUNNING),
            ..HttpRequest::default()
        };
        let answer = self.client.send(&request, &[400, 403, 404, 501])?;
        if answer.header("zotero-api-version").is_none() {
            return Err(match answer.header("x-zotero-version") {
                Some(version) => {
                    let reason =
                        format!("Zotero {version} does not let other programs read it: update it to 7 or later");
                    failed(&self.base, reason)
                }
                None => failed(&self.base, NOT_ZOTERO),
            });
        }
        match answer.status {
            200 => {}
            403 => return Err(failed(&self.base, NOT_ALLOWED)),
            status => return Err(failed(&answer.url, format!("Zotero returned {status}{}", words(&answer)))),
        }
        let values: Vec<Value> = parse(&answer)?;
        let number = |name| answer.header(name).and_then(|number| number.trim().parse::<u64>().ok());
        let total = number("total-results").map_or(values.len(), |total| total as usize);
        let version = number("last-modified-version").unwrap_or(0);
        let server = answer.header("zotero-server-id");
        Ok(ApiPage { values, total, version, server, url: answer.url })
    }

    /// Sends a value to the connector. Answers that refuse are answers.
    pub(super) fn post(&mut self, endpoint: &str, body: &Value) -> Result<HttpResponse> {
        let request = HttpRequest {
            url: format!("{}/connector/{endpoint}", self.base),
            body: Some(body.to_string()),
            if_refused: Some(NOT_RUNNING),
            ..HttpRequest::default()
        };
        let answer = self.client.send(&request, &[400, 403, 404, 409, 500])?;
        if answer.header("x-zotero-version").is_none() { Err(failed(&self.base, NOT_ZOTERO)) } else { Ok(answer) }
    }
}

/// The collection that a collection is in.
fn parent(collection: &Value) -> Option<String> {
    // `false` at the top.
    collection.pointer("/data/parentCollection").and_then(Value::as_str).map(str::to_owned)
}

/// The value in an answer. Zotero does not say how long an answer is, so one that was cut short looks complete.
pub(super) fn parse<T: serde::de::DeserializeOwned>(answer: &HttpResponse) -> Result<T> {
    serde_json::from_slice(&answer.body).map_err(|error| match error.is_eof() {
        true => failed(&answer.url, "the response is cut short: run the same command again"),
        false => failed(&answer.url, format!("the response is not as Zotero documents it ({error})")),
    })
}

/// What an answer says, beginning with a separator.
pub(super) fn words(answer: &HttpResponse) -> String {
    let said = String::from_utf8_lossy(&answer.body);
    let said: String = said.split_whitespace().collect::<Vec<&str>>().join(" ").chars().take(160).collect();
    if said.is_empty() { said } else { format!(": {said}") }
}

/// The error of a name that Zotero does not have.
pub(super) fn not_found<'n>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Error {
    const MOST: usize = 5;
    let similar = crate::text::similar_names(name, known, MOST);
    let hint = match similar.as_slice() {
        [] => " in Zotero, which has none".to_owned(),
        names => format!(" in Zotero: the most similar are {}", names.join(", ")),
    };
    Error::NotFound { what, name: name.to_owned(), hint }
}
