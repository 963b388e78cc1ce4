//! Makes similarity reports, one after the other, in a thread of its own, while others answer.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rayon::ThreadPool;
use serde::Serialize;

use crate::cancellation::Cancellation;
use crate::engine::{Engine, PaperSelection};
use crate::error::{Error, Result};
use crate::file;
use crate::report::{
    CollectionFilter, Report, ReportContext, ReportDirectory, ReportOptions, ReportProgress, StoredManifest,
    StoredReport,
};
use crate::server::problem::{Problem, ProblemCode};

/// Where reports are kept, in the directory of the library.
const REPORTS: &str = "reports";
/// Finished reports that are kept; of more, the oldest are deleted.
const KEPT: usize = 10;
/// Reports that may wait.
const MAX_WAITING: usize = 4;

/// Seconds after which an order may be repeated: a small report takes less, a large one more.
const RETRY_AFTER: u64 = 2;

/// Where a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportState {
    /// It waits for others.
    Waiting,
    /// It is being made.
    Running,
    /// Its files can be downloaded.
    Finished,
    /// It could not be made.
    Failed,
}

/// A report that was asked for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReportJob {
    /// Its ID.
    pub id: String,
    /// What it is called: which papers it is of.
    pub title: String,
    /// Whether it is of the whole library.
    #[serde(skip)]
    pub is_of_library: bool,
    /// Where it is.
    pub state: ReportState,
    /// What is being done, in words.
    #[schema(required)]
    pub phase: Option<&'static str>,
    /// How much of the phase is done: 0 to 1.
    pub progress: f32,
    /// Why it could not be made.
    #[schema(required)]
    pub problem: Option<String>,
    /// The names of its files.
    pub files: Vec<String>,
}

/// What a report is made of.
pub(crate) struct ReportOrder {
    pub selection: PaperSelection,
    pub options: ReportOptions,
    /// A history that the papers are compared with.
    pub against: Option<PaperSelection>,
}

/// A handle of the thread that makes reports.
pub(crate) struct ReportRunner {
    shared: Arc<SharedReports>,
    wake: SyncSender<()>,
}

struct SharedReports {
    /// `None` for a library in memory, which has no reports.
    directory: Option<PathBuf>,
    jobs: Mutex<Jobs>,
    /// The report that was read last.
    read: Mutex<Option<(String, Arc<StoredReport>)>>,
}

#[derive(Default)]
struct Jobs {
    /// The oldest first.
    all: Vec<(ReportJob, Cancellation)>,
    waiting: VecDeque<(String, ReportOrder)>,
}

impl ReportRunner {
    /// Starts the thread, which ends when the handle is dropped; a report that is being made is given up then. Finds the
    /// reports that are there, and removes what a killed server left.
    ///
    /// # Errors
    /// When the thread pool cannot be started.
    pub(crate) fn start(engine: Engine) -> Result<(ReportRunner, JoinHandle<()>)> {
        let directory = engine.library().index_directory().map(|library| library.join(REPORTS));
        let jobs = Jobs { all: directory.as_deref().map(found_reports).unwrap_or_default(), ..Jobs::default() };
        let shared = Arc::new(SharedReports { directory, jobs: Mutex::new(jobs), read: Mutex::new(None) });
        // One thread: the others answer.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|error| Error::io("threads", "start them")(std::io::Error::other(error)))?;
        let (wake, wakes) = sync_channel(1);
        let worker = shared.clone();
        let thread = thread::spawn(move || work(&engine, &worker, &pool, &wakes));
        Ok((ReportRunner { shared, wake }, thread))
    }

    /// Asks for a report.
    ///
    /// # Errors
    /// [`ProblemCode::RateLimited`] when too many wait.
    pub(crate) fn order(&self, order: ReportOrder) -> Result<ReportJob, Problem> {
        let mut jobs = self.shared.jobs();
        if jobs.waiting.len() >= MAX_WAITING {
            let detail = format!("{MAX_WAITING} reports wait: try again when one is finished");
            return Err(Problem::new(ProblemCode::RateLimited, detail).after(RETRY_AFTER));
        }
        let id = format!("{:016x}", getrandom::u64().map_err(|_| Problem::internal())?);
        let PaperSelection { filter, ids, title } = &order.selection;
        let job = ReportJob {
            id: id.clone(),
            title: title.clone(),
            is_of_library: *filter == Default::default() && ids.is_none(),
            state: ReportState::Waiting,
            phase: None,
            progress: 0.0,
            problem: None,
            files: Vec::new(),
        };
        jobs.all.push((job.clone(), Cancellation::default()));
        jobs.waiting.push_back((id, order));
        // A full channel means that the thread is going to look anyway.
        let _ = self.wake.try_send(());
        Ok(job)
    }

    /// All reports, the newest first.
    pub(crate) fn jobs(&self) -> Vec<ReportJob> {
        self.shared.jobs().all.iter().rev().map(|(job, _)| job.clone()).collect()
    }

    /// The report with an ID.
    ///
    /// # Errors
    /// [`ProblemCode::ReportNotFound`].
    pub(crate) fn job(&self, id: &str) -> Result<ReportJob, Problem> {
        let jobs = self.shared.jobs();
        let found = jobs.all.iter().find(|(job, _)| job.id == id);
        found.map(|(job, _)| job.clone()).ok_or_else(|| not_found(id))
    }

    /// Gives up a report that is not finished, or deletes one that is.
    ///
    /// # Errors
    /// [`ProblemCode::ReportNotFound`]; when its files cannot be deleted.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Problem> {
        let mut jobs = self.shared.jobs();
        let index = jobs.all.iter().position(|(job, _)| job.id == id).ok_or_else(|| not_found(id))?;
        let (job, cancellation) = jobs.all.remove(index);
        cancellation.cancel();
        jobs.waiting.retain(|(waiting, _)| waiting != id);
        match job.state {
            ReportState::Finished => Ok(self.shared.delete_files(id)?),
            _ => Ok(()),
        }
    }

    /// The path of a file of a finished report.
    ///
    /// # Errors
    /// [`ProblemCode::ReportNotFound`].
    pub(crate) fn file(&self, id: &str, name: &str) -> Result<PathBuf, Problem> {
        let job = self.job(id)?;
        match &self.shared.directory {
            Some(directory) if job.files.iter().any(|file| file == name) => Ok(directory.join(id).join(name)),
            _ => Err(Problem::new(ProblemCode::ReportNotFound, format!("the report `{id}` has no file `{name}`"))),
        }
    }

    /// The newest report of the whole library in this state.
    pub(crate) fn newest_of_library(&self, state: ReportState) -> Option<ReportJob> {
        self.jobs().into_iter().find(|job| job.is_of_library && job.state == state)
    }

    /// The groups of a finished report.
    ///
    /// # Errors
    /// [`ProblemCode::ReportNotFound`]; [`ProblemCode::Internal`] when its files are damaged.
    pub(crate) fn read(&self, id: &str) -> Result<Arc<StoredReport>, Problem> {
        let path = self.file(id, "manifest.json")?;
        let mut read = self.shared.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, report)) = read.as_ref()
            && known == id
        {
            return Ok(report.clone());
        }
        let stored = StoredReport::read(path.parent().unwrap_or(&path)).map_err(|error| {
            // Not the fault of who asks.
            tracing::error!("a report cannot be read: {}", error.one_line());
            Problem::internal()
        });
        let report = Arc::new(stored?);
        *read = Some((id.to_owned(), report.clone()));
        Ok(report)
    }
}

impl Drop for ReportRunner {
    fn drop(&mut self) {
        let jobs = self.shared.jobs();
        jobs.all.iter().for_each(|(_, cancellation)| cancellation.cancel());
    }
}

impl SharedReports {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut ReportJob)) {
        if let Some((job, _)) = self.jobs().all.iter_mut().find(|(job, _)| job.id == id) {
            change(job);
        }
    }

    fn delete_files(&self, id: &str) -> Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let directory = directory.join(id);
        std::fs::remove_dir_all(&directory).map_err(Error::io(&directory, "delete"))
    }

    /// Takes the next report that waits.
    fn next(&self) -> Option<(String, ReportOrder, Cancellation)> {
        let mut jobs = self.jobs();
        let (id, order) = jobs.waiting.pop_front()?;
        let (job, cancellation) = jobs.all.iter_mut().find(|(job, _)| job.id == id)?;
        job.state = ReportState::Running;
        Some((id, order, cancellation.clone()))
    }

    fn make(
        &self,
        engine: &Engine,
        pool: &ThreadPool,
        id: &str,
        order: &ReportOrder,
        cancellation: &Cancellation,
    ) -> Result<()> {
        let Some(directory) = &self.directory else {
            let reason = "is in memory: it has no reports".to_owned();
            return Err(Error::BadRequest { field: "library", reason });
        };
        let show = |ReportProgress { phase, done, total }: ReportProgress| {
            self.change(id, |job| {
                job.phase = Some(phase.name());
                job.progress = done as f32 / total.max(1) as f32;
            });
        };
        // Nobody waits for it any more: its papers need not be read.
        cancellation.check()?;
        // Reports say what is in the library.
        file::create_private_directory(directory)?;
        let files = ReportDirectory::create(&directory.join(id), false)?;
        let other = order.against.as_ref().map(|against| engine.collection(against, &show)).transpose()?;
        let collection = engine.collection(&order.selection, &show)?;
        if collection.is_empty() {
            let reason = "no papers match, so there is no report".to_owned();
            return Err(Error::BadRequest { field: "filters", reason });
        }
        let context = ReportContext {
            against: other.as_ref(),
            directory: Some(&files),
            cancellation: Some(cancellation),
            ..ReportContext::default()
        };
        let report = pool.install(|| Report::with(collection, context, &order.options, &show))?;
        report.write_into(files, &show)
    }

    /// What becomes of a report that was made, or not.
    fn settle(&self, id: &str, made: Result<()>) {
        let files = self.directory.as_deref().map(|directory| file_names(&directory.join(id))).unwrap_or_default();
        match made {
            Ok(()) => self.change(id, |job| {
                (job.state, job.phase, job.progress, job.files) = (ReportState::Finished, None, 1.0, files);
            }),
            Err(error) => {
                tracing::warn!("a report could not be made: {}", error.one_line());
                self.change(id, |job| {
                    (job.state, job.phase, job.problem) = (ReportState::Failed, None, Some(error.one_line()));
                });
            }
        }
        let is_gone = !self.jobs().all.iter().any(|(job, _)| job.id == id);
        if is_gone {
            // It was removed when it was nearly finished.
            let _ = self.delete_files(id);
        }
        self.delete_old();
    }

    /// Deletes the oldest of what is over, but not the newest report of the library: the page shows it.
    fn delete_old(&self) {
        let mut jobs = self.jobs();
        for state in [ReportState::Finished, ReportState::Failed] {
            let shown = jobs.all.iter().rposition(|(job, _)| job.is_of_library && job.state == ReportState::Finished);
            let over = jobs.all.iter().enumerate().filter(|(_, (job, _))| job.state == state);
            let mut over: Vec<usize> = over.map(|(index, _)| index).filter(|index| Some(*index) != shown).collect();
            over.truncate(over.len().saturating_sub(KEPT));
            for index in over.into_iter().rev() {
                let (job, _) = jobs.all.remove(index);
                if let (ReportState::Finished, Err(error)) = (state, self.delete_files(&job.id)) {
                    tracing::warn!("an old report could not be deleted: {}", error.one_line());
                }
            }
        }
    }
}

fn work(engine: &Engine, shared: &SharedReports, pool: &ThreadPool, wakes: &Receiver<()>) {
    while wakes.recv().is_ok() {
        while let Some((id, order, cancellation)) = shared.next() {
            let made = shared.make(engine, pool, &id, &order, &cancellation);
            shared.settle(&id, made);
        }
    }
}

fn not_found(id: &str) -> Problem {
    Problem::new(
        ProblemCode::ReportNotFound,
        format!("there is no report `{id}`: it was removed, or not finished when the server stopped"),
    )
}

/// The reports in a directory, the oldest first.
fn found_reports(directory: &Path) -> Vec<(ReportJob, Cancellation)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            // A report that was not finished when the server was killed: nobody asks for it any more.
            let _ = std::fs::remove_dir_all(&path);
            continue;
        }
        let Ok(manifest) = StoredManifest::read(&path) else { continue };
        let time = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let job = ReportJob {
            id: name,
            title: manifest.title,
            is_of_library: manifest.filter == CollectionFilter::default(),
            state: ReportState::Finished,
            phase: None,
            progress: 1.0,
            problem: None,
            files: file_names(&path),
        };
        found.push((time, job));
    }
    found.sort_by(|(one, job), (other, others)| one.cmp(other).then(job.id.cmp(&others.id)));
    found.into_iter().map(|(_, job)| (job, Cancellation::default())).collect()
}

fn file_names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
