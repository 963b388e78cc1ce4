//! Papers into a running Zotero, through the endpoints of its browser connector: they are saved where a page would be
//! saved, in the library or collection that is selected in Zotero's window.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;

use serde::Deserialize;
use serde_json::{Value, json};

use super::ZoteroItems;
use super::api::{ZoteroApi, parse, words};
use crate::error::Result;
use crate::fetch::client::{HttpClient, failed};
use crate::formats::zotero_json;
use crate::paper::{Paper, PaperId, RawPaper};

/// Papers that are sent at once. Zotero saves them before it answers.
const BATCH: usize = 25;

/// Where Zotero saves papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoteroTarget {
    /// The library's name.
    pub library: String,
    /// The collection's, if one is selected.
    pub collection: Option<String>,
}

impl fmt::Display for ZoteroTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.collection {
            Some(collection) => write!(f, "the collection {collection} of {}", self.library),
            None => f.write_str(&self.library),
        }
    }
}

/// What Zotero says of the place that is selected.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelectedPlace {
    library_name: String,
    #[serde(default)]
    library_editable: bool,
    /// The collection's number.
    id: Option<u64>,
    name: Option<String>,
}

/// A running Zotero that papers can be sent to.
pub struct ZoteroConnector<'c> {
    client: &'c mut HttpClient,
    base: Option<String>,
    target: ZoteroTarget,
}

impl<'c> ZoteroConnector<'c> {
    /// Asks a running Zotero where it would save papers; `base` is where it is, if not at its usual place.
    ///
    /// # Errors
    /// [`Error::Fetch`](crate::Error::Fetch), also when nothing can be saved there.
    pub fn open(client: &'c mut HttpClient, base: Option<String>) -> Result<ZoteroConnector<'c>> {
        // As before it saves: from a library that cannot be changed it turns to the user's own.
        let answer = ZoteroApi::new(client, base.as_deref())
            .post("getSelectedCollection", &json!({"switchToReadableLibrary": true}))?;
        if answer.status != 200 {
            return Err(failed(&answer.url, format!("Zotero returned {}{}", answer.status, words(&answer))));
        }
        let SelectedPlace { library_name: library, library_editable, id, name } = parse(&answer)?;
        if !library_editable {
            return Err(failed(&answer.url, read_only(&library)));
        }
        let target = ZoteroTarget { library, collection: name.filter(|_| id.is_some()) };
        Ok(ZoteroConnector { client, base, target })
    }

    /// Where papers are saved.
    pub fn target(&self) -> &ZoteroTarget {
        &self.target
    }

    /// Returns those papers that are not in the library yet: nothing there has one of their ids, or their title and
    /// authors.
    ///
    /// # Errors
    /// [`Error::Fetch`](crate::Error::Fetch).
    pub fn new_papers(&mut self, papers: Vec<Paper>) -> Result<Vec<Paper>> {
        let (libraries, _) = ZoteroApi::new(self.client, self.base.as_deref()).libraries()?;
        // The user's own library can have another name in another language.
        let group = libraries.iter().skip(1).find(|library| library.name == self.target.library);
        let library = group.or(libraries.first()).map(|library| library.name.clone());
        let items = ZoteroItems { base: self.base.clone(), library, ..ZoteroItems::default() };
        let records = items.records(self.client)?.into_iter().flatten();
        let there = records.filter_map(|record| record.reference.raw_paper.validate().ok());
        let known: HashSet<PaperId> = there.flat_map(names).collect();
        let is_new = |paper: &Paper| !names(paper.clone()).iter().any(|name| known.contains(name));
        Ok(papers.into_iter().filter(is_new).collect())
    }

    /// Saves papers. `report` is told how many more are saved.
    ///
    /// # Errors
    /// [`Error::Fetch`](crate::Error::Fetch); what was saved before stays.
    pub fn save(&mut self, papers: &[Paper], mut report: impl FnMut(usize)) -> Result<()> {
        let mut api = ZoteroApi::new(self.client, self.base.as_deref());
        for (number, batch) in papers.chunks(BATCH).enumerate() {
            // Zotero takes a session once, so a batch that is sent again because no answer came is not saved twice.
            let session = format!("paperkin-{:016x}", RandomState::new().hash_one(number));
            let items: Vec<Value> = batch.iter().map(zotero_json::write).collect();
            let answer = api.post("saveItems", &json!({"sessionID": session, "items": items}))?;
            let said = words(&answer);
            match answer.status {
                200..=299 => {}
                409 if said.contains("SESSION_EXISTS") => {}
                409 => return Err(failed(&answer.url, "the save was canceled in Zotero")),
                500 if said.contains("libraryEditable") => {
                    return Err(failed(&answer.url, read_only(&self.target.library)));
                }
                500 => {
                    return Err(failed(
                        &answer.url,
                        format!("Zotero could not save a paper{said}: see Help > Debug Output Logging"),
                    ));
                }
                status => return Err(failed(&answer.url, format!("Zotero returned {status}{said}"))),
            }
            report(batch.len());
        }
        Ok(())
    }
}

/// What a paper is recognized by: its ids, and the id that its title and authors would have.
fn names(paper: Paper) -> Vec<PaperId> {
    let ids: Vec<PaperId> = paper.all_ids().cloned().collect();
    let unnamed = RawPaper { title: paper.title, authors: paper.authors, ..RawPaper::default() };
    ids.into_iter().chain(unnamed.validate().ok().map(|paper| paper.id)).collect()
}

/// What to do where nothing can be saved.
fn read_only(library: &str) -> String {
    format!("{library}, which is selected in Zotero, cannot be changed: select another library there")
}
