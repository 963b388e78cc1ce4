//! Papers with their references from OpenAlex, by ids or by a query (<https://developers.openalex.org>).

use std::collections::HashSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::client::{HttpClient, HttpRequest, HttpResponse, address, failed};
use super::id_pages::pages_of_ids;
use super::{FetchedPage, PageIter, load_checkpoint, paged, read, save_checkpoint};
use crate::error::{Error, Result};
use crate::formats::InputFormat;
use crate::paper::PaperId;

/// Where the service is.
const BASE: &str = "https://api.openalex.org";
/// Papers of a page: the most that the service gives.
const PAGE: usize = 100;
/// Ids of a request: some have two works, and the address has to stay short.
const BATCH: usize = 50;
/// Papers of a query that the service gives to those without a key.
const MAX_WITHOUT_KEY: usize = 10_000;
/// The first cursor.
const FIRST_CURSOR: &str = "*";
/// What stands before the service's own ids.
const OWN_PREFIX: &str = "https://openalex.org/";

/// Papers by their ids, or of a query.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OpenAlex {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// The papers: DOIs, arXiv ids, and OpenAlex's own ids. If there are any, there is no query.
    pub ids: Vec<PaperId>,
    /// Words that a paper has.
    pub search: Option<String>,
    /// Filters in the service's language: `type:article,cited_by_count:>10`.
    pub filter: Option<String>,
    /// The first day of publication.
    pub since: Option<Date>,
    /// A key, for more requests than everybody has.
    pub key: Option<String>,
}

/// Without the key: it is a secret.
impl fmt::Debug for OpenAlex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenAlex { base, ids, search, filter, since, key } = self;
        let key = key.as_ref().map(|_| "secret");
        let mut shown = f.debug_struct("OpenAlex");
        shown.field("base", base).field("ids", ids).field("search", search).field("filter", filter);
        shown.field("since", since).field("key", &key).finish()
    }
}

/// A query that has not come to its end.
#[derive(Default, Serialize, Deserialize)]
struct QueryCheckpoint {
    /// What comes next: a cursor, or without a key the number of a page.
    next: Option<String>,
}

/// What an answer says beside its papers.
#[derive(Deserialize)]
struct ListAnswer {
    meta: ListMeta,
}

#[derive(Deserialize)]
struct ListMeta {
    count: Option<usize>,
    next_cursor: Option<String>,
}

impl OpenAlex {
    /// What is asked for, in few words.
    pub(super) fn query(&self) -> String {
        let search = self.search.as_ref().map(|words| format!("search={words}"));
        let filters = Some(self.filters()).filter(|filters| !filters.is_empty());
        let query: Vec<String> = search.into_iter().chain(filters).collect();
        if self.ids.is_empty() { query.join(" ") } else { "ids".to_owned() }
    }

    fn filters(&self) -> String {
        let since = self.since.map(|day| format!("from_publication_date:{day}"));
        let filter = self.filter.as_ref().map(|filter| filter.trim().to_owned()).filter(|filter| !filter.is_empty());
        filter.into_iter().chain(since).collect::<Vec<_>>().join(",")
    }

    pub(super) fn pages<'c>(mut self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        if !self.ids.is_empty() {
            let ids = std::mem::take(&mut self.ids);
            return Ok(pages_of_ids(ids, BATCH, memory, move |ids| self.batch(client, ids)));
        }
        if self.query().is_empty() {
            let reason = "is empty: give ids, words to search for, a filter or a date".to_owned();
            return Err(Error::BadRequest { field: "query", reason });
        }
        Ok(self.pages_of_query(client, memory))
    }

    fn batch(&self, client: &mut HttpClient, ids: &[PaperId]) -> Result<FetchedPage> {
        let mut page = FetchedPage::default();
        for (filter, spell) in [("doi", doi as fn(&PaperId) -> Option<String>), ("ids.openalex", own_id)] {
            let values: Vec<String> = ids.iter().filter_map(spell).collect();
            if values.is_empty() {
                continue;
            }
            let filter = format!("{filter}:{}", values.join("|"));
            let answer = self.ask(client, &[("filter", &filter)], &[])?;
            page.papers.extend(read(answer, Some(InputFormat::OpenAlex))?);
        }
        let known: HashSet<&PaperId> = page.papers.iter().flatten().flat_map(|record| record.paper.all_ids()).collect();
        let is_missing = |id: &&PaperId| {
            let own = own_id(id).and_then(|id| PaperId::parse(&format!("{OWN_PREFIX}{id}")).ok());
            !known.contains(id) && !own.is_some_and(|own| known.contains(&own))
        };
        page.missing = ids.iter().filter(is_missing).cloned().collect();
        Ok(page)
    }

    fn pages_of_query<'c>(self, client: &'c mut HttpClient, memory: Option<&str>) -> PageIter<'c> {
        let first = if self.key.is_some() { FIRST_CURSOR } else { "1" };
        // Page numbers and cursors cannot take each other's place.
        let is_usable = |next: &String| next.parse::<usize>().is_ok() == self.key.is_none();
        let resumed = load_checkpoint::<QueryCheckpoint>(memory).next.filter(is_usable);
        let mut next = Some(resumed.unwrap_or_else(|| first.to_owned()));
        let filters = self.filters();
        paged(move || {
            let Some(place) = next.clone() else { return Ok(None) };
            let mut query = vec![(if self.key.is_some() { "cursor" } else { "page" }, place.as_str())];
            query.extend(self.search.as_deref().map(|words| ("search", words)));
            query.extend(Some(("filter", filters.as_str())).filter(|(_, filters)| !filters.is_empty()));
            let mut answer = self.ask(client, &query, if place == first { &[] } else { &[400] })?;
            if answer.status == 400 {
                // The cursor of an earlier run has expired.
                query[0].1 = first;
                answer = self.ask(client, &query, &[])?;
            }
            let ListAnswer { meta } = serde_json::from_slice(&answer.body)
                .map_err(|error| failed(&answer.url, format!("expected a list of works ({error})")))?;
            let url = answer.url.clone();
            let papers = read(answer, Some(InputFormat::OpenAlex))?;
            next = match place.parse::<usize>() {
                _ if papers.is_empty() => None,
                Ok(page) if page * PAGE >= MAX_WITHOUT_KEY && meta.count.is_some_and(|count| count > page * PAGE) => {
                    let reason = "gives no more papers without a key: set OPENALEX_API_KEY, which is free";
                    return Err(failed(&url, reason));
                }
                Ok(page) => meta.count.is_some_and(|count| count > page * PAGE).then(|| (page + 1).to_string()),
                Err(_) => meta.next_cursor,
            };
            let checkpoint = save_checkpoint(&QueryCheckpoint { next: next.clone() });
            Ok(Some(FetchedPage { papers, checkpoint, ..FetchedPage::default() }))
        })
    }

    /// Asks for a list of works.
    fn ask(&self, client: &mut HttpClient, query: &[(&str, &str)], accepted: &[u16]) -> Result<HttpResponse> {
        let size = PAGE.to_string();
        let contact = client.manners().contact.clone().filter(|contact| contact.contains('@'));
        let mut query = query.to_vec();
        query.push(("per_page", &size));
        query.extend(contact.as_deref().map(|contact| ("mailto", contact)));
        let request = HttpRequest {
            url: address(self.base.as_deref().unwrap_or(BASE), "/works", &query),
            secret: self.key.clone().map(|key| ("api_key", key)),
            ..HttpRequest::default()
        };
        client.send(&request, accepted)
    }
}

/// The DOI of a paper in the service's filter, where commas and bars stand between values.
fn doi(id: &PaperId) -> Option<String> {
    let doi = match id.as_str().strip_prefix("doi:") {
        Some(doi) => doi.to_owned(),
        None => format!("10.48550/arxiv.{}", Some(id).filter(|id| id.is_arxiv())?),
    };
    (!doi.contains([',', '|'])).then_some(doi)
}

/// The service's own id, with or without its address.
fn own_id(id: &PaperId) -> Option<String> {
    let number = id.as_str().strip_prefix(OWN_PREFIX).unwrap_or(id.as_str()).strip_prefix(['W', 'w'])?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("W{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_the_service_spells_them() {
        for (id, of_doi, own) in [
            ("10.5555/Lamps", Some("10.5555/lamps"), None),
            ("arXiv:2401.90001v2", Some("10.48550/arxiv.2401.90001"), None),
            ("10.5555/a,b", None, None),
            ("w17", None, Some("W17")),
            ("https://openalex.org/W17", None, Some("W17")),
            ("Wide lamps", None, None),
            ("pmid:17", None, None),
        ] {
            let id = PaperId::parse(id).unwrap();
            assert_eq!((doi(&id).as_deref(), own_id(&id).as_deref()), (of_doi, own), "{id}");
        }
    }

    #[test]
    fn queries_have_names_and_keys_are_secrets() {
        let lamps =
            OpenAlex { search: Some("soft lamps".to_owned()), key: Some("k1".to_owned()), ..OpenAlex::default() };
        assert_eq!(lamps.query(), "search=soft lamps");
        assert!(!format!("{lamps:?}").contains("k1"));
        let since = Some(jiff::civil::date(2025, 1, 2));
        let articles = OpenAlex { filter: Some(" type:article ".to_owned()), since, ..OpenAlex::default() };
        assert_eq!(articles.query(), "type:article,from_publication_date:2025-01-02");
        assert_eq!(OpenAlex::default().query(), "");
    }
}
