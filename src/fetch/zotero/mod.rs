//! The Zotero that runs on this machine: what its libraries have, and papers that it saves.
//!
//! It is read through its [local API](https://www.zotero.org/support/dev/web_api/v3/local_api), and saves what its browser
//! connector sends.

mod api;
mod connector;
mod reader;

use jiff::civil::Date;

use super::client::HttpClient;
use super::{FetchedPage, PageIter, paged};
use crate::error::Result;
use crate::formats::FoundRecord;

use reader::ZoteroReader;

pub use connector::{ZoteroConnector, ZoteroTarget};

/// What to read of a running Zotero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZoteroItems {
    /// Where it is, if not at its usual place.
    pub base: Option<String>,
    /// Only the library of this name: that of a group, or `My Library`. Else all.
    pub library: Option<String>,
    /// Only items that are in one of these collections, or below one of them: paths such as `Reading/RL`.
    pub collections: Vec<String>,
    /// Only items that have one of these tags.
    pub tags: Vec<String>,
    /// Only items that were added on this day or later.
    pub since: Option<Date>,
}

impl ZoteroItems {
    /// What is read, in few words.
    pub(super) fn query(&self) -> String {
        let library = self.library.iter().map(|name| format!("library={name}"));
        let collections = self.collections.iter().map(|path| format!("collection={path}"));
        let tags = self.tags.iter().map(|tag| format!("tag={tag}"));
        let since = self.since.iter().map(|day| format!("since={day}"));
        library.chain(collections).chain(tags).chain(since).collect::<Vec<String>>().join(" ")
    }

    /// All items, as references with their collections, tags and dates.
    ///
    /// # Errors
    /// [`Error::Fetch`](crate::Error::Fetch); [`Error::NotFound`](crate::Error::NotFound) when there is no library,
    /// collection or tag of a name.
    pub(crate) fn records(self, client: &mut HttpClient) -> Result<Vec<Result<FoundRecord>>> {
        let mut reader = ZoteroReader::new(client, self, None);
        let mut records = Vec::new();
        while let Some(page) = reader.next_page()? {
            records.extend(page.records);
        }
        Ok(records)
    }

    pub(super) fn pages<'c>(self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        let mut reader = ZoteroReader::new(client, self, memory);
        Ok(paged(move || {
            let Some(page) = reader.next_page()? else { return Ok(None) };
            let list = page.url.split('?').next().unwrap_or_default();
            let checked = |record: FoundRecord| record.checked(list);
            let papers = page.records.into_iter().map(|record| record.and_then(checked)).collect();
            Ok(Some(FetchedPage { papers, checkpoint: page.checkpoint, ..FetchedPage::default() }))
        }))
    }
}
