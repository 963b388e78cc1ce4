//! Reads the items of Zotero's libraries.
//!
//! Zotero 10 and later counts every change of a library, and is asked for what changed since the last run. Earlier versions
//! count what was synchronized, which an item need never be: they are read as a whole, which is fast, as they are on this
//! machine. So are collections and tags: an item that comes into a collection need not change.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ZoteroItems;
use super::api::{ApiPage, PageWalk, ZoteroApi, ZoteroLibrary, not_found};
use crate::error::{Error, RecordPosition, Result};
use crate::fetch::client::{HttpClient, failed};
use crate::fetch::{load_checkpoint, save_checkpoint};
use crate::formats::{FoundRecord, is_at_or_below, zotero_item, zotero_json};

/// Most items: the largest libraries of one person have some 100,000.
const MAX_ITEMS: usize = 500_000;

/// How far libraries were read.
#[derive(Default, Serialize, Deserialize)]
struct ZoteroCheckpoint {
    /// Whose versions these are.
    server: Option<String>,
    /// The version up to which each library was read.
    versions: BTreeMap<String, u64>,
}

/// The items of a page.
pub(super) struct ZoteroPage {
    pub(super) records: Vec<Result<FoundRecord>>,
    pub(super) url: String,
    pub(super) checkpoint: Option<String>,
}

/// A list of items: of a library, or of a collection in it.
struct ItemList {
    walk: PageWalk,
    prefix: String,
    /// The paths of the library's collections by their keys.
    paths: Rc<HashMap<String, String>>,
    /// Where its changes begin.
    since: Option<u64>,
    /// The version of the library when it was first asked for.
    version: Option<u64>,
}

/// Reads items page by page.
pub(super) struct ZoteroReader<'c> {
    api: ZoteroApi<'c>,
    items: ZoteroItems,
    checkpoint: ZoteroCheckpoint,
    /// What is left to read; `None` before the libraries are known.
    lists: Option<VecDeque<ItemList>>,
    /// What was read, since an item can be in several collections.
    read: HashSet<(String, String)>,
}

impl<'c> ZoteroReader<'c> {
    pub(super) fn new(client: &'c mut HttpClient, items: ZoteroItems, memory: Option<&str>) -> ZoteroReader<'c> {
        let api = ZoteroApi::new(client, items.base.as_deref());
        ZoteroReader { api, items, checkpoint: load_checkpoint(memory), lists: None, read: HashSet::new() }
    }

    /// The next page; `None` after the last.
    pub(super) fn next_page(&mut self) -> Result<Option<ZoteroPage>> {
        if self.lists.is_none() {
            self.lists = Some(self.item_lists()?);
        }
        let lists = self.lists.get_or_insert_default();
        while let Some(list) = lists.front_mut() {
            let Some(page) = list.walk.next(&mut self.api)? else {
                lists.pop_front();
                continue;
            };
            let version = *list.version.get_or_insert(page.version);
            if list.since.take_if(|since| *since > version).is_some() {
                // A restored backup of Zotero.
                list.walk = walk_of_library(&list.prefix, None);
                continue;
            }
            let (prefix, paths) = (list.prefix.clone(), Rc::clone(&list.paths));
            if is_older(page.values.last(), &self.items) {
                list.walk.is_done = true;
            }
            let is_last = list.walk.is_done;
            let ApiPage { values, url, .. } = page;
            let records = values.iter().filter_map(|value| self.record(&prefix, &paths, &url, value)).collect();
            if self.read.len() > MAX_ITEMS {
                return Err(failed(&url, format!("more than {MAX_ITEMS} items")));
            }
            let checkpoint = (is_last && self.resumes() && self.checkpoint.server.is_some()).then(|| {
                self.checkpoint.versions.insert(prefix, version);
                save_checkpoint(&self.checkpoint)
            });
            return Ok(Some(ZoteroPage { records, url, checkpoint: checkpoint.flatten() }));
        }
        Ok(None)
    }

    /// Whether a run goes on where the last one was.
    fn resumes(&self) -> bool {
        self.items.collections.is_empty() && self.items.tags.is_empty() && self.items.since.is_none()
    }

    /// The record of a value; `None` for what is no paper, is too old or was read before.
    fn record(
        &mut self,
        prefix: &str,
        paths: &HashMap<String, String>,
        url: &str,
        value: &Value,
    ) -> Option<Result<FoundRecord>> {
        let key = value.get("key").and_then(Value::as_str).unwrap_or_default();
        if !self.read.insert((prefix.to_owned(), key.to_owned())) || is_older(Some(value), &self.items) {
            return None;
        }
        let position = RecordPosition::Record(self.read.len() as u64);
        match zotero_json::read(value, paths) {
            Ok(reference) => Some(Ok(FoundRecord { position, reference: reference? })),
            Err(reason) => {
                let file = url.split('?').next().unwrap_or_default().to_owned();
                Some(Err(Error::BadRecord { file, place: position, reason }))
            }
        }
    }

    /// What to ask for.
    fn item_lists(&mut self) -> Result<VecDeque<ItemList>> {
        let (mut libraries, server) = self.api.libraries()?;
        if let Some(name) = &self.items.library {
            if !libraries.iter().any(|library| library.name == *name) {
                return Err(not_found("library", name, libraries.iter().map(|library| library.name.as_str())));
            }
            libraries.retain(|library| library.name == *name);
        }
        if server.is_none() || server != self.checkpoint.server {
            self.checkpoint = ZoteroCheckpoint { server, ..ZoteroCheckpoint::default() };
        }
        let mut paths = Vec::new();
        for library in &libraries {
            paths.push(Rc::new(self.api.collections(library)?));
        }
        let known = || paths.iter().flat_map(|paths| paths.values()).map(String::as_str);
        for asked in &self.items.collections {
            if !known().any(|path| is_at_or_below(path, asked)) {
                return Err(not_found("collection", asked, known()));
            }
        }
        let tag = self.tag_query(&libraries)?;
        let mut lists = VecDeque::new();
        for (library, paths) in libraries.iter().zip(paths) {
            let list = |walk, since| ItemList {
                walk,
                prefix: library.prefix.clone(),
                paths: Rc::clone(&paths),
                since,
                version: None,
            };
            if self.resumes() {
                let since = self.checkpoint.versions.get(&library.prefix).copied();
                lists.push_back(list(walk_of_library(&library.prefix, since), since));
                continue;
            }
            let direction = if self.items.since.is_some() { "desc" } else { "asc" };
            let mut query = vec![("sort", "dateAdded".to_owned()), ("direction", direction.to_owned())];
            query.extend(tag.clone().map(|tag| ("tag", tag)));
            let is_asked = |path: &&String| self.items.collections.iter().any(|asked| is_at_or_below(path, asked));
            let keys = paths.iter().filter(|(_, path)| is_asked(path)).map(|(key, _)| format!("/collections/{key}"));
            let places = if self.items.collections.is_empty() { vec![String::new()] } else { keys.collect() };
            for place in places {
                let walk = PageWalk::new(format!("{}{place}/items/top", library.prefix), query.clone());
                lists.push_back(list(walk, None));
            }
        }
        Ok(lists)
    }

    /// The tags that were asked for, as the API is asked for items with any of them.
    fn tag_query(&mut self, libraries: &[ZoteroLibrary]) -> Result<Option<String>> {
        if self.items.tags.is_empty() {
            return Ok(None);
        }
        let mut known = Vec::new();
        for library in libraries {
            known.extend(self.api.tags(library)?);
        }
        if let Some(asked) = self.items.tags.iter().find(|asked| !known.contains(asked)) {
            return Err(not_found("tag", asked, known.iter().map(String::as_str)));
        }
        // A minus in front of all would negate them.
        let query = self.items.tags.join(" || ");
        Ok(Some(if query.starts_with('-') { format!("\\{query}") } else { query }))
    }
}

/// A library from its first item to its last, or what changed in it after a version.
fn walk_of_library(prefix: &str, since: Option<u64>) -> PageWalk {
    let mut query = vec![("sort", "dateAdded".to_owned()), ("direction", "asc".to_owned())];
    query.extend(since.map(|version| ("since", version.to_string())));
    PageWalk::new(format!("{prefix}/items/top"), query)
}

/// Whether an item was added before the first day that was asked for.
fn is_older(item: Option<&Value>, items: &ZoteroItems) -> bool {
    let added = item.and_then(|item| item.pointer("/data/dateAdded")?.as_str());
    let added = added.and_then(|moment| zotero_item::day(&moment.replace('T', " ")));
    items.since.is_some_and(|since| added.is_some_and(|added| added < since))
}
