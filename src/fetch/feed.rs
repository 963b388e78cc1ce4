//! A feed of papers, in any format that files of papers have; fetched only when it has changed.

use serde::{Deserialize, Serialize};

use super::client::{HttpClient, HttpRequest};
use super::{FetchedPage, PageIter, load_checkpoint, paged, read, save_checkpoint};
use crate::error::Result;

/// A feed of papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUrl {
    /// Where it is.
    pub url: String,
}

/// What tells the service which state of the feed is known.
#[derive(Default, Serialize, Deserialize)]
struct FeedCheckpoint {
    etag: Option<String>,
    modified: Option<String>,
}

impl FeedUrl {
    pub(super) fn pages<'c>(self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        let known: FeedCheckpoint = load_checkpoint(memory);
        let mut ended = false;
        Ok(paged(move || {
            if std::mem::replace(&mut ended, true) {
                return Ok(None);
            }
            let etag = known.etag.iter().map(|etag| ("if-none-match", etag.clone()));
            let modified = known.modified.iter().map(|date| ("if-modified-since", date.clone()));
            let request = HttpRequest {
                url: self.url.clone(),
                headers: etag.chain(modified).collect(),
                ..HttpRequest::default()
            };
            let answer = client.send(&request, &[])?;
            if answer.status == 304 {
                return Ok(None);
            }
            let memory = FeedCheckpoint { etag: answer.header("etag"), modified: answer.header("last-modified") };
            Ok(Some(FetchedPage {
                papers: read(answer, None)?,
                checkpoint: save_checkpoint(&memory),
                ..FetchedPage::default()
            }))
        }))
    }
}
