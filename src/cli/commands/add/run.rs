//! Adding the papers of files to the library.

use super::by_id::IdsToFetch;
use super::input::{CategoryFilter, open, vector_model};
use super::{by_id, dry_run, explain, links};
use crate::cli::args::{AddArgs, GlobalArgs};
use crate::cli::commands::reindex;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, AddOutput, CommandProgress, Severity};
use crate::engine::{AddProgress, AddSummary, Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::formats::{PaperRecord, VectorModel};

pub(in crate::cli) fn run(common: &GlobalArgs, mut args: AddArgs) -> Result<CommandOutcome> {
    let ids = IdsToFetch::take(&mut args.files);
    if args.explain {
        if !ids.is_empty() {
            let reason = "shows how files are read: give a file, not the id of a paper".to_owned();
            return Err(Error::BadRequest { field: "explain", reason });
        }
        return explain::run(&args);
    }
    if args.dry_run {
        return dry_run::run(common, &args, ids);
    }
    let filter = CategoryFilter::new(&args);
    let vectors = vector_model(common, &args)?;
    let open = || Engine::open(common.options(LibraryLocation::Create(common.directory()?)));
    let (engine, added) = if args.strict {
        let (papers, links_are_valid) = (read_all(&args, vectors.as_ref(), &filter, ids)?, links::are_valid(&args)?);
        let Some(papers) = papers.filter(|_| links_are_valid) else {
            output::diagnostic(
                Severity::Error,
                "nothing was added, because --strict requires valid records and fields",
            );
            return Ok(CommandOutcome::Incomplete);
        };
        let mut engine = open()?;
        let bar = CommandProgress::of_count("adding", papers.len());
        let mut added = engine.add_with_progress(papers.into_iter().map(Ok), &|progress| {
            if let AddProgress::Committed(papers) = progress {
                bar.advance(papers);
            }
        })?;
        bar.finish();
        added += links::add(&mut engine, &args)?;
        (engine, added)
    } else {
        let mut engine = open()?;
        let mut added = add_each(&mut engine, &args, vectors.as_ref(), &filter)?;
        added += add_by_id(&mut engine, &args, &filter, ids)?;
        added += links::add(&mut engine, &args)?;
        (engine, added)
    };
    filter.warn_of_nothing();
    let summary = AddOutput { added, papers: engine.library().paper_count()? };
    summary.print(args.format)?;
    reindex::after_change(&engine);
    Ok(CommandOutcome::complete_if(added.rejected == 0))
}

/// Adds one file after the other. A file that cannot be read at all counts as one rejected record.
fn add_each(
    engine: &mut Engine,
    args: &AddArgs,
    vectors: Option<&VectorModel>,
    filter: &CategoryFilter<'_>,
) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        match open(path, args, vectors, &bar) {
            Ok(records) => {
                let records = filter.keep(records);
                added += engine.add_with_progress(records, &|progress| bar.show(progress))?;
            }
            Err(error) => {
                bar.aside(|| output::reject(&error));
                added.rejected += 1;
            }
        }
        bar.finish();
    }
    Ok(added)
}

/// Fetches and adds papers. One that no service knows counts as a rejected record.
fn add_by_id(engine: &mut Engine, args: &AddArgs, filter: &CategoryFilter<'_>, ids: IdsToFetch) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    let missing = by_id::fetch(ids, args, &mut |bar, _, papers| {
        let papers = filter.keep(papers.into_iter());
        added += engine.add_with_progress(papers, &|progress| bar.show(progress))?;
        Ok(())
    })?;
    missing.iter().for_each(output::reject);
    added.rejected += missing.len();
    Ok(added)
}

/// Reads all papers of all files, and those that are fetched. Returns `None`, with diagnostics, if any record or field is
/// invalid.
///
/// # Errors
/// Those of the services.
fn read_all(
    args: &AddArgs,
    vectors: Option<&VectorModel>,
    filter: &CategoryFilter<'_>,
    ids: IdsToFetch,
) -> Result<Option<Vec<PaperRecord>>> {
    let mut papers = Vec::new();
    let mut valid = true;
    let mut read = |record: Result<PaperRecord>, bar: &CommandProgress| match record {
        Ok(record) => {
            valid &= record.dropped.is_empty();
            record.dropped.iter().for_each(|error| bar.show(AddProgress::Dropped(error)));
            papers.push(PaperRecord { dropped: Vec::new(), ..record });
        }
        Err(error) => {
            valid = false;
            bar.reject(&error);
        }
    };
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        let records: Box<dyn Iterator<Item = Result<PaperRecord>>> = match open(path, args, vectors, &bar) {
            Ok(records) => Box::new(filter.keep(records)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        records.for_each(|record| read(record, &bar));
        bar.finish();
    }
    let missing = by_id::fetch(ids, args, &mut |bar, _, records| {
        filter.keep(records.into_iter()).for_each(|record| read(record, bar));
        Ok(())
    })?;
    missing.iter().for_each(output::reject);
    Ok((valid && missing.is_empty()).then_some(papers))
}
