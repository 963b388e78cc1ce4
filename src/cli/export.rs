//! `paperkin export`

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde::Serialize;

use super::args::Common;
use super::{Outcome, output, today};
use crate::citation::Style;
use crate::engine::{Engine, FeedOptions, Look, Place};
use crate::error::{Error, Result};
use crate::library::HistoryKind;
use crate::paper::Paper;
use crate::recommend::Request;

/// Write papers for a reference manager, or the whole library
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).args(["profile", "papers"]),
    after_help = "\
Examples:
  paperkin export --profile me --format bibtex --out papers.bib
  paperkin export --profile me --kind save --format md
  paperkin export --profile me --feed --limit 10 --format csl-json
  paperkin export --papers --embeddings --out library.jsonl"
)]
pub(crate) struct Export {
    /// Papers of this profile's history
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Which of them
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_value = "save,like", requires = "profile")]
    pub kind: Vec<HistoryKind>,
    /// What is recommended to the profile now, in place of its history; it stays new
    #[arg(long, requires = "profile")]
    pub feed: bool,
    /// How many papers of the feed
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// All papers of the library
    #[arg(long)]
    pub papers: bool,
    /// With their embeddings; in JSON lines only
    #[arg(long, requires = "papers")]
    pub embeddings: bool,
    /// How to write them: bibtex, ris, csl-json, jsonl, csv or md
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: Style,
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

/// A paper with its embedding.
#[derive(Serialize)]
struct Embedded<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a [f32]>,
}

pub(super) fn run(common: &Common, command: Export) -> Result<Outcome> {
    let mut engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    match &command.profile {
        Some(profile) => {
            let papers = of_profile(&mut engine, profile, &command)?;
            let text = command.format.write(&papers);
            output::write_to(&command.out, |out| out.write_all(text.as_bytes()).map_err(failed(&command)))?;
        }
        None => whole(&engine, &command)?,
    }
    Ok(Outcome::Complete)
}

/// Papers of a history, those entered last first; or those of the feed, the best first.
fn of_profile(engine: &mut Engine, profile: &str, command: &Export) -> Result<Vec<Paper>> {
    if command.feed {
        let request = Request { limit: Some(command.limit), ..Request::default() };
        let options = FeedOptions { look: Look::Glance, request, ..FeedOptions::default() };
        let answer = engine.feed(profile, &options, today())?;
        return Ok(answer.results.into_iter().map(|result| result.paper).collect());
    }
    let profile = engine.library().profile(profile)?;
    let wanted = engine.library().wanted(&profile)?;
    let mut papers = Vec::new();
    let mut missing = 0;
    for entry in profile.history.iter().rev().filter(|entry| command.kind.contains(&entry.kind)) {
        let stored = engine.library().paper(&entry.id)?.map(|stored| stored.paper);
        match stored.or_else(|| wanted.iter().find(|paper| paper.id == entry.id).cloned()) {
            Some(paper) => papers.push(paper),
            None => missing += 1,
        }
    }
    if missing > 0 {
        output::complain("warning", &format!("{missing} papers of the history are not in the library any more"));
    }
    Ok(papers)
}

fn whole(engine: &Engine, command: &Export) -> Result<()> {
    if command.embeddings && command.format != Style::Jsonl {
        let reason = format!("{} has no place for embeddings: give --format jsonl", command.format);
        return Err(Error::BadRequest { field: "embeddings", reason });
    }
    if command.format != Style::Jsonl {
        let mut papers = Vec::new();
        engine.library().for_each_paper(|stored| {
            papers.push(stored.paper);
            Ok(())
        })?;
        let text = command.format.write(&papers);
        return output::write_to(&command.out, |out| out.write_all(text.as_bytes()).map_err(failed(command)));
    }
    engine.library().at_once(|| {
        let since = command.embeddings.then(|| engine.library().embeddings_since(None)).transpose()?;
        output::write_to(&command.out, |out| {
            engine.library().for_each_paper(|stored| {
                let row = since.as_ref().and_then(|since| Some((since, since.keys.binary_search(&stored.key).ok()?)));
                let embedding = row.map(|(since, row)| since.vectors.row(row));
                serde_json::to_writer(&mut *out, &Embedded { paper: &stored.paper, embedding })
                    .map_err(|error| failed(command)(error.into()))?;
                out.write_all(b"\n").map_err(failed(command))
            })
        })
    })
}

fn failed(command: &Export) -> impl FnOnce(std::io::Error) -> Error {
    Error::io(&command.out, "write it")
}
