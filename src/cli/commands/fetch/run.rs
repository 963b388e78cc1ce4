//! Fetching papers: into the library, or only to count them.

use std::collections::HashSet;
use std::path::Path;

use crate::cli::args::{ClientArgs, FetchArgs, FetchCommand, GlobalArgs, HttpArgs};
use crate::cli::commands::reindex;
use crate::cli::input::TextLines;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, AddOutput, CommandProgress, Severity, SummaryFormat};
use crate::engine::{Clock, Engine, FetchSummary, LibraryLocation};
use crate::error::{Error, Result};
use crate::fetch::{
    ArxivQuery, ClientOptions, FeedUrl, FetchSource, HfDaily, HttpClient, OaiSet, OpenAlex, SemanticScholar,
    ZoteroItems,
};
use crate::library::Library;
use crate::paper::PaperId;

pub(in crate::cli) fn run(common: &GlobalArgs, args: FetchArgs) -> Result<CommandOutcome> {
    let (sources, options, outcome) = sources(args.source)?;
    let mut client = HttpClient::new(client_options(&sources, &options.http))?;
    let mut fetched = FetchSummary::default();
    if options.dry_run {
        let counted = each(sources, |source| count(common, source, &mut client, &mut fetched));
        report_missing(&fetched);
        counted?;
        print_count(&fetched, options.format)?;
    } else {
        let mut engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
        let ended = each(sources, |source| {
            let bar = CommandProgress::of_source(&source.name());
            let added = engine.fetch(source, &mut client, &mut fetched, &|progress| bar.show(progress));
            bar.finish();
            added
        });
        if fetched.added.changes.new + fetched.added.changes.updated > 0 {
            reindex::after_change(&engine);
        }
        report_missing(&fetched);
        ended.map_err(|error| with_progress(error, fetched.papers))?;
        AddOutput { added: fetched.added, papers: engine.library().paper_count()? }.print(options.format)?;
    }
    Ok(outcome.and(CommandOutcome::complete_if(fetched.added.rejected == 0 && fetched.missing.is_empty())))
}

/// Fetches from each source, whether or not others fail. All failures but the last, which is returned, are printed.
fn each(sources: Vec<FetchSource>, mut fetch: impl FnMut(FetchSource) -> Result<()>) -> Result<()> {
    let mut ended = Ok(());
    for source in sources {
        if let Err(error) = fetch(source) {
            ended.err().iter().for_each(output::reject);
            ended = Err(error);
        }
    }
    ended
}

/// Fetches a source, but stores nothing.
fn count(common: &GlobalArgs, source: FetchSource, client: &mut HttpClient, fetched: &mut FetchSummary) -> Result<()> {
    let checkpoint = match Library::open(&common.directory()?) {
        Ok(library) => library.value(&source.key())?,
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    for page in source.pages(client, checkpoint.as_deref(), Clock::System.today())? {
        let page = page?;
        for paper in page.papers {
            match paper {
                Ok(_) => fetched.papers += 1,
                Err(error) => {
                    fetched.added.rejected += 1;
                    output::reject(&error);
                }
            }
        }
        fetched.missing.extend(page.missing);
    }
    Ok(())
}

fn report_missing(fetched: &FetchSummary) {
    if !fetched.missing.is_empty() {
        let names: Vec<&str> = fetched.missing.iter().map(PaperId::as_str).collect();
        output::diagnostic(Severity::Warning, &format!("unknown to the service: {}", names.join(", ")));
    }
}

fn print_count(fetched: &FetchSummary, format: SummaryFormat) -> Result<()> {
    let (papers, rejected) = (fetched.papers, fetched.added.rejected);
    output::print(|out| match format {
        SummaryFormat::Table if rejected > 0 => writeln!(out, "{papers} papers would be fetched, {rejected} rejected"),
        SummaryFormat::Table => writeln!(out, "{papers} papers would be fetched"),
        SummaryFormat::Json => output::json(out, &serde_json::json!({ "rejected": rejected, "would_come": papers })),
    })
}

/// Adds to an error of a service how much was fetched before it.
pub(in crate::cli::commands) fn with_progress(error: Error, papers: usize) -> Error {
    match error {
        Error::Fetch { url, reason } => {
            let stored = match papers {
                0 => "no papers were fetched: run the same command again to retry".to_owned(),
                1 => "1 paper is already in the library: run the same command again to resume".to_owned(),
                n => format!("{n} papers are already in the library: run the same command again to resume"),
            };
            Error::Fetch { url, reason: format!("{reason}; {stored}") }
        }
        other => other,
    }
}

/// Returns the options of the services, with those given on the command line in place of the defaults.
pub(in crate::cli::commands) fn client_options(sources: &[FetchSource], args: &HttpArgs) -> ClientOptions {
    let defaults = ClientOptions::for_sources(sources);
    ClientOptions {
        contact: args.contact.clone(),
        pause: args.pause.unwrap_or(defaults.pause),
        answer: args.timeout.unwrap_or(defaults.answer),
        attempts: args.attempts,
        ..defaults
    }
}

/// Returns what to fetch. The outcome tells whether all ids could be read.
fn sources(command: FetchCommand) -> Result<(Vec<FetchSource>, ClientArgs, CommandOutcome)> {
    let mut outcome = CommandOutcome::Complete;
    let (sources, options) = match command {
        FetchCommand::HfDaily { from, to, service, client } => {
            (vec![FetchSource::HfDaily(HfDaily { base: service.base_url, from, to })], client)
        }
        FetchCommand::Arxiv { category, since, oai: true, service, client, .. } => {
            let set = |category| FetchSource::Oai(OaiSet { base: service.base_url.clone(), category, since });
            (category.into_iter().map(set).collect(), client)
        }
        FetchCommand::Arxiv { category, query, since, service, client, .. } => {
            let query = ArxivQuery { base: service.base_url, categories: category, query, since };
            (vec![FetchSource::Arxiv(query)], client)
        }
        FetchCommand::S2 { ids, references, service, client } => {
            let (ids, complete) = read_ids(&ids)?;
            outcome = complete;
            let papers = SemanticScholar { base: service.base_url, ids, references, key: service_key("S2_API_KEY") };
            (vec![FetchSource::SemanticScholar(papers)], client)
        }
        FetchCommand::Openalex { ids, search, filter, since, service, client } => {
            let (ids, complete) = ids.as_deref().map(read_ids).transpose()?.unwrap_or((Vec::new(), outcome));
            outcome = complete;
            let is_list = search.is_none() && filter.is_none();
            let papers =
                OpenAlex { base: service.base_url, ids, search, filter, since, key: service_key("OPENALEX_API_KEY") };
            // Of a list without an id there is nothing to fetch.
            let sources = Some(FetchSource::OpenAlex(papers.clone())).filter(|_| !(is_list && papers.ids.is_empty()));
            (sources.into_iter().collect(), client)
        }
        FetchCommand::Zotero { group, collection, tag, since, zotero, client } => {
            let items =
                ZoteroItems { base: zotero.zotero_url, library: group, collections: collection, tags: tag, since };
            (vec![FetchSource::Zotero(items)], client)
        }
        FetchCommand::Feed { url, client } => (vec![FetchSource::Feed(FeedUrl { url })], client),
    };
    Ok((sources, options, outcome))
}

/// Returns the key of a service that a variable of the environment has.
pub(in crate::cli::commands) fn service_key(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|key| !key.trim().is_empty())
}

/// Reads the ids of a file, each once. Invalid lines are reported and skipped.
fn read_ids(path: &Path) -> Result<(Vec<PaperId>, CommandOutcome)> {
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    let mut outcome = CommandOutcome::Complete;
    let mut lines = TextLines::open(path)?;
    while let Some(line) = lines.next() {
        match line.and_then(|line| PaperId::parse(&line).map_err(|reason| lines.bad(reason))) {
            Ok(id) if seen.insert(id.clone()) => ids.push(id),
            Ok(_) => {}
            Err(error) => {
                output::reject(&error);
                outcome = CommandOutcome::Incomplete;
            }
        }
    }
    Ok((ids, outcome))
}
