//! `paperkin export`

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};
use serde::Serialize;

use super::args::GlobalArgs;
use super::{CommandOutcome, output};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{ExportFormat, ParquetWriter};
use crate::library::{HistoryKind, ProfilePaper, StoredPaper};
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
  paperkin export --papers --embeddings --format parquet --out library.parquet"
)]
pub(crate) struct ExportArgs {
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
    /// With their embeddings; in jsonl and parquet
    #[arg(long, requires = "papers")]
    pub embeddings: bool,
    /// How to write them: bibtex, ris, csl-json, jsonl, csv, md or parquet
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: ExportChoice,
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

/// A paper with its embedding.
#[derive(Serialize)]
struct EmbeddedPaper<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a [f32]>,
}

/// The form of what is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ExportChoice {
    Text(ExportFormat),
    /// Parquet.
    Table,
}

impl FromStr for ExportChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<ExportChoice, String> {
        match text {
            "parquet" => Ok(ExportChoice::Table),
            text => text.parse().map(ExportChoice::Text).map_err(|reason| format!("{reason}, parquet")),
        }
    }
}

/// Takes papers one after the other, each with its embedding where that is asked for.
type ExportSink<'a> = dyn FnMut(Paper, Option<&[f32]>) -> Result<()> + 'a;

pub(super) fn run(common: &GlobalArgs, command: ExportArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    match &command.profile {
        Some(profile) => {
            let papers = of_profile(&mut engine, profile, &command)?;
            write(&command, |sink| papers.into_iter().try_for_each(|paper| sink(paper, None)))?;
        }
        None if command.embeddings
            && !matches!(command.format, ExportChoice::Table | ExportChoice::Text(ExportFormat::Jsonl)) =>
        {
            let reason = "only the formats jsonl and parquet have a place for them".to_owned();
            return Err(Error::BadRequest { field: "embeddings", reason });
        }
        None => engine.library().read_transaction(|| {
            let since = command.embeddings.then(|| engine.library().embeddings_since(None)).transpose()?;
            write(&command, |sink| {
                engine.library().for_each_paper(|StoredPaper { key, paper, .. }| {
                    let row = since.as_ref().and_then(|since| Some((since, since.keys.binary_search(&key).ok()?)));
                    sink(paper, row.map(|(since, row)| since.vectors.row(row)))
                })
            })
        })?,
    }
    Ok(CommandOutcome::Complete)
}

/// Writes the papers that `give` hands over.
fn write(command: &ExportArgs, give: impl FnOnce(&mut ExportSink<'_>) -> Result<()>) -> Result<()> {
    let failed = || Error::io(&command.out, "write it");
    output::write_to(&command.out, |out| match command.format {
        ExportChoice::Table => {
            let mut table = ParquetWriter::new(out).map_err(failed())?;
            give(&mut |paper, embedding| table.add(paper, embedding).map_err(failed()))?;
            table.finish().map_err(failed())
        }
        // The whole library goes through: a line at a time.
        ExportChoice::Text(ExportFormat::Jsonl) => give(&mut |paper, embedding| {
            let line = serde_json::to_writer(&mut *out, &EmbeddedPaper { paper: &paper, embedding });
            line.map_err(|error| failed()(error.into()))?;
            out.write_all(b"\n").map_err(failed())
        }),
        ExportChoice::Text(style) => {
            let mut papers = Vec::new();
            give(&mut |paper, _| {
                papers.push(paper);
                Ok(())
            })?;
            out.write_all(style.write(&papers).as_bytes()).map_err(failed())
        }
    })
}

/// Papers of a history, those entered last first; or those of the feed, the best first.
fn of_profile(engine: &mut Engine, profile: &str, command: &ExportArgs) -> Result<Vec<Paper>> {
    if command.feed {
        let request = Request { limit: Some(command.limit), ..Request::default() };
        let options = FeedOptions { mode: FeedMode::Peek, request, ..FeedOptions::default() };
        let answer = engine.feed(profile, &options)?;
        return Ok(answer.results.into_iter().map(|result| result.paper).collect());
    }
    let profile = engine.library().profile(profile)?;
    let mut papers = Vec::new();
    let mut missing = 0;
    for ProfilePaper { entry, paper, .. } in engine.library().history_papers(&profile)?.into_iter().rev() {
        match paper {
            _ if !command.kind.contains(&entry.kind) => {}
            Some(paper) => papers.push(paper),
            None => missing += 1,
        }
    }
    if missing > 0 {
        output::complain("warning", &format!("{missing} papers of the history are not in the library any more"));
    }
    Ok(papers)
}
