//! `paperkin fetch`

use super::CommandOutcome;
use super::args::{FetchArgs, GlobalArgs};
use crate::error::Result;

#[cfg(feature = "fetch")]
pub(super) use with::run;
#[cfg(feature = "daily")]
pub(super) use with::{add, manners};

#[cfg(not(feature = "fetch"))]
pub(super) fn run(_: &GlobalArgs, _: FetchArgs) -> Result<CommandOutcome> {
    let reason = "this program cannot: build it with the feature `fetch`".to_owned();
    Err(crate::Error::BadRequest { field: "fetch", reason })
}

#[cfg(feature = "fetch")]
mod with {
    use std::collections::HashSet;
    use std::path::Path;
    use std::time::Duration;

    use super::{CommandOutcome, FetchArgs, GlobalArgs, Result};
    use crate::cli::add::AddOutput;
    use crate::cli::args::{ClientArgs, FetchCommand, SummaryFormat};
    use crate::cli::input::{TextLines, reject};
    use crate::cli::progress::CommandProgress;
    use crate::cli::{output, today, upkeep};
    use crate::engine::{Engine, FetchSummary, LibraryLocation};
    use crate::error::Error;
    use crate::fetch::{ArxivQuery, ClientOptions, FeedUrl, FetchSource, HfDaily, HttpClient, OaiSet, SemanticScholar};
    use crate::library::Library;
    use crate::paper::PaperId;

    pub(in crate::cli) fn run(common: &GlobalArgs, command: FetchArgs) -> Result<CommandOutcome> {
        let (sources, options, outcome) = asked(command.source)?;
        let mut client = HttpClient::new(manners(&sources, &options))?;
        let mut fetched = FetchSummary::default();
        if options.dry_run {
            let counted = sources.into_iter().try_for_each(|source| count(common, source, &mut client, &mut fetched));
            name_missing(&fetched);
            counted?;
            print_count(&fetched, options.format)?;
        } else {
            let mut engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
            let ended = sources.into_iter().try_for_each(|source| add(&mut engine, source, &mut client, &mut fetched));
            if fetched.added.changes.new + fetched.added.changes.updated > 0 {
                upkeep::after_a_change(&engine);
            }
            name_missing(&fetched);
            ended.map_err(|error| with_what_is_safe(error, &fetched))?;
            AddOutput { added: fetched.added, papers: engine.library().summary()?.papers }.print(options.format)?;
        }
        Ok(outcome.and(CommandOutcome::complete_if(fetched.added.rejected == 0 && fetched.missing.is_empty())))
    }

    /// Fetches a source into the library.
    pub(in crate::cli) fn add(
        engine: &mut Engine,
        source: FetchSource,
        client: &mut HttpClient,
        fetched: &mut FetchSummary,
    ) -> Result<()> {
        let bar = CommandProgress::of_source(source.key().trim_start_matches("fetch "));
        let added = engine.fetch(source, client, fetched, &|progress| bar.show(progress));
        bar.finish();
        added
    }

    /// Fetches a source and keeps nothing.
    fn count(
        common: &GlobalArgs,
        source: FetchSource,
        client: &mut HttpClient,
        fetched: &mut FetchSummary,
    ) -> Result<()> {
        let memory = match Library::open(&common.directory()?) {
            Ok(library) => library.value(&source.key())?,
            Err(Error::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        for page in source.pages(client, memory.as_deref(), today())? {
            let page = page?;
            for paper in page.papers {
                match paper {
                    Ok(_) => fetched.papers += 1,
                    Err(error) => {
                        fetched.added.rejected += 1;
                        reject(&error);
                    }
                }
            }
            fetched.missing.extend(page.missing);
        }
        Ok(())
    }

    fn name_missing(fetched: &FetchSummary) {
        if !fetched.missing.is_empty() {
            let names: Vec<&str> = fetched.missing.iter().map(PaperId::as_str).collect();
            output::complain("warning", &format!("not known there: {}", names.join(", ")));
        }
    }

    fn print_count(fetched: &FetchSummary, format: SummaryFormat) -> Result<()> {
        let (papers, rejected) = (fetched.papers, fetched.added.rejected);
        output::print(|out| match format {
            SummaryFormat::Table if rejected > 0 => writeln!(out, "{papers} papers would come, {rejected} rejected"),
            SummaryFormat::Table => writeln!(out, "{papers} papers would come"),
            SummaryFormat::Json => {
                output::json(out, &serde_json::json!({ "rejected": rejected, "would_come": papers }))
            }
        })
    }

    /// An error of a service, with what came before it.
    fn with_what_is_safe(error: Error, fetched: &FetchSummary) -> Error {
        match error {
            Error::Fetch { url, reason } => {
                let safe = match fetched.papers {
                    0 => "nothing was fetched before: run the same command again".to_owned(),
                    1 => "1 paper was fetched before and is in the library: the same command goes on".to_owned(),
                    n => format!("{n} papers were fetched before and are in the library: the same command goes on"),
                };
                Error::Fetch { url, reason: format!("{reason}; {safe}") }
            }
            other => other,
        }
    }

    /// How the services are treated: all as the most particular of them wants it.
    pub(in crate::cli) fn manners(sources: &[FetchSource], options: &ClientArgs) -> ClientOptions {
        let usual = ClientOptions::default();
        let wants = |source: &FetchSource| match source {
            FetchSource::Oai(_) => (Duration::from_secs(3), Duration::from_secs(300)),
            FetchSource::Arxiv(_) => (Duration::from_secs(3), usual.answer),
            _ => (usual.pause, usual.answer),
        };
        let pause = sources.iter().map(|source| wants(source).0).max().unwrap_or(usual.pause);
        let answer = sources.iter().map(|source| wants(source).1).max().unwrap_or(usual.answer);
        ClientOptions {
            contact: options.contact.clone(),
            pause: options.pause.unwrap_or(pause),
            answer: options.timeout.unwrap_or(answer),
            attempts: options.attempts,
            ..usual
        }
    }

    /// What the arguments ask for; the outcome says whether all of it could be read.
    fn asked(source: FetchCommand) -> Result<(Vec<FetchSource>, ClientArgs, CommandOutcome)> {
        let mut outcome = CommandOutcome::Complete;
        let (sources, options) = match source {
            FetchCommand::HfDaily { from, to, base, manners } => {
                (vec![FetchSource::HfDaily(HfDaily { base: base.base_url, from, to })], manners)
            }
            FetchCommand::Arxiv { category, since, oai: true, base, manners, .. } => {
                let set = |category| FetchSource::Oai(OaiSet { base: base.base_url.clone(), category, since });
                (category.into_iter().map(set).collect(), manners)
            }
            FetchCommand::Arxiv { category, query, since, base, manners, .. } => (
                vec![FetchSource::Arxiv(ArxivQuery { base: base.base_url, categories: category, query, since })],
                manners,
            ),
            FetchCommand::S2 { ids, base, manners } => {
                let read = read_ids(&ids)?;
                outcome = read.1;
                let key = std::env::var("S2_API_KEY").ok().filter(|key| !key.trim().is_empty());
                (vec![FetchSource::SemanticScholar(SemanticScholar { base: base.base_url, ids: read.0, key })], manners)
            }
            FetchCommand::Feed { url, manners } => (vec![FetchSource::Feed(FeedUrl { url })], manners),
        };
        Ok((sources, options, outcome))
    }

    /// The ids of a file, each once; a line that is none is reported and left out.
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
                    reject(&error);
                    outcome = CommandOutcome::Incomplete;
                }
            }
        }
        Ok((ids, outcome))
    }
}
