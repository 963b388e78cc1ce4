//! `paperkin report`

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::cli::args::{
    GlobalArgs, PublishedFilters, ReportArgs, ReportFilters, TemporaryLibrary, location_with_environment,
};
use crate::cli::input;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, Severity};
use crate::engine::{Engine, LibraryLocation, PaperSelection};
use crate::error::{Error, Result};
use crate::library::{PaperFilter, is_server_address};
use crate::paper::PaperId;
use crate::report::{
    Collection, Report, ReportContext, ReportDirectory, ReportObserver, ReportOptions, ReportPhase, ReportProgress,
    StoredReport,
};

pub(in crate::cli) fn run(common: &GlobalArgs, args: ReportArgs) -> Result<CommandOutcome> {
    if !(-1.0..=1.0).contains(&args.threshold) {
        let reason = format!("{} is not between -1 and 1", args.threshold);
        return Err(Error::BadRequest { field: "threshold", reason });
    }
    let reads_twice = args.papers.papers.iter().chain(&args.filters.ids).filter(|path| path.as_os_str() == "-").count();
    if reads_twice > 1 {
        let reason = "standard input is either papers or ids".to_owned();
        return Err(Error::BadRequest { field: "ids", reason });
    }
    let base = args.base.as_deref().map(StoredReport::read).transpose()?;
    let directory = ReportDirectory::create(&args.out, args.force)?;
    let mut options = ReportOptions {
        neighbors: args.neighbors as usize,
        threshold: args.threshold,
        exact_limit: args.exact_limit,
        ..ReportOptions::default()
    };
    if !args.include.is_empty() {
        options.parts = args.include.clone();
    }
    let (engine, mut outcome) = input::open_engine(common, &args.papers)?;
    let selection = selection(&engine, &args.filters, &mut outcome)?;
    let bars = PhaseBars::default();
    let show = |progress: ReportProgress| bars.show(progress);
    let other = other_collection(common, &engine, &args, &mut outcome, &show)?;
    let collection = engine.collection(&selection, &show)?;
    if collection.is_empty() {
        return Err(Error::BadRequest {
            field: "filters",
            reason: "no papers match, so there is no report".to_owned(),
        });
    }
    // What it holds for questions, such as a copy of the vectors, makes room.
    drop(engine);
    let context = ReportContext {
        against: other.as_ref(),
        base: base.as_ref(),
        directory: Some(&directory),
        ..Default::default()
    };
    let report = Report::with(collection, context, &options, &show)?;
    report.write_into(directory, &show)?;
    bars.finish();
    output::print(|out| {
        report.findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
        writeln!(out, "The report is in {}: open report.html.", args.out.display())
    })?;
    Ok(outcome)
}

/// The papers that the filters select.
fn selection(engine: &Engine, filters: &ReportFilters, outcome: &mut CommandOutcome) -> Result<PaperSelection> {
    let ReportFilters { published: PublishedFilters { after, before, category, source }, profile, ids } = filters;
    let filter = PaperFilter {
        published_after: *after,
        published_before: *before,
        categories: category.clone(),
        sources: source.clone(),
        ..PaperFilter::default()
    };
    let mut selection = PaperSelection::new(filter);
    if let Some(name) = profile {
        let papers = engine.history_papers(name)?;
        let ids = papers.into_iter().map(|paper| paper.entry.id).collect();
        selection = selection.within(ids, &format!("in the history of `{name}`"));
    }
    if let Some(path) = ids {
        let listed = listed_ids(engine, path, outcome)?;
        selection = selection.within(listed, &format!("listed in {}", path.display()));
    }
    Ok(selection)
}

/// What `--against` names: a library, files of papers, or a history.
fn other_collection(
    common: &GlobalArgs,
    engine: &Engine,
    args: &ReportArgs,
    outcome: &mut CommandOutcome,
    show: ReportObserver<'_>,
) -> Result<Option<Collection>> {
    if let Some(name) = &args.against_profile {
        let ids = engine.history_papers(name)?.into_iter().map(|paper| paper.entry.id).collect();
        let title = format!("the history of `{name}`");
        return engine
            .collection(&PaperSelection { ids: Some(ids), title, ..PaperSelection::default() }, show)
            .map(Some);
    }
    let Some(path) = &args.against else { return Ok(None) };
    let location = location_with_environment(path);
    let is_on_server = path.to_str().is_some_and(is_server_address);
    if path.is_dir() || is_on_server {
        let other = Engine::open(common.options(LibraryLocation::Existing(location)))?;
        // The address of a server may have a password; the path of its library has not.
        let name = if is_on_server { other.library().path() } else { path };
        let name = name.display().to_string();
        if other.library().model()? != engine.library().model()? {
            let reason = format!("`{name}` has embeddings of another model");
            return Err(Error::BadRequest { field: "against", reason });
        }
        let selection = PaperSelection { title: name, ..PaperSelection::default() };
        return other.collection(&selection, show).map(Some);
    }
    let selection = PaperSelection { title: path.display().to_string(), ..PaperSelection::default() };
    let papers = TemporaryLibrary { papers: vec![path.clone()], encoding: args.papers.encoding };
    let (other, read) = input::open_engine(common, &papers)?;
    *outcome = outcome.and(read);
    other.collection(&selection, show).map(Some)
}

/// The ids in a file, one per line. Those that the library does not have are named.
fn listed_ids(engine: &Engine, path: &Path, outcome: &mut CommandOutcome) -> Result<Vec<PaperId>> {
    let text = match path.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => std::fs::read_to_string(path),
    };
    let text = text.map_err(Error::io(path, "read"))?;
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let known = PaperId::parse(line).ok().map(|id| engine.paper(&id)).transpose()?.flatten();
        match known {
            Some(stored) => ids.push(stored.paper.id),
            None => {
                *outcome = CommandOutcome::Incomplete;
                let message = format!("{}:{number}: `{}` is not among the papers", path.display(), line.trim());
                output::diagnostic(Severity::Warning, &message);
            }
        }
    }
    Ok(ids)
}

/// A bar for the phase that is being done.
#[derive(Default)]
struct PhaseBars(Mutex<Option<(ReportPhase, CommandProgress)>>);

impl PhaseBars {
    fn show(&self, progress: ReportProgress) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|(phase, _)| *phase != progress.phase) {
            if let Some((_, bar)) = current.take() {
                bar.finish();
            }
            *current = Some((progress.phase, CommandProgress::of_count(progress.phase.name(), progress.total)));
        }
        if let Some((_, bar)) = &*current {
            bar.set_done(progress.done);
        }
    }

    fn finish(&self) {
        if let Some((_, bar)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish();
        }
    }
}
