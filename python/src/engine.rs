//! A library with everything that can be asked of it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use paperkin::engine::{AddProgress, FeedMode, FeedOptions, PaperSelection};
use paperkin::formats::{self, PaperRecord, ReadOptions};
use paperkin::library::HistoryEntry;
use paperkin::recommend::HistoryItem;
use paperkin::report::{Report, ReportContext, ReportDirectory, ReportOptions};
use paperkin::{Cancellation, Engine, EngineOptions, Error, LibraryLocation, PaperId, Request, Result};
use pyo3::prelude::*;
use pythonize::{Depythonizer, pythonize};

use crate::encoder::parsed;
use crate::evaluate::{self, EvaluationRequest};
use crate::work;

/// How often a question looks whether it is its turn.
const LOCK_PAUSE: Duration = Duration::from_millis(1);
/// Problems of records that are kept, at most.
const MAX_PROBLEMS: usize = 100;

/// An engine. Questions wait for each other: open another one for another thread. It belongs to the process that opened it.
#[pyclass(frozen, module = "paperkin._native")]
pub struct NativeEngine {
    /// `None` when it is closed.
    engine: Mutex<Option<Engine>>,
}

impl NativeEngine {
    fn run<T: Send>(&self, py: Python<'_>, ask: impl FnOnce(&mut Engine) -> Result<T> + Send) -> PyResult<T> {
        let cancellation = Cancellation::default();
        work::run(py, &cancellation, || {
            let mut open = self.lock(&cancellation)?;
            let engine = open.as_mut().ok_or_else(|| bad("engine", "it is closed: open another one"))?;
            engine.set_cancellation(cancellation.clone());
            ask(engine)
        })
    }

    /// Waits for the questions of other threads, until this one is canceled.
    fn lock(&self, cancellation: &Cancellation) -> Result<MutexGuard<'_, Option<Engine>>> {
        loop {
            match self.engine.try_lock() {
                Ok(open) => return Ok(open),
                Err(TryLockError::Poisoned(open)) => return Ok(open.into_inner()),
                Err(TryLockError::WouldBlock) => cancellation.check()?,
            }
            std::thread::sleep(LOCK_PAUSE);
        }
    }

    /// Runs a question, and gives its answer as dictionaries and lists.
    fn ask<'py, T: serde::Serialize + Send>(
        &self,
        py: Python<'py>,
        ask: impl FnOnce(&mut Engine) -> Result<T> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(py, &self.run(py, ask)?)?)
    }
}

#[pymethods]
impl NativeEngine {
    #[new]
    fn new(py: Python<'_>, path: Option<PathBuf>, create: bool, model: Option<String>) -> PyResult<NativeEngine> {
        let engine = work::run(py, &Cancellation::default(), || {
            let location = match (path, create) {
                (None, _) => LibraryLocation::Memory,
                (Some(path), true) => LibraryLocation::Create(path),
                (Some(path), false) => LibraryLocation::Existing(path),
            };
            let mut options = EngineOptions::new(location);
            options.model = model.map(|model| model.parse()).transpose()?;
            Engine::open(options)
        })?;
        Ok(NativeEngine { engine: Mutex::new(Some(engine)) })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let cancellation = Cancellation::default();
        work::run(py, &cancellation, || self.lock(&cancellation).map(|mut open| drop(open.take())))
    }

    fn recommend<'py>(&self, py: Python<'py>, request: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let request: Request = request_of(request)?;
        self.ask(py, |engine| engine.recommend(&request))
    }

    fn similar<'py>(&self, py: Python<'py>, paper: &str, request: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let mut request: Request = request_of(request)?;
        self.ask(py, |engine| {
            request.positive = vec![HistoryItem::id(engine.find(paper)?.paper.id)];
            engine.recommend(&request)
        })
    }

    #[pyo3(signature = (profile, request, mode, since, backfill))]
    fn feed<'py>(
        &self,
        py: Python<'py>,
        profile: &str,
        request: &Bound<'py, PyAny>,
        mode: &str,
        since: Option<&str>,
        backfill: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request: Request = request_of(request)?;
        self.ask(py, |engine| {
            let mode = match mode {
                "new" => FeedMode::New,
                "peek" => FeedMode::Peek,
                "last" => FeedMode::Last,
                _ => return Err(bad("mode", &format!("`{mode}` is none of new, peek, last"))),
            };
            let since = since.map(|day| parsed("since", day)).transpose()?;
            engine.feed(profile, &FeedOptions { mode, since, backfill, request, ..FeedOptions::default() })
        })
    }

    /// The paper of an id or a title; `None` if there is none.
    fn paper<'py>(&self, py: Python<'py>, paper: &str) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, |engine| match engine.find(paper) {
            Ok(stored) => Ok(Some(stored.paper)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Adds records, each a JSON object.
    fn add_records<'py>(&self, py: Python<'py>, records: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        let problems = Mutex::new(Vec::new());
        let summary = self.run(py, |engine| {
            let record = |(record, place): (&String, u64)| -> Result<PaperRecord> {
                formats::record(record.as_bytes()).map_err(|reason| Error::BadRecord {
                    file: "records".to_owned(),
                    place: paperkin::error::RecordPosition::Record(place),
                    reason,
                })
            };
            engine.add_with_progress(records.iter().zip(1..).map(record), &|progress| note(&problems, &progress))
        })?;
        summary_of(py, &summary, problems)
    }

    /// Adds a file, in an encoding that it does not say itself.
    #[pyo3(signature = (path, encoding))]
    fn add_file<'py>(&self, py: Python<'py>, path: PathBuf, encoding: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let problems = Mutex::new(Vec::new());
        let summary = self.run(py, |engine| {
            let encoding = encoding.map(|name| parsed("encoding", name)).transpose()?;
            let records = ReadOptions { encoding, ..ReadOptions::default() }.open(&path)?.checked().records();
            engine.add_with_progress(records, &|progress| note(&problems, &progress))
        })?;
        summary_of(py, &summary, problems)
    }

    fn remove<'py>(&self, py: Python<'py>, papers: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, |engine| {
            let id = |paper: &String| PaperId::parse(paper).map_err(|reason| bad("papers", &reason));
            engine.remove(&papers.iter().map(id).collect::<Result<Vec<PaperId>>>()?)
        })
    }

    fn profile<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, |engine| engine.profile(name))
    }

    fn profile_names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.run(py, |engine| engine.profile_names())
    }

    #[pyo3(signature = (profile, papers, kind, interest))]
    fn add_to_history(
        &self,
        py: Python<'_>,
        profile: &str,
        papers: Vec<String>,
        kind: &str,
        interest: Option<String>,
    ) -> PyResult<()> {
        self.run(py, |engine| {
            let kind = parsed("kind", kind)?;
            let entry = |paper: &String| -> Result<HistoryEntry> {
                let entry = HistoryEntry::new(engine.find(paper)?.paper.id, kind, engine.today());
                Ok(HistoryEntry { interest: interest.clone(), ..entry })
            };
            let entries = papers.iter().map(entry).collect::<Result<Vec<_>>>()?;
            engine.add_to_history(profile, &entries)
        })
    }

    fn remove_from_history(&self, py: Python<'_>, profile: &str, papers: Vec<String>) -> PyResult<usize> {
        self.run(py, |engine| {
            let ids = papers.iter().map(|paper| Ok(engine.find(paper)?.paper.id)).collect::<Result<Vec<PaperId>>>()?;
            Ok(engine.remove_from_history(profile, &ids)?.len())
        })
    }

    fn follow(&self, py: Python<'_>, profile: &str, authors: Vec<String>) -> PyResult<()> {
        self.run(py, |engine| engine.follow(profile, &authors))
    }

    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, |engine| engine.summary())
    }

    /// Measures the ranking on a profile, a history, or judged queries.
    fn evaluate<'py>(&self, py: Python<'py>, request: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let request: EvaluationRequest = request_of(request)?;
        self.ask(py, |engine| evaluate::evaluate(engine, request))
    }

    /// Writes a report of all papers into a directory; gives its findings.
    fn report(&self, py: Python<'_>, out: PathBuf, replace: bool) -> PyResult<Vec<String>> {
        self.run(py, |engine| {
            let directory = ReportDirectory::create(&out, replace)?;
            let collection = engine.collection(&PaperSelection::default(), &|_| ())?;
            if collection.is_empty() {
                return Err(bad("library", "it has no papers, so there is no report"));
            }
            let context = ReportContext { directory: Some(&directory), ..ReportContext::default() };
            let report = Report::with(collection, context, &ReportOptions::default(), &|_| ())?;
            report.write_into(directory, &|_| ())?;
            Ok(report.findings.clone())
        })
    }
}

pub(crate) fn bad(field: &'static str, reason: &str) -> Error {
    Error::BadRequest { field, reason: reason.to_owned() }
}

/// A request from a dictionary. What is wrong with it has the name of the field.
fn request_of<T: serde::de::DeserializeOwned>(request: &Bound<'_, PyAny>) -> PyResult<T> {
    let mut fields = Depythonizer::from_object(request);
    serde_path_to_error::deserialize(&mut fields).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "request" } else { &path };
        work::error_of(&format!("`{field}`: {}", error.inner()), "input")
    })
}

/// Keeps what is wrong with records.
fn note(problems: &Mutex<Vec<String>>, progress: &AddProgress<'_>) {
    if let AddProgress::Rejected(error) | AddProgress::Dropped(error) = progress {
        let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
        if problems.len() < MAX_PROBLEMS {
            problems.push(error.one_line());
        }
    }
}

fn summary_of<'py>(
    py: Python<'py>,
    summary: &paperkin::engine::AddSummary,
    problems: Mutex<Vec<String>>,
) -> PyResult<Bound<'py, PyAny>> {
    let dictionary = pythonize(py, summary)?;
    dictionary.set_item("problems", problems.into_inner().unwrap_or_else(PoisonError::into_inner))?;
    Ok(dictionary)
}
