//! `paperkin fetch`

use super::Outcome;
use super::args::{Common, Fetch};
use crate::error::Result;

#[cfg(feature = "fetch")]
pub(super) use with::run;
#[cfg(feature = "daily")]
pub(super) use with::{add, manners};

#[cfg(not(feature = "fetch"))]
pub(super) fn run(_: &Common, _: Fetch) -> Result<Outcome> {
    let reason = "this program cannot: build it with the feature `fetch`".to_owned();
    Err(crate::Error::BadRequest { field: "fetch", reason })
}

#[cfg(feature = "fetch")]
mod with {
    use std::collections::HashSet;
    use std::path::Path;
    use std::time::Duration;

    use super::{Common, Fetch, Outcome, Result};
    use crate::cli::add::Summary;
    use crate::cli::args::{FetchOptions, FetchSource, SummaryFormat};
    use crate::cli::input::{Lines, reject};
    use crate::cli::progress::Bar;
    use crate::cli::{output, today, upkeep};
    use crate::engine::{Engine, Fetched, Place};
    use crate::error::Error;
    use crate::fetch::{Arxiv, Client, Feed, HfDaily, Manners, Oai, SemanticScholar, Source};
    use crate::library::Library;
    use crate::paper::PaperId;

    pub(in crate::cli) fn run(common: &Common, command: Fetch) -> Result<Outcome> {
        let (sources, options, outcome) = asked(command.source)?;
        let mut client = Client::new(manners(&sources, &options))?;
        let mut fetched = Fetched::default();
        if options.dry_run {
            let counted = sources.into_iter().try_for_each(|source| count(common, source, &mut client, &mut fetched));
            name_missing(&fetched);
            counted?;
            print_count(&fetched, options.format)?;
        } else {
            let mut engine = Engine::open(common.options(Place::Create(common.directory()?)))?;
            let ended = sources.into_iter().try_for_each(|source| add(&mut engine, source, &mut client, &mut fetched));
            if fetched.added.changes.new + fetched.added.changes.updated > 0 {
                upkeep::after_a_change(&engine);
            }
            name_missing(&fetched);
            ended.map_err(|error| with_what_is_safe(error, &fetched))?;
            Summary { added: fetched.added, papers: engine.library().summary()?.papers }.print(options.format)?;
        }
        Ok(outcome.and(Outcome::complete_if(fetched.added.rejected == 0 && fetched.missing.is_empty())))
    }

    /// Fetches a source into the library.
    pub(in crate::cli) fn add(
        engine: &mut Engine,
        source: Source,
        client: &mut Client,
        fetched: &mut Fetched,
    ) -> Result<()> {
        let bar = Bar::of_source(source.key().trim_start_matches("fetch "));
        let added = engine.fetch(source, client, today(), fetched, &|progress| bar.show(progress));
        bar.finish();
        added
    }

    /// Fetches a source and keeps nothing.
    fn count(common: &Common, source: Source, client: &mut Client, fetched: &mut Fetched) -> Result<()> {
        let memory = match Library::open(&common.directory()?) {
            Ok(library) => library.note(&source.key())?,
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

    fn name_missing(fetched: &Fetched) {
        if !fetched.missing.is_empty() {
            let names: Vec<&str> = fetched.missing.iter().map(PaperId::as_str).collect();
            output::complain("warning", &format!("not known there: {}", names.join(", ")));
        }
    }

    fn print_count(fetched: &Fetched, format: SummaryFormat) -> Result<()> {
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
    fn with_what_is_safe(error: Error, fetched: &Fetched) -> Error {
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
    pub(in crate::cli) fn manners(sources: &[Source], options: &FetchOptions) -> Manners {
        let usual = Manners::default();
        let wants = |source: &Source| match source {
            Source::Oai(_) => (Duration::from_secs(3), Duration::from_secs(300)),
            Source::Arxiv(_) => (Duration::from_secs(3), usual.answer),
            _ => (usual.pause, usual.answer),
        };
        let pause = sources.iter().map(|source| wants(source).0).max().unwrap_or(usual.pause);
        let answer = sources.iter().map(|source| wants(source).1).max().unwrap_or(usual.answer);
        Manners {
            contact: options.contact.clone(),
            pause: options.pause.unwrap_or(pause),
            answer: options.timeout.unwrap_or(answer),
            attempts: options.attempts,
            ..usual
        }
    }

    /// What the arguments ask for; the outcome says whether all of it could be read.
    fn asked(source: FetchSource) -> Result<(Vec<Source>, FetchOptions, Outcome)> {
        let mut outcome = Outcome::Complete;
        let (sources, options) = match source {
            FetchSource::HfDaily { from, to, base, manners } => {
                (vec![Source::HfDaily(HfDaily { base: base.base_url, from, to })], manners)
            }
            FetchSource::Arxiv { category, since, oai: true, base, manners, .. } => {
                let set = |category| Source::Oai(Oai { base: base.base_url.clone(), category, since });
                (category.into_iter().map(set).collect(), manners)
            }
            FetchSource::Arxiv { category, query, since, base, manners, .. } => {
                (vec![Source::Arxiv(Arxiv { base: base.base_url, categories: category, query, since })], manners)
            }
            FetchSource::S2 { ids, base, manners } => {
                let read = read_ids(&ids)?;
                outcome = read.1;
                let key = std::env::var("S2_API_KEY").ok().filter(|key| !key.trim().is_empty());
                (vec![Source::SemanticScholar(SemanticScholar { base: base.base_url, ids: read.0, key })], manners)
            }
            FetchSource::Feed { url, manners } => (vec![Source::Feed(Feed { url })], manners),
        };
        Ok((sources, options, outcome))
    }

    /// The ids of a file, each once; a line that is none is reported and left out.
    fn read_ids(path: &Path) -> Result<(Vec<PaperId>, Outcome)> {
        let mut ids = Vec::new();
        let mut seen = HashSet::new();
        let mut outcome = Outcome::Complete;
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next() {
            match line.and_then(|line| PaperId::parse(&line).map_err(|reason| lines.bad(reason))) {
                Ok(id) if seen.insert(id.clone()) => ids.push(id),
                Ok(_) => {}
                Err(error) => {
                    reject(&error);
                    outcome = Outcome::Incomplete;
                }
            }
        }
        Ok((ids, outcome))
    }
}
