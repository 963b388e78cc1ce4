//! `paperkin export`

use serde::Serialize;

use crate::cli::args::{ExportArgs, ExportChoice, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{ExportFormat, ParquetWriter};
use crate::library::{ProfilePaper, StoredPaper};
use crate::paper::Paper;
use crate::recommend::Request;

/// A paper with its embedding.
#[derive(Serialize)]
struct EmbeddedPaper<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a [f32]>,
}

/// Takes one paper after the other, each with its embedding if embeddings are exported.
type ExportSink<'a> = dyn FnMut(Paper, Option<&[f32]>) -> Result<()> + 'a;

pub(in crate::cli) fn run(common: &GlobalArgs, args: ExportArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    match &args.profile {
        Some(profile) => {
            let papers = if args.feed {
                feed_papers(&mut engine, profile, args.limit)?
            } else {
                history_papers(&engine, profile, &args)?
            };
            write(&args, |sink| papers.into_iter().try_for_each(|paper| sink(paper, None)))?;
        }
        None if args.embeddings && !has_embeddings(args.format) => {
            let reason = "only the formats jsonl and parquet support embeddings".to_owned();
            return Err(Error::BadRequest { field: "embeddings", reason });
        }
        None => write_library(&engine, &args)?,
    }
    Ok(CommandOutcome::Complete)
}

fn has_embeddings(format: ExportChoice) -> bool {
    matches!(format, ExportChoice::Parquet | ExportChoice::Text(ExportFormat::Jsonl))
}

/// Writes all papers of one generation.
fn write_library(engine: &Engine, args: &ExportArgs) -> Result<()> {
    engine.library().read_transaction(|| {
        let delta = args.embeddings.then(|| engine.library().embeddings_since(None)).transpose()?;
        write(args, |sink| {
            engine.library().for_each_paper(|StoredPaper { key, paper, .. }| {
                let row = delta.as_ref().and_then(|delta| Some((delta, delta.keys.binary_search(&key).ok()?)));
                sink(paper, row.map(|(delta, row)| delta.vectors.row(row)))
            })
        })
    })
}

/// Writes the papers that `produce` passes to the sink.
fn write(args: &ExportArgs, produce: impl FnOnce(&mut ExportSink<'_>) -> Result<()>) -> Result<()> {
    let failed = || Error::io(&args.out, "write");
    output::write_to(&args.out, |out| match args.format {
        ExportChoice::Parquet => {
            let mut table = ParquetWriter::new(out).map_err(failed())?;
            produce(&mut |paper, embedding| table.add(paper, embedding).map_err(failed()))?;
            table.finish().map_err(failed())
        }
        // Streamed line by line: the library may be larger than memory.
        ExportChoice::Text(ExportFormat::Jsonl) => produce(&mut |paper, embedding| {
            let line = serde_json::to_writer(&mut *out, &EmbeddedPaper { paper: &paper, embedding });
            line.map_err(|error| failed()(error.into()))?;
            out.write_all(b"\n").map_err(failed())
        }),
        ExportChoice::Text(format) => {
            let mut papers = Vec::new();
            produce(&mut |paper, _| {
                papers.push(paper);
                Ok(())
            })?;
            out.write_all(format.write(&papers).as_bytes()).map_err(failed())
        }
    })
}

/// Returns the papers of the feed, best first, without marking them as seen.
fn feed_papers(engine: &mut Engine, profile: &str, limit: usize) -> Result<Vec<Paper>> {
    let request = Request { limit: Some(limit), ..Request::default() };
    let options = FeedOptions { mode: FeedMode::Peek, request, ..FeedOptions::default() };
    let answer = engine.feed(profile, &options)?;
    Ok(answer.results.into_iter().map(|result| result.paper).collect())
}

/// Returns the papers of a history that are of the kinds asked for, latest entries first.
fn history_papers(engine: &Engine, profile: &str, args: &ExportArgs) -> Result<Vec<Paper>> {
    let mut papers = Vec::new();
    let mut missing = 0;
    for ProfilePaper { entry, paper, .. } in engine.history_papers(profile)?.into_iter().rev() {
        match paper {
            _ if !args.kind.contains(&entry.kind) => {}
            Some(paper) => papers.push(paper),
            None => missing += 1,
        }
    }
    if missing > 0 {
        let message = format!("skipped {missing} papers of the history that are not in the library");
        output::diagnostic(Severity::Warning, &message);
    }
    Ok(papers)
}
