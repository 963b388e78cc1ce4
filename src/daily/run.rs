//! The order of a daily run: lock, fetch, index, then rank and deliver for each profile, and the report of a week.

use std::path::PathBuf;
use std::time::Duration;

use super::config::{DailyConfig, SourcesConfig};
use super::deliver::{DeliveryContext, ProfileDelivery};
use super::mailer::Mailer;
use super::weekly_report;
use crate::engine::{AddProgress, Engine, FetchSummary};
use crate::error::{Error, Result};
use crate::fetch::{ArxivQuery, ClientOptions, FeedUrl, FetchSource, HfDaily, HttpClient};
use crate::file::{self, FileLock};

/// What a run needs besides its configuration.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct DailyOptions {
    /// Sends the digests; required if any profile receives mail.
    pub mailer: Option<Mailer>,
}

/// What happens during a run. A failure does not end it.
#[derive(Debug)]
#[non_exhaustive]
pub enum DailyEvent<'a> {
    /// A source is about to be fetched.
    FetchStarted {
        /// Name of the source.
        source: &'a str,
    },
    /// Papers of the source were added or rejected.
    FetchProgress(AddProgress<'a>),
    /// A source is done.
    FetchFinished,
    /// A source failed; the papers that were fetched before are in the library.
    FetchFailed {
        /// Name of the source.
        source: &'a str,
        /// What went wrong.
        error: &'a Error,
    },
    /// The index is about to be built.
    IndexStarted {
        /// Number of papers to index.
        papers: usize,
    },
    /// This many more papers are indexed.
    IndexProgress(usize),
    /// The index is built.
    IndexFinished,
    /// The index could not be built; queries scan the embeddings instead.
    IndexFailed(&'a Error),
    /// The report of the last week could not be written; the next run tries again.
    ReportFailed(&'a Error),
    /// Nothing was marked as seen for a profile, so that the next run tries again.
    DeliveryFailed {
        /// Name of the profile.
        profile: &'a str,
        /// What went wrong.
        error: &'a Error,
    },
}

/// The result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DailySummary {
    /// What the sources had.
    pub fetched: FetchSummary,
    /// What was delivered, for each profile without a failure.
    pub deliveries: Vec<ProfileDelivery>,
    /// The directory of the report of the last week, if it was written.
    pub report: Option<PathBuf>,
    /// How many sources, profiles and reports failed; each was reported as an event.
    pub failures: usize,
}

/// Fetches from all sources, then delivers to each profile what is new for it, and writes the report of the last week. What
/// was delivered is marked as seen, so that no later run delivers it again. The date is that of the engine's clock.
///
/// # Errors
/// [`Error::BadFile`] while another run is in progress, [`Error::BadRequest`] for invalid options,
/// [`Error::NotFound`] for a profile that does not exist, before anything is fetched. Failures of single sources and
/// profiles are events.
pub fn run(
    engine: &mut Engine,
    config: &DailyConfig,
    options: &DailyOptions,
    on_event: &(dyn Fn(DailyEvent<'_>) + Sync),
) -> Result<DailySummary> {
    if options.mailer.is_none() && config.profiles.values().any(|reader| !reader.mail.is_empty()) {
        let reason = "a profile receives mail: set `DailyOptions::mailer`".to_owned();
        return Err(Error::BadRequest { field: "mail", reason });
    }
    let _lock = lock(engine)?;
    config.profiles.keys().try_for_each(|name| engine.profile(name).map(drop))?;
    let mut summary = DailySummary::default();
    fetch(engine, config, &mut summary, on_event)?;
    let changes = summary.fetched.added.changes;
    if changes.new + changes.updated > 0 {
        reindex(engine, on_event);
    }
    let context = DeliveryContext { page: config.page.as_deref(), mailer: options.mailer.as_ref() };
    for (profile, reader) in &config.profiles {
        match context.deliver(engine, profile, reader) {
            Ok(delivery) => summary.deliveries.push(delivery),
            Err(error) => {
                summary.failures += 1;
                on_event(DailyEvent::DeliveryFailed { profile, error: &error });
            }
        }
    }
    if let Some(reports) = &config.weekly_reports {
        match weekly_report::write(engine, reports) {
            Ok(report) => summary.report = report,
            Err(error) => {
                summary.failures += 1;
                on_event(DailyEvent::ReportFailed(&error));
            }
        }
    }
    Ok(summary)
}

/// Excludes other runs over the same library, which would deliver everything twice.
fn lock(engine: &Engine) -> Result<Option<FileLock>> {
    let Some(directory) = engine.library().index_directory() else { return Ok(None) };
    file::create_private_directory(directory)?;
    let path = directory.join("daily.lock");
    match file::lock(&path)? {
        Some(lock) => Ok(Some(lock)),
        None => {
            let reason = "another run is in progress".to_owned();
            Err(Error::BadFile { file: path.display().to_string(), reason })
        }
    }
}

/// Fetches one source after the other.
fn fetch(
    engine: &mut Engine,
    config: &DailyConfig,
    summary: &mut DailySummary,
    on_event: &(dyn Fn(DailyEvent<'_>) + Sync),
) -> Result<()> {
    let sources = sources(&config.fetch);
    let mut client = HttpClient::new(client_options(config, &sources)?)?;
    for source in sources {
        let name = source.name();
        on_event(DailyEvent::FetchStarted { source: &name });
        let progress = |progress: AddProgress<'_>| on_event(DailyEvent::FetchProgress(progress));
        let added = engine.fetch(source, &mut client, &mut summary.fetched, &progress);
        on_event(DailyEvent::FetchFinished);
        if let Err(error) = added {
            summary.failures += 1;
            on_event(DailyEvent::FetchFailed { source: &name, error: &error });
        }
    }
    Ok(())
}

/// Rebuilds the index if that is due.
fn reindex(engine: &Engine, on_event: &(dyn Fn(DailyEvent<'_>) + Sync)) {
    let updated = engine.update_index(|papers| {
        on_event(DailyEvent::IndexStarted { papers });
        |papers| on_event(DailyEvent::IndexProgress(papers))
    });
    match updated {
        Ok(None) => {}
        Ok(Some(_)) => on_event(DailyEvent::IndexFinished),
        Err(error) => on_event(DailyEvent::IndexFailed(&error)),
    }
}

fn client_options(config: &DailyConfig, sources: &[FetchSource]) -> Result<ClientOptions> {
    let defaults = ClientOptions::for_sources(sources);
    let pause = config.fetch.pause.map(Duration::try_from_secs_f64).transpose();
    let pause = pause.map_err(|error| Error::BadRequest { field: "fetch.pause", reason: error.to_string() })?;
    Ok(ClientOptions { contact: config.contact.clone(), pause: pause.unwrap_or(defaults.pause), ..defaults })
}

/// Returns the sources in the order of the configuration.
fn sources(config: &SourcesConfig) -> Vec<FetchSource> {
    let mut sources = Vec::new();
    if config.hf_daily {
        let base = config.hf_daily_url.clone();
        sources.push(FetchSource::HfDaily(HfDaily { base, from: None, to: None }));
    }
    let query = |categories: &[String], query: Option<String>| {
        let base = config.arxiv_url.clone();
        FetchSource::Arxiv(ArxivQuery { base, categories: categories.to_vec(), query, since: None })
    };
    if !config.arxiv.is_empty() {
        sources.push(query(&config.arxiv, None));
    }
    sources.extend(config.arxiv_queries.iter().map(|text| query(&[], Some(text.clone()))));
    sources.extend(config.feeds.iter().map(|url| FetchSource::Feed(FeedUrl { url: url.clone() })));
    sources
}
