//! New papers from public services and from a running Zotero, over HTTP.
//!
//! A [`FetchSource`] says what to fetch. Its [`pages`](FetchSource::pages) come one at a time, as the service gives them, each
//! with what to remember once its papers are safe: given back at the next run, it makes the source go on from there.
//! Nothing here writes, and nothing reads the clock: the day is an argument.

mod arxiv;
mod backoff;
mod client;
mod feed;
mod hf_daily;
mod id_pages;
mod oai;
mod openalex;
mod paper_list;
mod records;
mod semantic_scholar;
mod shown_url;
mod zotero;

use std::io::Cursor;
use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::formats::{InputFormat, PaperRecord, ReadOptions, TextEncoding};
use crate::paper::PaperId;

use client::{HttpResponse, failed};
use shown_url::shown_url;

pub use arxiv::ArxivQuery;
pub use client::{ClientOptions, HttpClient};
pub use feed::FeedUrl;
pub use hf_daily::HfDaily;
pub use oai::OaiSet;
pub use openalex::OpenAlex;
pub use paper_list::{ArxivPapers, HfPapers};
pub use semantic_scholar::SemanticScholar;
pub use zotero::{ZoteroConnector, ZoteroItems, ZoteroTarget};

/// How many days before the last run are fetched again: votes change, and arXiv lists papers some days after they were
/// submitted.
const REFETCH_DAYS: i64 = 7;

/// Most records of one answer. Pages of services have up to 1,000, and the longest feeds some thousands.
const MAX_RECORDS: usize = 20_000;
/// Most bytes of an answer that is a compressed file, when it is unpacked.
const MAX_UNPACKED_BYTES: u64 = 64 << 20;

/// What to fetch.
#[derive(Debug, Clone)]
pub enum FetchSource {
    /// Hugging Face's daily papers.
    HfDaily(HfDaily),
    /// arXiv's answers to a query, newest first.
    Arxiv(ArxivQuery),
    /// Papers by their ids, from arXiv.
    ArxivPapers(ArxivPapers),
    /// Papers by their ids, from Hugging Face.
    HfPapers(HfPapers),
    /// What changed in a set of arXiv's.
    Oai(OaiSet),
    /// Papers by their ids, from Semantic Scholar.
    SemanticScholar(SemanticScholar),
    /// Papers by their ids or of a query, from OpenAlex.
    OpenAlex(OpenAlex),
    /// A feed of papers.
    Feed(FeedUrl),
    /// Items of the Zotero that runs on this machine.
    Zotero(ZoteroItems),
}

/// A part of what was asked for.
#[derive(Debug, Default)]
pub struct FetchedPage {
    /// The papers, and records that cannot be used.
    pub papers: Vec<Result<PaperRecord>>,
    /// What was asked for by its id and is not known there.
    pub missing: Vec<PaperId>,
    /// What to remember once the papers are safe.
    pub checkpoint: Option<String>,
}

/// Pages as they come; after an error there are no more.
pub type PageIter<'c> = Box<dyn Iterator<Item = Result<FetchedPage>> + 'c>;

impl FetchSource {
    /// Returns the key that the source's checkpoint is stored under.
    pub fn key(&self) -> String {
        match self {
            // Two feeds may differ in what is not shown.
            FetchSource::Feed(feed) if shown_url(&feed.url) != feed.url => {
                format!("fetch {} {:08x}", self.name(), crc32fast::hash(feed.url.as_bytes()))
            }
            _ => format!("fetch {}", self.name()),
        }
    }

    /// Returns the name of the source, for messages.
    pub fn name(&self) -> String {
        match self {
            FetchSource::HfDaily(_) => "hf-daily".to_owned(),
            FetchSource::Arxiv(arxiv) => format!("arxiv {}", arxiv.search()),
            FetchSource::ArxivPapers(_) => "arxiv ids".to_owned(),
            FetchSource::HfPapers(_) => "hf-papers".to_owned(),
            FetchSource::Oai(oai) => format!("arxiv-oai {}", oai.set()),
            FetchSource::SemanticScholar(_) => "s2".to_owned(),
            FetchSource::OpenAlex(openalex) => format!("openalex {}", openalex.query()),
            FetchSource::Feed(feed) => format!("feed {}", shown_url(&feed.url)),
            FetchSource::Zotero(items) => format!("zotero {}", items.query()).trim_end().to_owned(),
        }
    }

    /// The pages from where `memory`, that of the last page that is safe, left off. One that this version does not
    /// understand is as none.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the source makes no sense; the pages themselves give [`Error::Fetch`].
    pub fn pages<'c>(self, client: &'c mut HttpClient, memory: Option<&str>, today: Date) -> Result<PageIter<'c>> {
        match self {
            FetchSource::HfDaily(daily) => daily.pages(client, memory, today),
            FetchSource::Arxiv(arxiv) => arxiv.pages(client, memory, today),
            FetchSource::ArxivPapers(papers) => papers.pages(client, memory),
            FetchSource::HfPapers(papers) => papers.pages(client, memory),
            FetchSource::Oai(oai) => oai.pages(client, memory, today),
            FetchSource::SemanticScholar(papers) => papers.pages(client, memory),
            FetchSource::OpenAlex(papers) => papers.pages(client, memory),
            FetchSource::Feed(feed) => feed.pages(client, memory),
            FetchSource::Zotero(items) => items.pages(client, memory),
        }
    }
}

impl ClientOptions {
    /// Returns the options that suit all of these sources: as patient as the most demanding of them asks for.
    pub fn for_sources(sources: &[FetchSource]) -> ClientOptions {
        let defaults = ClientOptions::default();
        let needs = |source: &FetchSource| match source {
            FetchSource::Oai(_) => (Duration::from_secs(3), Duration::from_secs(300)),
            FetchSource::Arxiv(_) | FetchSource::ArxivPapers(_) => (Duration::from_secs(3), defaults.answer),
            FetchSource::Zotero(_) => (Duration::ZERO, defaults.answer),
            _ => (defaults.pause, defaults.answer),
        };
        let pause = sources.iter().map(|source| needs(source).0).max().unwrap_or(defaults.pause);
        let answer = sources.iter().map(|source| needs(source).1).max().unwrap_or(defaults.answer);
        ClientOptions { pause, answer, ..defaults }
    }
}

/// What was remembered, as its source understands it.
fn load_checkpoint<T: DeserializeOwned + Default>(memory: Option<&str>) -> T {
    memory.and_then(|memory| serde_json::from_str(memory).ok()).unwrap_or_default()
}

fn save_checkpoint<T: Serialize>(memory: &T) -> Option<String> {
    Some(serde_json::to_string(memory).expect("dates and texts are JSON"))
}

/// Pages from a function that gives the next one; an error is the last.
fn paged<'c>(mut next: impl FnMut() -> Result<Option<FetchedPage>> + 'c) -> PageIter<'c> {
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let page = next().transpose();
        ended = !matches!(page, Some(Ok(_)));
        page
    }))
}

/// The papers of an answer in a format of files. They are held together, so there are limits for what a service may send,
/// also within a file that is compressed.
fn read(answer: HttpResponse, format: Option<InputFormat>) -> Result<Vec<Result<PaperRecord>>> {
    let options = ReadOptions {
        format,
        encoding: charset(&answer),
        may_be_empty: true,
        max_bytes: Some(MAX_UNPACKED_BYTES),
        ..ReadOptions::default()
    };
    let url = shown_url(&answer.url);
    let unreadable = |error: Error| match error {
        Error::BadFile { reason, .. } => failed(&url, reason),
        other => failed(&url, other.one_line()),
    };
    let references = options.read(Cursor::new(answer.body), &url).map_err(unreadable)?;
    let mut records: Vec<Result<PaperRecord>> = references.checked().records().take(MAX_RECORDS + 1).collect();
    check_count(&url, records.len())?;
    match records.pop() {
        Some(Err(error)) if !matches!(error, Error::BadRecord { .. }) => return Err(unreadable(error)),
        last => records.extend(last),
    }
    validate(&url, records)
}

/// Refuses an answer with more records than any feed or page has.
fn check_count(url: &str, records: usize) -> Result<()> {
    let reason = || format!("more than {MAX_RECORDS} records in one response: download it, and add it as a file");
    if records > MAX_RECORDS { Err(failed(url, reason())) } else { Ok(()) }
}

/// The encoding that the header of an answer names: `application/rss+xml; charset=ISO-8859-1`.
fn charset(answer: &HttpResponse) -> Option<TextEncoding> {
    let kind = answer.header("content-type")?.to_ascii_lowercase();
    let (_, name) = kind.split_once("charset=")?;
    name.split(';').next()?.trim_matches(['"', '\'', ' ']).parse().ok()
}

/// Refuses an answer of which nothing can be used: its form has changed, and to go on would be to lose papers.
fn validate(url: &str, records: Vec<Result<PaperRecord>>) -> Result<Vec<Result<PaperRecord>>> {
    match &records[..] {
        [Err(Error::BadRecord { reason, .. }), _, ..] if records.iter().all(Result::is_err) => Err(failed(
            url,
            format!(
                "none of {} records are valid: the format of the service may have changed ({reason})",
                records.len()
            ),
        )),
        _ => Ok(records),
    }
}

fn days_before(day: Date, days: i64) -> Date {
    day.saturating_sub(jiff::Span::new().days(days))
}
