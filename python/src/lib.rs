//! What the Python package is made of: engines, encoders, and the program. What it gives are plain dictionaries, lists and
//! arrays; the modules in `paperkin` make objects of them.

mod encoder;
mod engine;
mod work;

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
    use super::run_command;
}

/// Runs the program `paperkin` with these arguments, of which the first is its name; gives its exit code.
#[pyfunction]
fn run_command(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| paperkin::cli::run(arguments))
}
