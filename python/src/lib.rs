//! What the Python package is made of: engines, encoders, and the program. What it gives are plain dictionaries, lists and
//! arrays; the modules in `paperkin` make objects of them.

mod encoder;
mod engine;
mod evaluate;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;

use paperkin::Cancellation;
use pyo3::prelude::*;

/// As in the program: with the system's allocator a third of the time of an encoder goes into page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The parts of the package that are compiled.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::encoder::NativeEncoder;
    #[pymodule_export]
    use super::engine::NativeEngine;
    #[pymodule_export]
    use super::read_judgments;
    #[pymodule_export]
    use super::run_command;
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// Reads a file of judgments (TREC's qrels, or columns of query, paper and gain): by query, the gains of papers.
#[pyfunction]
fn read_judgments(py: Python<'_>, path: PathBuf) -> PyResult<BTreeMap<String, BTreeMap<String, f64>>> {
    work::run(py, &Cancellation::default(), || evaluate::read_judgments(&path))
}

/// Runs the program `paperkin` with these arguments, of which the first is its name; gives its exit code.
#[pyfunction]
fn run_command(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| paperkin::cli::run(arguments))
}
