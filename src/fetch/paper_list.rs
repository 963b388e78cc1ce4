//! Papers by their ids, from arXiv and from Hugging Face.

use std::collections::HashSet;

use super::arxiv::{self, page};
use super::client::{HttpClient, HttpRequest, address, failed};
use super::id_pages::pages_of_ids;
use super::{FetchedPage, PageIter, hf_daily, read};
use crate::error::Result;
use crate::formats::{InputFormat, PaperRecord};
use crate::paper::PaperId;

/// Ids of a request to arXiv: more make long addresses.
const ARXIV_BATCH: usize = 100;

/// Papers of arXiv by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArxivPapers {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// The papers.
    pub ids: Vec<PaperId>,
}

/// Papers of Hugging Face by their arXiv ids, with their votes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HfPapers {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// The papers.
    pub ids: Vec<PaperId>,
}

impl ArxivPapers {
    pub(super) fn pages<'c>(self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        let base = self.base.unwrap_or_else(|| arxiv::BASE.to_owned());
        Ok(pages_of_ids(self.ids, ARXIV_BATCH, memory, move |ids| {
            let list = ids.iter().map(PaperId::as_str).collect::<Vec<_>>().join(",");
            let size = ids.len().to_string();
            let url = address(&base, "/api/query", &[("id_list", &list), ("max_results", &size)]);
            Ok(page_of(page(client, &url, 0, &mut 0)?, ids))
        }))
    }
}

impl HfPapers {
    /// A page for each paper: the service has no lists.
    pub(super) fn pages<'c>(self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        let base = self.base.unwrap_or_else(|| hf_daily::BASE.to_owned());
        Ok(pages_of_ids(self.ids, 1, memory, move |ids| {
            let mut page = FetchedPage::default();
            for id in ids {
                let url = format!("{}/api/papers/{id}", base.trim_end_matches('/'));
                let mut answer = client.send(&HttpRequest { url, ..HttpRequest::default() }, &[404])?;
                if answer.status == 404 {
                    continue;
                }
                if !answer.body.trim_ascii_start().starts_with(b"{") {
                    return Err(failed(&answer.url, "expected a paper as JSON"));
                }
                // An entry of the daily papers has the same paper in it.
                answer.body = [b"[{\"paper\":", &answer.body[..], b"}]"].concat();
                page.papers.extend(read(answer, Some(InputFormat::HfDaily))?);
            }
            Ok(page_of(page.papers, ids))
        }))
    }
}

/// A page with these papers, and those of the ids that none of them has.
fn page_of(papers: Vec<Result<PaperRecord>>, ids: &[PaperId]) -> FetchedPage {
    let known: HashSet<&PaperId> = papers.iter().flatten().flat_map(|record| record.paper.all_ids()).collect();
    let missing = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
    FetchedPage { papers, missing, ..FetchedPage::default() }
}
