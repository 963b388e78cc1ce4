//! arXiv's answers to a query, the papers that were submitted last first
//! (<https://info.arxiv.org/help/api/user-manual.html>).
//!
//! Pages come newest first, so a run that is stopped leaves a gap: the next one fills it, and then looks for newer
//! papers from the top.

use std::collections::VecDeque;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::client::{HttpClient, address, failed};
use super::{FetchedPage, PageIter, REFETCH_DAYS, days_before, load_checkpoint, paged, read, save_checkpoint};
use crate::error::{Error, Result};
use crate::formats::{InputFormat, PaperRecord};

/// Where the service is.
pub(super) const BASE: &str = "https://export.arxiv.org";
/// Papers of a page. arXiv gives up to 2,000, and fails more often the more they are.
const PAGE: usize = 200;

/// A query to arXiv.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArxivQuery {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// Subject classes, `cs.CL`: papers of any of them.
    pub categories: Vec<String>,
    /// Words that a paper has, or a query in arXiv's own language: `ti:lanterns ANDNOT au:jones`.
    pub query: Option<String>,
    /// The first day of submission; without it a week before the last run, or the last seven days.
    pub since: Option<Date>,
}

#[derive(Default, Serialize, Deserialize)]
struct ArxivCheckpoint {
    /// The day of the last run that came to its end.
    complete: Option<Date>,
    /// A run that has not.
    stopped: Option<PageCursor>,
}

/// One way through the pages.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct PageCursor {
    /// The day that it goes back to.
    since: Date,
    /// The day on which it began.
    began: Date,
    /// How many papers it has passed.
    start: usize,
}

impl ArxivQuery {
    /// The query in arXiv's language.
    pub(super) fn search(&self) -> String {
        let either: Vec<String> = self.categories.iter().map(|category| format!("cat:{category}")).collect();
        let either = either.join(" OR ");
        let query = self.query.as_deref().map(str::trim).filter(|query| !query.is_empty()).map(|query| {
            let words = query.split_whitespace().map(|word| format!("all:{word}"));
            if query.contains([':', '"', '(']) { query.to_owned() } else { words.collect::<Vec<_>>().join(" AND ") }
        });
        match query {
            None => either,
            Some(query) if either.is_empty() => query,
            Some(query) => format!("({either}) AND ({query})"),
        }
    }

    pub(super) fn pages<'c>(
        self,
        client: &'c mut HttpClient,
        memory: Option<&str>,
        today: Date,
    ) -> Result<PageIter<'c>> {
        let search = self.search();
        if search.is_empty() {
            let reason = "is empty: give a query, or a category".to_owned();
            return Err(Error::BadRequest { field: "query", reason });
        }
        let memory: ArxivCheckpoint = load_checkpoint(memory);
        let top = |since| PageCursor { since, began: today, start: 0 };
        let passes = match memory.stopped {
            Some(tail) => {
                let since = self.since.map_or(tail.since, |since| since.min(tail.since));
                [PageCursor { since, ..tail }, top(days_before(tail.began, REFETCH_DAYS))].into()
            }
            None => {
                let last = days_before(memory.complete.unwrap_or(today), REFETCH_DAYS);
                [top(self.since.unwrap_or(last))].into()
            }
        };
        let base = self.base.unwrap_or_else(|| BASE.to_owned());
        let mut walk = ArxivPages { client, base, search, passes, memory, total: 0 };
        Ok(paged(move || walk.next()))
    }
}

struct ArxivPages<'c> {
    client: &'c mut HttpClient,
    base: String,
    search: String,
    passes: VecDeque<PageCursor>,
    memory: ArxivCheckpoint,
    /// How many papers there are, by the answer that said the most.
    total: usize,
}

impl ArxivPages<'_> {
    fn next(&mut self) -> Result<Option<FetchedPage>> {
        let Some(pass) = self.passes.front_mut() else { return Ok(None) };
        let start = pass.start.to_string();
        let size = PAGE.to_string();
        let query = [
            ("search_query", self.search.as_str()),
            ("start", &start),
            ("max_results", &size),
            ("sortBy", "submittedDate"),
            ("sortOrder", "descending"),
        ];
        let url = address(&self.base, "/api/query", &query);
        let papers = page(self.client, &url, pass.start, &mut self.total)?;
        let count = papers.len();
        let is_old = |record: &Result<PaperRecord>| {
            record.as_ref().is_ok_and(|record| record.paper.published.is_some_and(|day| day < pass.since))
        };
        let ended = count == 0 || papers.iter().any(is_old) || pass.start + count >= self.total;
        let papers = papers.into_iter().filter(|paper| !is_old(paper)).collect();
        if ended {
            self.memory.complete = self.memory.complete.max(Some(pass.began));
            self.memory.stopped = None;
            self.passes.pop_front();
        } else {
            pass.start += count;
            self.memory.stopped = Some(*pass);
        }
        Ok(Some(FetchedPage { papers, checkpoint: save_checkpoint(&self.memory), ..FetchedPage::default() }))
    }
}

/// The papers of one page. arXiv at times gives none though there are more: it is asked again.
pub(super) fn page(
    client: &mut HttpClient,
    url: &str,
    start: usize,
    total: &mut usize,
) -> Result<Vec<Result<PaperRecord>>> {
    for failures in 0..client.manners().attempts {
        let answer = client.get(url.to_owned())?;
        let said = total_results(&answer.body);
        let papers = read(answer, Some(InputFormat::ArxivAtom))?;
        *total = said.unwrap_or(start + papers.len()).max(*total);
        if !papers.is_empty() || start >= *total {
            return Ok(papers);
        }
        client.back_off(failures, None).map_err(|_| failed(url, "returned an empty page"))?;
    }
    Err(failed(url, format!("returned empty pages repeatedly, with {} papers left", *total - start)))
}

/// The number in `<opensearch:totalResults>`.
fn total_results(body: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("totalResults")?;
    let (_, number) = rest.split_once('>')?;
    number.split('<').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let check = |categories: &[&str], query: Option<&str>, expect: &str| {
            let categories = categories.iter().map(ToString::to_string).collect();
            let arxiv = ArxivQuery { categories, query: query.map(str::to_owned), ..ArxivQuery::default() };
            assert_eq!(arxiv.search(), expect);
        };
        check(&["cs.CL"], None, "cat:cs.CL");
        check(&["cs.CL", "cs.LG"], None, "cat:cs.CL OR cat:cs.LG");
        check(&[], Some("tin robots"), "all:tin AND all:robots");
        check(&[], Some("ti:robots OR abs:\"tin robots\""), "ti:robots OR abs:\"tin robots\"");
        check(&["cs.CL", "cs.LG"], Some("robots"), "(cat:cs.CL OR cat:cs.LG) AND (all:robots)");
        check(&[], Some(" "), "");
    }

    #[test]
    fn totals() {
        for (body, total) in [
            ("<feed><opensearch:totalResults xmlns:o=\"x\">12</opensearch:totalResults>", Some(12)),
            ("<feed><o:totalResults>0</o:totalResults>", Some(0)),
            ("<feed/>", None),
        ] {
            assert_eq!(total_results(body.as_bytes()), total, "{body}");
        }
    }
}
