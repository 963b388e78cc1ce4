//! Papers of services in: page by page, each safe before the next is asked for.

use jiff::civil::Date;

use super::Writer;
use super::add::{AddProgress, AddSummary, add};
use crate::error::Result;
use crate::fetch::{FetchSource, HttpClient};
use crate::paper::PaperId;

/// What came from services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchSummary {
    /// What became of it.
    pub added: AddSummary,
    /// Papers that came, in the library or not.
    pub papers: usize,
    /// What was asked for by its id and is not known there.
    pub missing: Vec<PaperId>,
}

/// Adds what a source has, from where it was the last time; where it is is remembered with each page that is in the
/// library. What came is counted in `fetched`, also before an error: the same call goes on there.
///
/// # Errors
/// Those of [`FetchSource::pages`] and of [`add`].
pub(crate) fn fetch(
    writer: &mut Writer<'_>,
    source: FetchSource,
    client: &mut HttpClient,
    today: Date,
    fetched: &mut FetchSummary,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<()> {
    let key = source.key();
    let memory = writer.library.value(&key)?;
    source.pages(client, memory.as_deref(), today)?.try_for_each(|page| {
        let page = page?;
        fetched.papers += page.papers.iter().filter(|paper| paper.is_ok()).count();
        fetched.added += add(writer, page.papers, report)?;
        fetched.missing.extend(page.missing);
        page.checkpoint.map_or(Ok(()), |memory| writer.library.set_value(&key, &memory))
    })
}
