//! What some tests need that a fresh clone does not have, and the line that says which tests were skipped for it. The
//! tests inside the crate share this file.

// The crate and its tests from outside use a part each.
#![allow(dead_code)]

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Set where everything is installed, so that a missing prerequisite is a failure.
const REQUIRE_ALL: &str = "PAPERKIN_REQUIRE_ALL";

/// Reports on the terminal that the running test is skipped, or fails it where [`REQUIRE_ALL`] is set. The test returns
/// after it.
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(std::env::var_os(REQUIRE_ALL).is_none(), "{test} was skipped, but {REQUIRE_ALL} is set: {why}");
    // The test harness captures what the print macros write. A line written to standard error itself is seen.
    let _ = std::io::stderr().lock().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}

/// Returns the path of a file or folder in the data beside the checkout; `None`, after a report, if it is missing.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !found.exists() {
        skip(&format!("there is no ../shared/{path}"));
        return None;
    }
    Some(found)
}

/// Returns the value of an environment variable; `None`, after a report, if it is not set.
pub(crate) fn variable(name: &str, meaning: &str) -> Option<OsString> {
    let value = std::env::var_os(name);
    if value.is_none() {
        skip(&format!("{name} does not name {meaning}"));
    }
    value
}

/// Returns a Python interpreter with the packages of `tests/fixtures/clients.txt`: `PAPERKIN_PYTHON`.
pub(crate) fn python() -> Option<PathBuf> {
    variable("PAPERKIN_PYTHON", "an interpreter with the packages of tests/fixtures/clients.txt").map(PathBuf::from)
}

/// Returns the directory of a library of daily papers: `PAPERKIN_DAILY_PAPERS`.
pub(crate) fn daily_papers() -> Option<PathBuf> {
    variable("PAPERKIN_DAILY_PAPERS", "a library of ../shared/data/hf_daily_papers, as .ci/full builds it")
        .map(PathBuf::from)
}

/// Returns the script `axe.min.js` of axe-core: `PAPERKIN_AXE`.
pub(crate) fn axe() -> Option<PathBuf> {
    variable("PAPERKIN_AXE", "the script axe.min.js of axe-core").map(PathBuf::from)
}

/// Returns the folder of all-MiniLM-L6-v2 in f32: `PAPERKIN_F32_MODEL`.
pub(crate) fn f32_model() -> Option<PathBuf> {
    variable("PAPERKIN_F32_MODEL", "the folder of all-MiniLM-L6-v2 in f32").map(PathBuf::from)
}

/// Returns the program built without the weights of its model: `PAPERKIN_WITHOUT_WEIGHTS`.
pub(crate) fn program_without_weights() -> Option<PathBuf> {
    variable("PAPERKIN_WITHOUT_WEIGHTS", "the program that .ci/crate builds").map(PathBuf::from)
}

/// Returns the folder of the programs of PostgreSQL, with pgvector: `PAPERKIN_POSTGRES_PROGRAMS`.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    variable("PAPERKIN_POSTGRES_PROGRAMS", "the folder of PostgreSQL's programs, as .ci/postgres installs them")
        .map(PathBuf::from)
}
