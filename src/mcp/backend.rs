//! What answers the questions of assistants: the engine of a process of its own, or the workers of a service.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::engine::{Engine, PaperSelection};
use crate::error::{Error, Result};
use crate::recommend::{Answer, Request};
use crate::report::{Report, ReportOptions, ReportPart, StoredReport};

/// Papers that are grouped while an assistant waits; comparing more takes longer than clients wait for an answer.
const MAX_GROUPED_PAPERS: usize = 50_000;

/// Answers questions; what goes wrong is told in one line.
pub trait McpBackend: Clone + Send + Sync + 'static {
    /// Runs a job on an engine.
    fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = std::result::Result<T, String>> + Send;

    /// Papers for a request.
    fn recommend(&self, request: Request) -> impl Future<Output = std::result::Result<Answer, String>> + Send;

    /// A report of the whole library, with groups.
    fn report(&self) -> impl Future<Output = std::result::Result<Arc<StoredReport>, String>> + Send;
}

/// A report, and the generation of the library that it is of.
type LastReport = (u64, Arc<StoredReport>);

/// An engine of this process, which answers one question after the other.
#[derive(Clone)]
pub struct LocalBackend {
    engine: Arc<Mutex<Engine>>,
    report: Arc<Mutex<Option<LastReport>>>,
}

impl LocalBackend {
    /// A backend over an engine.
    pub fn new(engine: Engine) -> LocalBackend {
        LocalBackend { engine: Arc::new(Mutex::new(engine)), report: Arc::default() }
    }
}

/// Engines answer whole questions: what a panicking one leaves behind is valid.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what blocks on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| error.one_line()),
        Err(panic) => Err(panic.to_string()),
    }
}

impl McpBackend for LocalBackend {
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, String> {
        let engine = self.engine.clone();
        blocking(move || job(&mut locked(&engine))).await
    }

    async fn recommend(&self, request: Request) -> std::result::Result<Answer, String> {
        self.run(move |engine| engine.recommend(&request)).await
    }

    async fn report(&self) -> std::result::Result<Arc<StoredReport>, String> {
        let LocalBackend { engine, report } = self.clone();
        blocking(move || {
            // Other questions are answered while papers are compared.
            let engine = locked(&engine).try_clone()?;
            let generation = engine.generation_id()?.generation;
            let mut known = locked(&report);
            if let Some((of, report)) = known.as_ref()
                && *of == generation
            {
                return Ok(report.clone());
            }
            let made = Arc::new(group_library(&engine)?);
            *known = Some((generation, made.clone()));
            Ok(made)
        })
        .await
    }
}

/// Groups all papers of a library.
fn group_library(engine: &Engine) -> Result<StoredReport> {
    let papers = engine.collection(&PaperSelection::default(), &|_| {})?;
    if papers.len() > MAX_GROUPED_PAPERS {
        let reason = format!(
            "has {} papers, and comparing more than {MAX_GROUPED_PAPERS} takes too long for an answer: use the groups of \
             `paperkin report`, or ask a running `paperkin serve`",
            papers.len()
        );
        return Err(Error::BadRequest { field: "library", reason });
    }
    let options = ReportOptions { parts: vec![ReportPart::Groups], ..ReportOptions::default() };
    let report = Report::new(papers, &options, &|_| {});
    let directory = TempDir::new().map_err(Error::io("the temporary directory", "write"))?;
    let directory = directory.path().join("report");
    report.write(&directory, false, &|_| {})?;
    StoredReport::read(&directory)
}
