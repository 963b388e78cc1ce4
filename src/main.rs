//! The `paperkin` program.

use std::process::ExitCode;

/// Large tensors come and go: with the system's allocator a third of the time goes into page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(paperkin::cli::run(std::env::args_os()))
}
