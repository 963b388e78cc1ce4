//! Work that leaves the interpreter to other threads, and stops when somebody presses Ctrl-C.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use paperkin::{Cancellation, Error, Fault, Result};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Where errors are defined.
const ERRORS: &str = "paperkin._errors";
const ERROR: &str = "error_of";
/// How often Python is asked whether it was interrupted.
const SIGNAL_PAUSE: Duration = Duration::from_millis(50);

/// An error as Python gets it.
pub(crate) fn python_error(error: &Error) -> PyErr {
    let code = match error.fault() {
        Fault::Input => "input",
        Fault::Missing => "missing",
        Fault::Environment => "environment",
        Fault::Bug => "bug",
    };
    error_of(&error.one_line(), code)
}

/// A `paperkin.PaperkinError`.
pub(crate) fn error_of(message: &str, code: &str) -> PyErr {
    let made = |py: Python<'_>| Ok(PyErr::from_value(py.import(ERRORS)?.getattr(ERROR)?.call1((message, code))?));
    Python::attach(made).unwrap_or_else(|failed: PyErr| failed)
}

/// The threads of this process. Those of a parent process are not there after a fork.
fn pool() -> Result<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((_, of_parent)) = pool.take_if(|(owner, _)| *owner != process) {
        // Dropping it would wait for its threads.
        std::mem::forget(of_parent);
    }
    if let Some((_, pool)) = &*pool {
        return Ok(Arc::clone(pool));
    }
    let built = ThreadPoolBuilder::new().build();
    let built = built.map_err(|error| Error::io("threads", "start them")(std::io::Error::other(error)))?;
    let built = Arc::new(built);
    *pool = Some((process, Arc::clone(&built)));
    Ok(built)
}

/// Does some work without the interpreter's lock. When Python is interrupted, the work is canceled, and the interruption is
/// what comes back.
///
/// # Errors
/// Those of the work, as Python gets them.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    cancellation: &Cancellation,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let pool = pool().map_err(|error| python_error(&error))?;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || {
            // Nobody waits any more if it fails.
            let _ = sender.send(pool.install(work));
        });
        let receiver = Mutex::new(receiver);
        let wait = |pause| receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(pause);
        loop {
            match py.detach(|| wait(SIGNAL_PAUSE)) {
                Ok(result) => return result.map_err(|error| python_error(&error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(error_of("the work ended unexpectedly: this is a bug of paperkin", "bug"));
                }
            }
            if let Err(interrupted) = py.check_signals() {
                cancellation.cancel();
                while let Err(RecvTimeoutError::Timeout) = py.detach(|| wait(SIGNAL_PAUSE)) {}
                return Err(interrupted);
            }
        }
    })
}
