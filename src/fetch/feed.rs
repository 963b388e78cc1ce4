//! A feed of papers, in any format that files of papers have; fetched only when it has changed.

use serde::{Deserialize, Serialize};

use super::client::{Client, Request};
use super::{Page, Pages, paged, read, recall, remember};
use crate::error::Result;

/// A feed of papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Where it is.
    pub url: String,
}

/// What tells the service which state of the feed is known.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    etag: Option<String>,
    modified: Option<String>,
}

impl Feed {
    pub(super) fn pages<'c>(self, client: &'c mut Client, memory: Option<&str>) -> Result<Pages<'c>> {
        let known: Memory = recall(memory);
        let mut ended = false;
        Ok(paged(move || {
            if std::mem::replace(&mut ended, true) {
                return Ok(None);
            }
            let etag = known.etag.iter().map(|etag| ("if-none-match", etag.clone()));
            let modified = known.modified.iter().map(|date| ("if-modified-since", date.clone()));
            let request =
                Request { url: self.url.clone(), headers: etag.chain(modified).collect(), ..Request::default() };
            let answer = client.send(&request, &[])?;
            if answer.status == 304 {
                return Ok(None);
            }
            let memory = Memory { etag: answer.header("etag"), modified: answer.header("last-modified") };
            Ok(Some(Page { papers: read(answer, None)?, memory: remember(&memory), ..Page::default() }))
        }))
    }
}
