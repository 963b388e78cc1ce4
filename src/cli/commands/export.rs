//! `paperkin export`

mod notes;
mod to_zotero;

use std::sync::Arc;

use crate::cli::args::{ExportArgs, ExportChoice, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{ExportFormat, ExportedPaper, ParquetWriter};
use crate::import;
use crate::library::{ProfilePaper, StoredPaper};
use crate::paper::Paper;
use crate::recommend::Request;

/// Takes one paper after the other.
type ExportSink<'a> = dyn FnMut(ExportedPaper) -> Result<()> + 'a;

pub(in crate::cli) fn run(common: &GlobalArgs, args: ExportArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    if args.one_file_per_paper {
        check_notes(&args)?;
        let papers = selected_papers(&mut engine, &args)?;
        notes::write(&engine, &args.out, &papers)?;
        return Ok(CommandOutcome::Complete);
    }
    if args.to_zotero {
        to_zotero::send(&args, selected_papers(&mut engine, &args)?)?;
        return Ok(CommandOutcome::Complete);
    }
    match &args.profile {
        Some(profile) if !args.feed && args.format == ExportChoice::Text(ExportFormat::Jsonl) => {
            let papers = history_papers(&engine, profile, &args)?;
            let text = import::write_history(&papers);
            output::write_to(&args.out, |out| out.write_all(text.as_bytes()).map_err(Error::io(&args.out, "write")))?;
        }
        Some(_) => {
            let papers = selected_papers(&mut engine, &args)?;
            write(&args, None, |sink| {
                papers.into_iter().try_for_each(|paper| {
                    let references = match engine.library().paper(&paper.id)? {
                        Some(stored) if has_all_fields(args.format) => engine.library().references(stored.key)?,
                        _ => Vec::new(),
                    };
                    sink(ExportedPaper { references, ..ExportedPaper::from(paper) })
                })
            })?;
        }
        None if args.embeddings && !has_all_fields(args.format) => {
            let reason = "only the formats jsonl and parquet support embeddings".to_owned();
            return Err(Error::BadRequest { field: "embeddings", reason });
        }
        None => write_library(&engine, &args)?,
    }
    Ok(CommandOutcome::Complete)
}

/// Refuses notes in another format than Markdown, or in one file.
fn check_notes(args: &ExportArgs) -> Result<()> {
    let refused = |field, reason: &str| Err(Error::BadRequest { field, reason: reason.to_owned() });
    if args.format != ExportChoice::Text(ExportFormat::Markdown) {
        return refused("one-file-per-paper", "notes are in Markdown: add `--format md`");
    }
    if args.out.as_os_str() == "-" || args.out.is_file() {
        return refused("out", "give a directory for the notes");
    }
    Ok(())
}

/// Returns the papers that were asked for, known ones of a history.
fn selected_papers(engine: &mut Engine, args: &ExportArgs) -> Result<Vec<Paper>> {
    match &args.profile {
        Some(profile) if args.feed => feed_papers(engine, profile, args.limit),
        Some(profile) => Ok(known_papers(history_papers(engine, profile, args)?)),
        None => all_papers(engine),
    }
}

fn all_papers(engine: &Engine) -> Result<Vec<Paper>> {
    let mut papers = Vec::new();
    engine.library().for_each_paper(|stored| {
        papers.push(stored.paper);
        Ok(())
    })?;
    Ok(papers)
}

/// Whether a format carries embeddings and references.
fn has_all_fields(format: ExportChoice) -> bool {
    matches!(format, ExportChoice::Parquet | ExportChoice::Text(ExportFormat::Jsonl))
}

/// Writes all papers of one generation.
fn write_library(engine: &Engine, args: &ExportArgs) -> Result<()> {
    engine.library().read_transaction(|| {
        let delta = args.embeddings.then(|| engine.library().embeddings_since(None)).transpose()?;
        let model = engine.library().model()?.filter(|_| args.embeddings);
        write(args, model.map(|model| model.fingerprint).as_deref(), |sink| {
            engine.library().for_each_paper(|StoredPaper { key, paper, .. }| {
                let row = delta.as_ref().and_then(|delta| Some((delta, delta.keys.binary_search(&key).ok()?)));
                let embedding = row.map(|(delta, row)| delta.vectors.row(row).to_vec());
                let has_references = has_all_fields(args.format);
                let references = has_references.then(|| engine.library().references(key)).transpose()?;
                sink(ExportedPaper { paper, references: references.unwrap_or_default(), embedding })
            })
        })
    })
}

/// Writes the papers that `produce` passes to the sink; the fingerprint is that of the model of their embeddings.
fn write(
    args: &ExportArgs,
    fingerprint: Option<&str>,
    produce: impl FnOnce(&mut ExportSink<'_>) -> Result<()>,
) -> Result<()> {
    let failed = || Error::io(&args.out, "write");
    output::write_to(&args.out, |out| match args.format {
        ExportChoice::Parquet => {
            let mut table = ParquetWriter::new(out, fingerprint).map_err(failed())?;
            produce(&mut |row| table.add(row).map_err(failed()))?;
            table.finish().map_err(failed())
        }
        // Streamed line by line: the library may be larger than memory.
        ExportChoice::Text(ExportFormat::Jsonl) => produce(&mut |row| {
            let line = serde_json::to_writer(&mut *out, &row);
            line.map_err(|error| failed()(error.into()))?;
            out.write_all(b"\n").map_err(failed())
        }),
        ExportChoice::Text(format) => {
            let mut papers = Vec::new();
            produce(&mut |row| {
                papers.push(row.paper);
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
    Ok(answer.into_all_results().into_iter().map(|result| Arc::unwrap_or_clone(result.paper)).collect())
}

/// Returns the papers of a history that are of the kinds asked for, oldest entries first.
fn history_papers(engine: &Engine, profile: &str, args: &ExportArgs) -> Result<Vec<ProfilePaper>> {
    let mut papers = engine.history_papers(profile)?;
    let is_history = !args.to_zotero && args.format == ExportChoice::Text(ExportFormat::Jsonl);
    papers.retain(|paper| match args.kind.as_slice() {
        [] => is_history || paper.is_kept(),
        kinds => kinds.contains(&paper.entry.kind),
    });
    Ok(papers)
}

/// Returns those of which more than the id is known, latest entries first.
fn known_papers(papers: Vec<ProfilePaper>) -> Vec<Paper> {
    let all = papers.len();
    let known: Vec<Paper> = papers.into_iter().rev().filter_map(|paper| paper.paper).collect();
    if let missing @ 1.. = all - known.len() {
        let message = format!("skipped {missing} papers of the history that are not in the library");
        output::diagnostic(Severity::Warning, &message);
    }
    known
}
